// Each rule of the mapping becomes one operation of the plan.
#include <algorithm>
#include <set>

#include "adapters/mapping/compiler.h"

namespace chuanyu::adapters {

std::optional<Rule> Compiler::compile_rule(const RuleSpec& spec, const Context& context) {
  Rule rule;
  rule.id = spec.id;
  rule.at = spec.at;
  rule.why = spec.why;
  rule.required = spec.required;
  rule.has_default = spec.fallback.has_value();
  rule.fallback = spec.fallback.value_or("");
  const bool iso = spec.kind == "iso";
  if (spec.kind == "iso" || spec.kind == "lens") {
    if (!spec.as) return std::nullopt;
    rule.op = Op::value;
    rule.native = native_value(spec, context, true);
    if (rule.native < 0 || !target(context, spec.c, rule.target, spec.at + "/c", true)) return std::nullopt;
    if (!convert(*spec.as, context, rule.target, rule.convert, iso, true)) return std::nullopt;
    bare(rule, *spec.as);
  } else if (spec.kind == "prism") {
    if (!prism(spec, context, rule)) return std::nullopt;
  } else if (spec.kind == "each") {
    if (!each(spec, context, rule)) return std::nullopt;
  } else if (spec.kind == "const") {
    rule.op = Op::constant;
    rule.native = native_value(spec, context, true);
    if (rule.native < 0) return std::nullopt;
    rule.constant = spec.v.value_or("");
    at(plan_->native, rule.native).constant = true;
  } else if (spec.kind == "derived") {
    if (!derived(spec, context, rule)) return std::nullopt;
  } else if (spec.kind == "drop") {
    const int node = resolve(context.n_scope, spec.n.value_or(""), spec.at + "/n");
    if (node < 0) return std::nullopt;
    at(plan_->native, node).dropped = true;
    at(plan_->native, node).absent = Absent::omit;
    at(plan_->native, node).drop_rule = static_cast<int>(plan_->drops.size());
    plan_->drops.emplace_back(spec.id, spec.why);
    if (!at(plan_->native, node).children.empty() || at(plan_->native, node).value) {
      wrong(spec.at + "/n", "弃置的字段另有规则：" + *spec.n);
    }
    return std::nullopt;
  } else if (spec.kind == "lost") {
    rule.op = Op::lost;
    rule.refuse = spec.refuse;
    const int node = canonical_node(context.c_scope, spec.c, spec.at + "/c");
    if (node < 0) return std::nullopt;
    if (at(plan_->canonical, node).covered)
      wrong(spec.at + "/c", "S1 此字段另有规则，不能再作 lost：" + spec.c + "；请删去这条 lost");
    cover(node);
    rule.c_node = node;
  } else {
    return std::nullopt;
  }
  if (rule.native >= 0) rule.n_slot = at(plan_->native, rule.native).slot;
  return rule;
}

void Compiler::cover(int node) {
  at(plan_->canonical, node).covered = true;
  if (at(plan_->canonical, node).repeated) return;
  for (const int id : at(plan_->canonical, node).children) cover(id);
}

void Compiler::bare(const Rule& rule, const AsSpec& as) {
  if (plan_->profile.syntax != Syntax::json) return;
  if (as.kind == "bool" || as.kind == "int" || (as.kind == "dec" && as.json_number)) {
    at(plan_->native, rule.native).number = true;
  }
}

bool Compiler::prism(const RuleSpec& spec, const Context& context, Rule& rule) {
  rule.op = Op::prism;
  rule.native = native_value(spec, context, true);
  if (rule.native < 0) return false;
  std::set<std::string> guards;
  bool otherwise = false;
  for (const auto& in : spec.cases) {
    PrismCase out;
    if (otherwise) wrong(in.at, "S8 else 之后的情形永不成立；请把 else 写在最后");
    out.when = in.when;
    out.alias = in.alias;
    otherwise = in.when.empty();
    for (const auto& guard : in.when) {
      if (!guards.insert(guard).second) wrong(in.at, "S8 条件重复：" + guard + "；请只留一处");
    }
    const bool cover = !in.alias;
    if (!target(context, in.c, out.target, in.at + "/c", cover)) return false;
    if (in.constant) {
      out.constant = true;
      out.constant_text = *in.constant;
      if (out.target.shape == Target::Shape::boolean) {
        if (*in.constant != "true") wrong(in.at, "布尔字段的 const 须为 true");
      } else if (out.target.shape != Target::Shape::text) {
        wrong(in.at, "const 需要布尔或文本类型的标准字段");
      }
    } else if (!in.as || !convert(*in.as, context, out.target, out.convert, false, true)) {
      return false;
    }
    rule.cases.push_back(std::move(out));
  }
  return true;
}

bool Compiler::each(const RuleSpec& spec, const Context& context, Rule& rule) {
  const int list = canonical_node(context.c_scope, spec.c, spec.at + "/c");
  if (list < 0) return false;
  if (!at(plan_->canonical, list).repeated || list == at(plan_->canon_scopes, context.c_scope).root) {
    wrong(spec.at + "/c", "此字段不是列表：" + spec.c);
    return false;
  }
  if (at(plan_->canonical, list).covered)
    wrong(spec.at + "/c", "S1 两条规则写同一标准字段：" + spec.c + "；请只留一条");
  at(plan_->canonical, list).covered = true;
  rule.c_node = list;
  rule.c_slot = at(plan_->canonical, list).slot;
  rule.c_scope = at(plan_->canonical, list).item;
  align(spec, rule);
  Context inner{0, rule.c_scope};
  if (!spec.zip.empty()) return zip(spec, context, rule, inner);
  if (!spec.split.empty()) {
    rule.op = Op::split;
    rule.separator = spec.split;
    rule.native = native_value(spec, context, true);
    if (rule.native < 0) return false;
    if (!spec.item) {
      wrong(spec.at, "split 需要 item");
      return false;
    }
    inner.n_scope = add_native_scope("", at(plan_->native, rule.native).path + "/" + kIndex);
    rule.n_scope = inner.n_scope;
    return item(spec, inner, rule);
  }
  rule.op = Op::each;
  if (plan_->profile.syntax == Syntax::csv) {
    wrong(spec.at, "CSV 的列表需要 split 或 zip");
    return false;
  }
  rule.native = resolve(context.n_scope, spec.n.value_or(""), spec.at + "/n");
  if (rule.native < 0) return false;
  auto& node = at(plan_->native, rule.native);
  if (node.value || node.list || !node.children.empty() || node.dropped) {
    wrong(spec.at + "/n", "此路径另有规则：" + *spec.n);
    return false;
  }
  node.list = true;
  node.absent = spec.absent.empty() ? Absent::keep : absent_of(spec.absent);
  const std::string name = plan_->profile.syntax == Syntax::xml ? node.name : "";
  const int scope = add_native_scope(name, node.path + "/" + kIndex);
  at(plan_->native, rule.native).item = scope;
  rule.n_scope = scope;
  inner.n_scope = scope;
  if (spec.item) return item(spec, inner, rule);
  for (const auto& sub : spec.rules) {
    if (auto compiled = compile_rule(sub, inner)) rule.inner.push_back(std::move(*compiled));
  }
  return true;
}

bool Compiler::item(const RuleSpec& spec, const Context& inner, Rule& rule) {
  Rule value;
  value.op = Op::value;
  value.id = spec.id;
  value.at = spec.at;
  value.native = at(plan_->native_scopes, inner.n_scope).root;
  value.n_slot = 0;
  value.required = true;
  at(plan_->native, value.native).value = true;
  at(plan_->native, value.native).printed = true;
  at(plan_->native, value.native).absent = Absent::empty;
  const int root = at(plan_->canon_scopes, inner.c_scope).root;
  if (!target_of(root, value.target, spec.at + "/c", true)) return false;
  if (!convert(*spec.item, inner, value.target, value.convert, false, true)) return false;
  bare(value, *spec.item);
  rule.inner.push_back(std::move(value));
  return true;
}

bool Compiler::zip(const RuleSpec& spec, const Context& context, Rule& rule, Context inner) {
  rule.op = Op::zip;
  rule.separator = spec.zip;
  if (spec.item || !spec.split.empty() || spec.n) {
    wrong(spec.at, "zip 只用 rules，不用 n、split、item");
    return false;
  }
  inner.n_scope = add_native_scope("", "");
  rule.n_scope = inner.n_scope;
  for (const auto& sub : spec.rules) {
    if (auto compiled = compile_rule(sub, inner)) rule.inner.push_back(std::move(*compiled));
  }
  // Each inner node is one column: the text of the same path in the scope around.
  const auto columns = at(plan_->native, at(plan_->native_scopes, inner.n_scope).root).children;
  for (const int column : columns) {
    const auto path = at(plan_->native, column).path;  // begins with '/'
    if (!at(plan_->native, column).children.empty()) {
      wrong(spec.at, "zip 的列须在同一层：" + path);
      continue;
    }
    const std::string outer_path = plan_->profile.syntax == Syntax::csv ? at(plan_->native, column).name : path;
    const int outer = resolve(context.n_scope, outer_path, spec.at);
    if (outer < 0) return false;
    const bool prints = printed_.contains(column);
    holds_value(outer, spec.at);
    if (prints) {
      if (!printed_.insert(outer).second) wrong(spec.at, "S1 两条规则写同一字段：" + path + "；请只留一条");
      at(plan_->native, outer).printed = true;
      at(plan_->native, outer).absent = absent_of(!spec.absent.empty() ? spec.absent : spec_.absent);
      if (plan_->profile.syntax == Syntax::csv) at(plan_->native, outer).absent = Absent::empty;
    }
    Rule::Column out;
    out.outer = at(plan_->native, outer).slot;
    out.inner = at(plan_->native, column).slot;
    out.native = outer;
    out.read = false;
    for (const auto& sub : rule.inner) {
      if (sub.native != column) continue;
      if (sub.op != Op::derived_create) out.read = true;
      if (sub.required) out.required = true;
    }
    rule.columns.push_back(out);
    at(plan_->native, column).path = at(plan_->native, outer).path + "/" + kIndex;
  }
  return true;
}

void Compiler::align(const RuleSpec& spec, Rule& rule) {
  for (std::size_t i = 0; i < spec.align.size(); ++i) {
    const auto where = spec.at + "/align/" + std::to_string(i);
    const int node = canonical_node(rule.c_scope, spec.align[i], where);
    if (node < 0) continue;
    if (at(plan_->canonical, node).wire == Wire::message || at(plan_->canonical, node).wire == Wire::map) {
      wrong(where, "align 需要有值的字段，请写到它的成员：" + spec.align[i]);
    } else {
      rule.align.push_back(at(plan_->canonical, node).slot);
    }
  }
}

bool Compiler::derived(const RuleSpec& spec, const Context& context, Rule& rule) {
  if (!spec.as) return false;
  const bool create = spec.dir == "create";
  rule.op = create ? Op::derived_create : Op::derived_get;
  rule.native = native_value(spec, context, create);
  if (rule.native < 0 || !target(context, spec.c, rule.target, spec.at + "/c", !create)) return false;
  if (!convert(*spec.as, context, rule.target, rule.convert, false, false)) return false;
  if (spec.when) {
    const int node = resolve(context.n_scope, spec.when->n, spec.at + "/when/n");
    if (node < 0) return false;
    holds_value(node, spec.at + "/when/n");
    rule.has_when = true;
    rule.when_slot = at(plan_->native, node).slot;
    rule.when_native = spec.when->in;
    rule.when_canonical = spec.when->is;
    if (!target(context, spec.when->c, rule.when_target, spec.at + "/when/c", false)) return false;
    if (rule.when_target.shape != Target::Shape::text && rule.when_target.shape != Target::Shape::coded) {
      wrong(spec.at + "/when/c", "条件需要文本或代码值类型的标准字段");
    }
  }
  if (!spec.same_as.empty()) {
    Target same;
    if (!target(context, spec.same_as, same, spec.at + "/same_as", false)) return false;
    if (same.shape != Target::Shape::text) wrong(spec.at + "/same_as", "需要文本类型的标准字段");
    rule.same_as = same.node;
    rule.same_as_slot = same.slot;
  }
  return true;
}

}  // namespace chuanyu::adapters
