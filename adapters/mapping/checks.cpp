// S1 coverage, S2 modifiers that are lost, S5 required fields, S9 lists; and the waivers.
#include "adapters/mapping/checks.h"

#include <algorithm>
#include <set>

#include "adapters/mapping/checker.h"

namespace chuanyu::adapters {

std::vector<Error> without_waived(const std::vector<Finding>& findings, const std::vector<Waiver>& waivers,
                                  std::vector<bool>& used) {
  std::vector<Error> out;
  for (const auto& finding : findings) {
    bool waived = false;
    for (std::size_t i = 0; i < waivers.size(); ++i) {
      const auto& names = finding.names;
      if (waivers[i].check != finding.check) continue;
      if (std::find(names.begin(), names.end(), waivers[i].place) == names.end()) continue;
      waived = used[i] = true;
    }
    if (!waived) out.push_back(error(Code::MAPPING_INVALID, finding.check + " " + finding.detail, finding.where));
  }
  return out;
}

namespace {

// `path` is the field `outer` or in it.
bool within(const std::string& path, const std::string& outer) {
  return path == outer || path.starts_with(outer + ".");
}

// The canonical fields that get sets by this rule; of `lost`, those that it never sets.
std::vector<std::string> fields_of(const RuleSpec& rule) {
  std::vector<std::string> fields;
  if (rule.kind == "derived" && rule.dir == "create") return fields;
  if (!rule.c.empty()) fields.push_back(rule.c);
  for (const auto& option : rule.cases) fields.push_back(option.c);
  return fields;
}

}  // namespace

void check_mapping(const Spec& spec, const Plan& plan, std::vector<Error>& errors) {
  std::vector<bool> used(plan.waivers.size());
  for (auto& e : without_waived(Checker(spec, plan).run(), plan.waivers, used)) errors.push_back(std::move(e));
  for (std::size_t i = 0; i < used.size(); ++i) {
    const auto& waiver = plan.waivers[i];
    if (used[i] || waiver.check == "S10") continue;  // S10 depends on the version before
    errors.push_back(error(Code::MAPPING_INVALID,
                           waiver.check + " 此豁免没有豁免任何问题：" + waiver.place + "；请删去它",
                           spec.waivers[i].at));
  }
}

void Checker::found(std::string_view check, std::string where, std::string detail, std::vector<std::string> names) {
  const auto same = [&](const Finding& f) { return f.check == check && f.where == where && f.detail == detail; };
  if (std::none_of(findings_.begin(), findings_.end(), same)) {
    findings_.push_back({std::string(check), std::move(where), std::move(detail), std::move(names)});
  }
}

std::vector<Finding> Checker::run() {
  scope(spec_.rules, 0, spec_.file + "#/rules");
  conditions();
  back_texts();
  printed(plan_.rules);
  return std::move(findings_);
}

int Checker::find(int scope, const std::string& path) const {
  int at = plan_.canon_scopes[static_cast<std::size_t>(scope)].root;
  for (std::size_t i = 0; i < path.size();) {
    const auto end = std::min(path.find('.', i), path.size());
    const auto name = path.substr(i, end - i);
    for (const int id : node(at).children) {
      if (node(id).name == name) {
        at = id;
        break;
      }
    }
    i = end + 1;
  }
  return at;
}

const CanonNode& Checker::coded(int id) const {
  for (const int child : node(id).children) {
    if (node(child).name == "canonical") return node(child);
  }
  return node(id);
}

bool Checker::mandatory(int scope, const std::string& path) const {
  for (std::size_t i = 0; i < path.size();) {
    const auto end = std::min(path.find('.', i), path.size());
    if (!node(find(scope, path.substr(0, end))).mandatory) return false;
    i = end + 1;
  }
  return true;
}

bool Checker::has_modifier(const CanonNode& field) const {
  return field.modifier || std::any_of(field.children.begin(), field.children.end(),
                                       [&](int child) { return has_modifier(node(child)); });
}

void Checker::scope(const std::vector<RuleSpec>& rules, int canon_scope, const std::string& where) {
  uncovered(canon_scope, where);
  always_read(rules, node(plan_.canon_scopes[static_cast<std::size_t>(canon_scope)].root), "");
  for (const auto& one : rules) rule(one, canon_scope);
}

void Checker::rule(const RuleSpec& rule, int canon_scope) {
  if (rule.required) required(rule, canon_scope);
  if (rule.kind == "lost") lost(rule, node(find(canon_scope, rule.c)));
  if (rule.kind == "prism") prism(rule, canon_scope);
  if (rule.kind == "each") each(rule, canon_scope);
  if (rule.kind == "iso" || rule.kind == "lens" || rule.kind == "derived") {
    value({rule, *rule.as, coded(find(canon_scope, rule.c)), rule.c});
  }
}

void Checker::uncovered(int canon_scope, const std::string& where) {
  const auto& scope = plan_.canon_scopes[static_cast<std::size_t>(canon_scope)];
  const auto root = node(scope.root).path;
  for (const int id : scope.uncovered) {
    const auto path = node(id).path;
    const auto c = root.empty() ? path : path.substr(std::min(path.size(), root.size() + 1));
    found("S1", where,
          "标准字段 " + place(path, {}) + " 没有规则，它的值会丢失；请写它的规则，或 {\"kind\": \"lost\", \"c\": \"" +
              c + (node(id).modifier ? "\", \"severity\": \"refuse" : "") + "\", \"why\": \"…\"}",
          {place(path, {}), c});
  }
}

void Checker::lost(const RuleSpec& rule, const CanonNode& field) {
  if (rule.refuse || !has_modifier(field)) return;
  found("S2", rule.at, rule.c + " 改变整条记录的含义，不能丢失；请写 \"severity\": \"refuse\"", {rule.id, rule.c});
}

// What get demands, create must always be able to write.
void Checker::required(const RuleSpec& rule, int canon_scope) {
  const bool always = rule.kind != "prism" && !rule.c.empty() && mandatory(canon_scope, rule.c);
  if (rule.kind == "derived" && rule.dir == "get") {
    const auto writes = [&](const NativeNode& n) { return n.printed && n.path == "/" + rule.n.value_or(""); };
    if (std::any_of(plan_.native.begin(), plan_.native.end(), writes)) return;
  } else if (always || rule.fallback || rule.kind == "const") {
    return;
  }
  found("S5", rule.at,
        "必填的 " + rule.n.value_or(rule.id) + " 在 create 时可能无值可写；请写 \"default\"，或去掉 \"required\"",
        {rule.id, rule.c});
}

// A mandatory field that get may leave unset: nobody else could write the record, and here nobody would know why.
void Checker::always_read(const std::vector<RuleSpec>& rules, const CanonNode& message, const std::string& prefix) {
  for (const int id : message.children) {
    const auto& field = node(id);
    if (!field.mandatory || field.modifier) continue;  // of modifiers S2 speaks
    const auto path = prefix + field.name;
    const bool has_mandatory = !field.repeated && std::any_of(field.children.begin(), field.children.end(),
                                                              [&](int child) { return node(child).mandatory; });
    if (has_mandatory) {
      always_read(rules, field, path + ".");
      continue;
    }
    const RuleSpec* first = nullptr;
    bool always = false;
    for (const auto& rule : rules) {
      const auto fields = fields_of(rule);
      const auto touches = [&](const std::string& c) { return within(c, path) || within(path, c); };
      if (std::none_of(fields.begin(), fields.end(), touches)) continue;
      if (first == nullptr) first = &rule;
      always = always || reads_always(rule, path);
    }
    if (first == nullptr || always) continue;
    found("S5", first->at, "标准字段 " + path + " 必有值，get 却可能不设它；请写 \"required\": true，或写明豁免的理由",
          {first->id, path});
  }
}

bool Checker::reads_always(const RuleSpec& rule, const std::string& path) const {
  const auto fields = fields_of(rule);
  const bool whole = std::all_of(fields.begin(), fields.end(), [&](const std::string& c) { return within(c, path); });
  if (rule.kind == "lost" || rule.when || !whole) return false;
  if (rule.required) return true;
  const auto set = rule.as ? spec_.codesets.find(rule.as->codeset) : spec_.codesets.end();
  return set != spec_.codesets.end() && std::any_of(set->second.pairs.begin(), set->second.pairs.end(),
                                                    [](const auto& pair) { return pair.first.empty(); });
}

// Native fields that only decide how others are read would be lost themselves.
void Checker::conditions() {
  std::set<int> named;
  const auto collect = [&](const auto& self, const std::vector<Rule>& rules) -> void {
    for (const auto& rule : rules) {
      named.insert(rule.native);
      self(self, rule.inner);
    }
  };
  collect(collect, plan_.rules);
  std::set<std::string> columns;  // of zip: the text around the list is the column within
  for (const int id : named) {
    if (id >= 0) columns.insert(plan_.native[static_cast<std::size_t>(id)].path);
  }
  for (std::size_t i = 0; i < plan_.native.size(); ++i) {
    const auto& field = plan_.native[i];
    if (!field.value || field.dropped || named.contains(static_cast<int>(i))) continue;
    if (columns.contains(field.path + "/" + kIndex)) continue;
    const auto path = place(field.path, {});
    found("S1", spec_.file + "#/rules",
          "本地字段 " + path + " 只用作条件，它的值会丢失；请写它的规则，如 iso 或 derived", {path, field.name});
  }
}

void Checker::each(const RuleSpec& rule, int canon_scope) {
  const auto& list = node(find(canon_scope, rule.c));
  const bool own = rule.zip.empty() && rule.split.empty() && rule.has_rules;
  const bool drops =
      std::any_of(rule.rules.begin(), rule.rules.end(), [](const RuleSpec& r) { return r.kind == "drop"; });
  if (own && rule.align.empty() && (drops || plan_.unknown != Unknown::reject)) {
    found("S9", rule.at,
          "各项可以有映射不认识的内容，写回时须知道哪一项是哪一项；请写 \"align\": [\"…\"]，列出辨认一项的标准字段",
          {rule.id, rule.c});
  }
  separator(rule);
  if (rule.item) {
    const int root = plan_.canon_scopes[static_cast<std::size_t>(list.item)].root;
    value({rule, *rule.item, coded(root), rule.c});
  } else {
    scope(rule.rules, list.item, rule.at + "/rules");
  }
}

void Checker::separator(const RuleSpec& rule) {
  const auto& sep = rule.split.empty() ? rule.zip : rule.split;
  if (sep.empty()) return;
  const auto one = [&](const AsSpec& as) {
    const auto text = may_hold(as, spec_, sep);
    if (text.empty()) return;
    found("S9", as.at, "分隔符 " + sep + " 会出现在值中（" + text + "）；请换一个分隔符",
          {rule.id, rule.c, as.codeset});
  };
  if (rule.item) one(*rule.item);
  for (const auto& column : rule.rules) {
    if (column.as) one(*column.as);
  }
}

}  // namespace chuanyu::adapters
