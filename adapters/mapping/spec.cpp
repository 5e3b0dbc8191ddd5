#include "adapters/mapping/spec.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "adapters/mapping/spec_object.h"
#include "gateway/base/json_mistakes.h"

namespace chuanyu::adapters {
namespace {

using nlohmann::json;

std::optional<std::string> read_file(const std::string& file, const std::string& at, std::vector<Error>& errors) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    errors.push_back(error(Code::CONFIG_UNREADABLE, "不能读取 " + file, at));
    return std::nullopt;
  }
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

CheckAction check_action(Object& from) {
  const auto word = from.one_of("check", "reject", {"reject", "quarantine", "warn"});
  return word == "warn" ? CheckAction::warn : word == "quarantine" ? CheckAction::quarantine : CheckAction::reject;
}

AsSpec parse_as(const json& value, const std::string& at, std::vector<Error>& errors) {
  static const std::set<std::string> kKinds = {"text", "bool",     "int",       "dec",        "date", "code",
                                               "uscc", "org_code", "id_number", "licence_id", "id",   "region"};
  AsSpec as;
  as.at = at;
  if (value.is_string()) {
    as.kind = value.get<std::string>();
    if (as.kind == "dec" || as.kind == "date" || as.kind == "code" || as.kind == "id" || as.kind == "region") {
      errors.push_back(error(Code::CONFIG_VALUE, as.kind + " 需要参数：{\"" + as.kind + "\": …}", at));
    }
  } else if (value.is_object() && value.size() == 1) {
    as.kind = value.begin().key();
    const json& inner = value.begin().value();
    if (as.kind == "code" && inner.is_string()) {
      as.codeset = inner.get<std::string>();
    } else {
      Object o(inner, at + "/" + as.kind, errors);
      if (as.kind == "text") {
        as.max = o.number("max", 0, 1, 1'000'000);
      } else if (as.kind == "dec") {
        if (!o.has("unit")) o.missing("unit");  // ten thousand times too much is nobody's default
        as.unit = o.one_of("unit", "yuan", {"fen", "yuan", "wan"});
        as.frac = o.number("frac", as.unit == "wan" ? 6 : as.unit == "yuan" ? 2 : 0, 0, 6);
        as.max = o.number("max", 1'000'000'000'000'000, 1, 1'000'000'000'000'000'000);
        as.json_number = o.one_of("json", "string", {"string", "number"}) == "number";
        if (const auto to = o.text("to"); to && *to != "fen") o.wrong("to", "应为 fen");
      } else if (as.kind == "date") {
        as.in = o.texts("in");
        as.out = o.need("out");
      } else if (as.kind == "id") {
        as.by = o.need("by");
        as.uscc = o.texts("uscc");
        as.org_code = o.texts("org_code");
        as.id_number = o.texts("id_number");
        as.check = check_action(o);
      } else if (as.kind == "region") {
        as.digits = o.number("digits", 6, 6, 12);
        if (as.digits != 6 && as.digits != 12) o.wrong("digits", "应为 6 或 12");
        as.check = check_action(o);
      } else if (as.kind == "uscc" || as.kind == "org_code" || as.kind == "id_number" || as.kind == "licence_id") {
        as.check = check_action(o);
      }
      if (as.kind == "licence_id") {
        as.part_type = o.text("type").value_or("");
        as.part_version = o.text("version").value_or("");
      }
      if (kKinds.contains(as.kind) && as.kind != "code") o.finish();
      if (as.kind == "code") errors.push_back(error(Code::CONFIG_VALUE, "应为代码集名称", at + "/code"));
    }
  } else if (value.is_object() && value.contains("code")) {  // {"code": NAME, "text": FIELD}
    Object o(value, at, errors);
    as.kind = "code";
    as.codeset = o.need("code");
    as.words = o.need("text");
    o.finish();
  } else {
    errors.push_back(error(Code::CONFIG_VALUE, "应为类型名，或只有一个类型的对象", at));
    return as;
  }
  if (!kKinds.contains(as.kind)) errors.push_back(error(Code::CONFIG_VALUE, "没有这种类型：" + as.kind, at));
  return as;
}

std::vector<std::string> parse_condition(Object& o) {
  auto list = o.texts("in");
  if (const auto eq = o.text("eq")) list.push_back(*eq);
  if (list.empty()) o.missing("eq");
  return list;
}

CaseSpec parse_case(const json& value, const std::string& at, std::vector<Error>& errors) {
  CaseSpec out;
  out.at = at;
  Object outer(value, at, errors);
  if (const json* otherwise = outer.find("else")) {
    Object o(*otherwise, outer.at("else"), errors);
    out.c = o.need("c");
    if (const json* as = o.find("as"))
      out.as = parse_as(*as, o.at("as"), errors);
    else
      o.missing("as");
    o.finish();
    outer.finish();
    return out;
  }
  if (const json* when = outer.find("when")) {
    Object o(*when, outer.at("when"), errors);
    out.when = parse_condition(o);
    o.finish();
  } else {
    outer.missing("when");
  }
  out.c = outer.need("c");
  out.alias = outer.flag("alias");
  if (const json* constant = outer.find("const")) {
    if (constant->is_boolean())
      out.constant = constant->get<bool>() ? "true" : "false";
    else if (constant->is_string())
      out.constant = constant->get<std::string>();
    else
      outer.wrong("const", "应为 true、false 或文本");
  } else {
    outer.missing("const");
  }
  outer.finish();
  return out;
}

RuleSpec parse_rule(const json& value, const std::string& at, std::vector<Error>& errors) {
  RuleSpec rule;
  rule.at = at;
  Object o(value, at, errors);
  if (!o.has("kind")) o.missing("kind");
  rule.kind = o.one_of("kind", "", {"iso", "lens", "prism", "each", "const", "derived", "drop", "lost"});
  rule.n = o.text("n");
  rule.c = o.text("c").value_or("");
  rule.id = o.text("id").value_or(!rule.c.empty() ? rule.c : rule.n.value_or(""));
  rule.why = o.text("why").value_or("");
  rule.absent = o.one_of("absent", "", {"omit", "null", "empty"});
  rule.required = o.flag("required");
  rule.fallback = o.text("default");
  if (const json* as = o.find("as")) rule.as = parse_as(*as, o.at("as"), errors);
  rule.refuse = o.one_of("severity", "warn", {"warn", "refuse"}) == "refuse";
  rule.split = o.text("split").value_or("");
  rule.zip = o.text("zip").value_or("");
  for (const char* key : {"split", "zip"}) {
    if (o.has(key) && o.text(key) == "") o.wrong(key, "分隔符不能为空");
  }
  rule.align = o.texts("align");
  rule.v = o.text("v");
  rule.dir = o.one_of("dir", "", {"get", "create"});
  rule.same_as = o.text("same_as").value_or("");
  if (const json* when = o.find("when")) {
    Object w(*when, o.at("when"), errors);
    WhenSpec spec;
    spec.n = w.need("n");
    spec.in = parse_condition(w);
    spec.c = w.need("c");
    spec.is = w.need("is");
    w.finish();
    rule.when = spec;
  }
  if (const json* cases = o.find("cases")) {
    if (!cases->is_array())
      o.wrong("cases", "应为数组");
    else
      for (std::size_t i = 0; i < cases->size(); ++i) {
        rule.cases.push_back(parse_case((*cases)[i], o.at("cases") + "/" + std::to_string(i), errors));
      }
  }
  if (const json* rules = o.find("rules")) {
    rule.has_rules = true;
    if (!rules->is_array())
      o.wrong("rules", "应为数组");
    else
      for (std::size_t i = 0; i < rules->size(); ++i) {
        rule.rules.push_back(parse_rule((*rules)[i], o.at("rules") + "/" + std::to_string(i), errors));
      }
  }
  if (const json* item = o.find("item")) {
    Object i(*item, o.at("item"), errors);
    i.one_of("kind", "iso", {"iso", "lens"});
    if (const json* as = i.find("as"))
      rule.item = parse_as(*as, i.at("as"), errors);
    else
      i.missing("as");
    i.finish();
  }
  o.finish();

  const auto& kind = rule.kind;
  if ((kind == "iso" || kind == "lens" || kind == "derived") && !rule.as) o.missing("as");
  if (kind != "lost" && !(kind == "each" && !rule.zip.empty()) && !rule.n && !kind.empty()) o.missing("n");
  if (kind != "drop" && kind != "const" && kind != "prism" && rule.c.empty() && !kind.empty()) o.missing("c");
  if ((kind == "drop" || kind == "lost") && rule.why.empty()) o.missing("why");
  if (kind == "const" && !rule.v) o.missing("v");
  if (kind == "prism" && rule.cases.empty()) o.missing("cases");
  if (kind == "derived" && rule.dir.empty()) o.missing("dir");
  if (kind == "each" && rule.has_rules == rule.item.has_value()) o.wrong("", "each 需要 rules 或 item 之一");
  if (!rule.align.empty() && !rule.has_rules) o.wrong("align", "align 只用于有 rules 的 each");
  return rule;
}

CodeSetSpec parse_codeset(const json& value, const std::string& at, std::vector<Error>& errors) {
  CodeSetSpec set;
  set.at = at;
  Object o(value, at, errors);
  o.find("about");
  o.find("to");
  if (const json* pairs = o.find("pairs"); pairs == nullptr) {
    o.missing("pairs");
  } else if (!pairs->is_array() || pairs->empty()) {
    o.wrong("pairs", "应为非空数组");
  } else {
    for (std::size_t i = 0; i < pairs->size(); ++i) {
      const json& pair = (*pairs)[i];
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
        errors.push_back(error(Code::CONFIG_VALUE, "应为 [本地值, 标准值]", o.at("pairs") + "/" + std::to_string(i)));
        continue;
      }
      set.pairs.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
    }
  }
  if (const json* prefer = o.find("prefer")) {
    if (!prefer->is_object())
      o.wrong("prefer", "应为对象");
    else
      for (const auto& [key, native] : prefer->items()) {
        if (native.is_string())
          set.prefer[key] = native.get<std::string>();
        else
          o.wrong("prefer", "值应为文本");
      }
  }
  if (const json* gap = o.find("gap"); gap != nullptr && gap->is_object()) {
    Object g(*gap, o.at("gap"), errors);
    set.gap = "other";
    set.other = g.need("other");
    g.finish();
  } else {
    set.gap = o.one_of("gap", "reject", {"reject", "quarantine"});
  }
  set.back_text = o.one_of("back_text", "never", {"never", "code", "always"});
  if (const json* gap = o.find("back_gap"); gap != nullptr && gap->is_object()) {
    Object g(*gap, o.at("back_gap"), errors);
    set.back_gap = "code";
    set.back_gap_code = g.need("code");
    set.lossy = g.flag("lossy");
    g.finish();
  } else {
    set.back_gap = o.one_of("back_gap", "refuse", {"refuse", "omit"});
  }
  set.back_gap_said = o.has("back_gap");
  set.closed = o.texts("closed");
  o.finish();
  return set;
}

std::vector<WaiverSpec> parse_waivers(Object& o) {
  std::vector<WaiverSpec> out;
  const json* waive = o.find("waive");
  if (waive == nullptr) return out;
  if (!waive->is_array()) return o.wrong("waive", "应为数组"), out;
  for (std::size_t i = 0; i < waive->size(); ++i) {
    Object w((*waive)[i], o.at("waive") + "/" + std::to_string(i), o.errors());
    WaiverSpec waiver;
    waiver.at = w.at();
    if (!w.has("check")) w.missing("check");
    waiver.check = w.one_of("check", "", {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10"});
    waiver.place = w.need("at");
    waiver.why = w.need("why");
    if (w.has("why") && waiver.why.empty()) w.wrong("why", "请写明豁免的理由");
    w.finish();
    out.push_back(std::move(waiver));
  }
  return out;
}

std::optional<json> parse_json(const std::string& text, const std::string& file, std::vector<Error>& errors) {
  for (auto& mistake : json_mistakes(text, file)) errors.push_back(std::move(mistake));
  auto value = json::parse(text, nullptr, false, true);
  return value.is_discarded() ? std::nullopt : std::optional<json>(std::move(value));
}

std::optional<json> load_json(const std::string& file, const std::string& at, std::vector<Error>& errors) {
  const auto text = read_file(file, at, errors);
  return text ? parse_json(*text, file, errors) : std::nullopt;
}

// `folder`: where the files of code sets stand; nullptr: the mapping must have them in it.
Spec parse_root(const std::string& file, const std::optional<json>& root, const std::filesystem::path* folder,
                std::vector<Error>& errors) {
  Spec spec;
  spec.file = file;
  const std::size_t before = errors.size();
  spec.head = root.has_value();
  if (!root) return spec;
  json whole = *root;
  Object o(*root, file + "#", errors);
  spec.mapping = o.need("mapping");
  spec.version = o.need("version");
  o.find("about");
  if (!o.has("kind")) o.missing("kind");
  spec.kind = o.one_of("kind", "", {"credit", "licence", "case"});
  spec.canonical = o.need("canonical");
  spec.media_type = o.need("media_type");
  if (const json* native = o.find("native")) {
    Object n(*native, o.at("native"), errors);
    if (!n.has("format")) n.missing("format");
    spec.format = n.one_of("format", "", {"json", "xml", "csv"});
    spec.charset = n.text("charset").value_or("utf-8");
    if (const json* substitute = n.find("substitute")) {
      Object s(*substitute, n.at("substitute"), errors);
      for (auto it = substitute->begin(); substitute->is_object() && it != substitute->end(); ++it)
        spec.substitute.emplace_back(it.key(), s.need(it.key().c_str()));
      s.finish();
    }
    spec.record = n.text("record").value_or("");
    spec.list = n.text("list").value_or("");
    spec.absent = n.one_of("absent",
                           spec.format == "json"  ? "null"
                           : spec.format == "xml" ? "omit"
                                                  : "empty",
                           {"omit", "null", "empty"});
    spec.unknown = n.one_of("unknown", "ext", {"ext", "residual", "reject"});
    // As many characters as a mebibyte of GB18030 holds: what one province can say, the other can read.
    if (spec.charset == "utf-8") spec.max_bytes += spec.max_bytes / 2;
    if (const json* limits = n.find("limits")) {
      Object l(*limits, n.at("limits"), errors);
      spec.max_bytes = l.number("bytes", spec.max_bytes, 64, 1 << 28);
      spec.max_depth = l.number("depth", spec.max_depth, 2, 256);
      l.finish();
    }
    n.finish();
    if (spec.format == "xml" && (spec.record.empty() || spec.list.empty())) n.wrong("", "XML 需要 record 与 list");
  } else {
    o.missing("native");
  }
  spec.head = errors.size() == before;
  if (const json* structure = o.find("structure")) {
    for (std::size_t i = 0; structure->is_array() && i < structure->size(); ++i) {
      Object s((*structure)[i], o.at("structure") + "/" + std::to_string(i), errors);
      const auto n = s.need("n");
      spec.structure.emplace_back(n, s.one_of("absent", "keep", {"keep", "null", "omit", "empty"}));
      s.finish();
    }
    if (!structure->is_array()) o.wrong("structure", "应为数组");
  }
  if (const json* rules = o.find("rules"); rules != nullptr && rules->is_array() && !rules->empty()) {
    for (std::size_t i = 0; i < rules->size(); ++i) {
      const std::size_t sound = errors.size();
      auto rule = parse_rule((*rules)[i], o.at("rules") + "/" + std::to_string(i), errors);
      if (errors.size() == sound)
        spec.rules.push_back(std::move(rule));
      else
        spec.rules_left_out = true;
    }
  } else {
    o.missing("rules");
  }
  if (const json* sets = o.find("codesets")) {
    for (auto it = sets->begin(); sets->is_object() && it != sets->end(); ++it) {
      const auto at = o.at("codesets") + "/" + json_pointer_token(it.key());
      const std::size_t sound = errors.size();
      if (folder != nullptr && it.value().is_object() && it.value().contains("file") &&
          it.value()["file"].is_string()) {
        const auto path = (*folder / it.value()["file"].get<std::string>()).string();
        if (const auto inner = load_json(path, at + "/file", errors)) {
          spec.codesets[it.key()] = parse_codeset(*inner, path + "#", errors);
          whole["codesets"][it.key()] = *inner;
        }
      } else {
        spec.codesets[it.key()] = parse_codeset(it.value(), at, errors);
      }
      if (errors.size() != sound) spec.codesets_left_out.insert(it.key());
    }
    if (!sets->is_object()) o.wrong("codesets", "应为对象");
  }
  spec.waivers = parse_waivers(o);
  spec.content = whole.dump();
  o.finish();
  return spec;
}

}  // namespace

Spec parse_spec(const std::string& file, std::vector<Error>& errors) {
  const auto folder = std::filesystem::path(file).parent_path();
  return parse_root(file, load_json(file, file, errors), &folder, errors);
}

Spec parse_content(const std::string& content, const std::string& name, std::vector<Error>& errors) {
  return parse_root(name, parse_json(content, name, errors), nullptr, errors);
}

}  // namespace chuanyu::adapters
