// Canonical targets, and how values are converted: dates, code sets and the rest of `as`.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <set>

#include "adapters/mapping/compiler.h"
#include "schemas/enums.h"

namespace chuanyu::adapters {

using google::protobuf::EnumDescriptor;

int Compiler::canonical_node(int scope, const std::string& path, const std::string& where) {
  int node = at(plan_->canon_scopes, scope).root;
  std::size_t i = 0;
  while (i <= path.size() && !path.empty()) {
    const auto end = std::min(path.find('.', i), path.size());
    const auto name = path.substr(i, end - i);
    int found = -1;
    for (const int id : at(plan_->canonical, node).children) {
      if (at(plan_->canonical, id).name == name) found = id;
    }
    if (found < 0) {
      wrong(where, "标准记录中没有字段：" + path);
      return -1;
    }
    node = found;
    i = end + 1;
    if (i > path.size()) break;
    if (at(plan_->canonical, node).repeated) {
      wrong(where, "路径穿过列表：" + path + "（请写在 each 的 rules 中）");
      return -1;
    }
  }
  return node;
}

int Compiler::member(int message, std::string_view name) const {
  for (const int id : at(plan_->canonical, message).children) {
    if (at(plan_->canonical, id).name == name) return id;
  }
  return -1;
}

bool Compiler::target_of(int node, Target& out, const std::string& where, bool cover) {
  auto& field = at(plan_->canonical, node);
  out.node = node;
  out.slot = field.slot;
  const auto cover_node = [&](int id) {
    if (cover) at(plan_->canonical, id).covered = true;
  };
  switch (field.wire) {
    case Wire::text: out.shape = Target::Shape::text; break;
    case Wire::integer: out.shape = Target::Shape::integer; break;
    case Wire::boolean: out.shape = Target::Shape::boolean; break;
    case Wire::enumeration: out.shape = Target::Shape::enumeration; break;
    case Wire::map: wrong(where, "ext 不能作规则的目标"); return false;
    case Wire::message: {
      const int canonical = member(node, "canonical");
      const int words = member(node, "native_text");
      const int year = member(node, "year");
      const int month = member(node, "month");
      const int day = member(node, "day");
      if (canonical >= 0 && words >= 0) {
        const bool enumerated = at(plan_->canonical, canonical).wire == Wire::enumeration;
        out.shape = enumerated ? Target::Shape::enumeration : Target::Shape::coded;
        out.node = canonical;
        out.slot = at(plan_->canonical, canonical).slot;
        out.words = words;
        out.words_slot = at(plan_->canonical, words).slot;
        cover_node(canonical);
        cover_node(words);
      } else if (year >= 0 && month >= 0 && day >= 0) {
        out.shape = Target::Shape::date;
        out.year = at(plan_->canonical, year).slot;
        out.month = at(plan_->canonical, month).slot;
        out.day = at(plan_->canonical, day).slot;
        for (const int id : {year, month, day}) cover_node(id);
      } else {
        wrong(where, "此字段是消息，请写到它的成员：" + field.path);
        return false;
      }
      break;
    }
  }
  cover_node(node);
  return true;
}

bool Compiler::target(const Context& context, const std::string& c, Target& out, const std::string& where, bool cover) {
  const int node = canonical_node(context.c_scope, c, where);
  if (node < 0) return false;
  const int root = at(plan_->canon_scopes, context.c_scope).root;
  if (at(plan_->canonical, node).repeated && node != root) {
    wrong(where, "此字段是列表，请用 each：" + c);
    return false;
  }
  if (cover && !c.empty() && at(plan_->canonical, node).covered) {
    wrong(where, "S1 两条规则写同一标准字段：" + c + "；请只留一条，或把推得的一条写成 derived");
    return false;
  }
  return target_of(node, out, where, cover);
}

bool Compiler::pattern(const std::string& text, DatePattern& out, const std::string& where) {
  DatePattern::Token literal;
  std::string seen;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      literal.literal += text[i];
      continue;
    }
    DatePattern::Token token;
    if (i + 1 < text.size() && text[i + 1] == '-') {
      token.padded = false;
      ++i;
    }
    if (i + 1 >= text.size() || std::string_view("Ymd").find(text[i + 1]) == std::string_view::npos) {
      wrong(where, "日期格式只认 %Y %m %d %-m %-d：" + text);
      return false;
    }
    token.what = text[++i];
    seen += token.what;
    if (!literal.literal.empty()) out.tokens.push_back(std::exchange(literal, {}));
    out.tokens.push_back(token);
  }
  if (!literal.literal.empty()) out.tokens.push_back(literal);
  for (const auto& each : out.tokens) {
    if (each.literal.size() <= kLongestDateWord) continue;
    wrong(where, "日期格式中的文字过长：" + text);
    return false;
  }
  std::sort(seen.begin(), seen.end());
  if (seen != "Ydm") {
    wrong(where, "S7 日期格式须有年、月、日各一：" + text + "；请写如 %Y-%m-%d");
    return false;
  }
  for (std::size_t i = 0; i + 1 < out.tokens.size(); ++i) {
    if (out.tokens[i].what != 0 && !out.tokens[i].padded && out.tokens[i + 1].what != 0) {
      wrong(where, "S7 不补零的月或日之后须有分隔：" + text + "；请加分隔，或写 %m %d");
      return false;
    }
  }
  return true;
}

std::shared_ptr<const CodeSet> Compiler::code_set(const AsSpec& as, const Target& target, bool iso) {
  if (spec_.codesets_left_out.contains(as.codeset)) return nullptr;  // its mistakes are reported already
  const auto found = spec_.codesets.find(as.codeset);
  if (found == spec_.codesets.end()) {
    wrong(as.at, "没有这个代码集：" + as.codeset);
    return nullptr;
  }
  const CodeSetSpec& in = found->second;
  auto set = std::make_shared<CodeSet>();
  set->name = as.codeset;
  const auto* type = static_cast<const EnumDescriptor*>(at(plan_->canonical, target.node).enum_type);
  const auto number = [&](const std::string& canonical, int& out) {
    if (target.shape == Target::Shape::boolean) {
      if (canonical != "true" && canonical != "false") return wrong(in.at, "应为 true 或 false：" + canonical), false;
      out = canonical == "true" ? 1 : 0;
    } else if (type != nullptr) {
      auto parsed = schemas::parse_short(*type, canonical);
      if (const auto* full = type->FindValueByName(canonical); !parsed && full != nullptr) parsed = full->number();
      if (!parsed) return wrong(in.at, type->name() + " 中没有值 " + canonical), false;
      out = *parsed;
    }
    return true;
  };
  std::set<std::string> natives;
  std::map<std::string, int> canonicals;
  for (const auto& [native, canonical] : in.pairs) {
    CodeSet::Pair pair{native, canonical, 0, true};
    if (!natives.insert(native).second) wrong(in.at, "S4 本地值 " + native + " 有多个标准值（1:N）；请只留一对");
    if (!number(canonical, pair.number)) continue;
    const auto prefer = in.prefer.find(canonical);
    if (prefer != in.prefer.end())
      pair.preferred = prefer->second == native;
    else if (canonicals[canonical] > 0)
      wrong(in.at, "S4 标准值 " + canonical + " 有多个本地值；请写 \"prefer\": {\"" + canonical + "\": \"" + native +
                       "\"} 之类");
    ++canonicals[canonical];
    set->pairs.push_back(std::move(pair));
  }
  for (const auto& [canonical, count] : canonicals) {
    if (count > 1 && iso) {
      wrong(as.at, "S4 iso 的代码须一一对应，" + canonical + " 有多个本地值；请把 kind 写成 lens，并写 prefer");
    }
  }
  for (const auto& [canonical, native] : in.prefer) {
    if (!natives.contains(native)) wrong(in.at, "prefer 的本地值不在 pairs 中：" + native);
    if (!canonicals.contains(canonical)) wrong(in.at, "prefer 的标准值不在 pairs 中：" + canonical);
  }
  set->gap = in.gap == "quarantine" ? CodeSet::Gap::quarantine
             : in.gap == "other"    ? CodeSet::Gap::other
                                    : CodeSet::Gap::reject;
  if (set->gap == CodeSet::Gap::other) {
    set->other = in.other;
    set->has_other = !in.other.empty();
    if (set->has_other) number(in.other, set->other_number);
  }
  set->back_text = in.back_text == "always" ? CodeSet::BackText::always
                   : in.back_text == "code" ? CodeSet::BackText::code
                                            : CodeSet::BackText::never;
  set->back_gap = in.back_gap == "omit"   ? CodeSet::BackGap::omit
                  : in.back_gap == "code" ? CodeSet::BackGap::code
                                          : CodeSet::BackGap::refuse;
  set->back_gap_code = in.back_gap_code;
  set->build();
  return set;
}

bool Compiler::convert(const AsSpec& as, const Context& context, Target& target, Convert& out, bool iso, bool cover) {
  using Shape = Target::Shape;
  static const std::map<std::string, As> kKinds = {{"text", As::text},
                                                   {"bool", As::boolean},
                                                   {"int", As::integer},
                                                   {"dec", As::money},
                                                   {"date", As::date},
                                                   {"code", As::code},
                                                   {"uscc", As::uscc},
                                                   {"org_code", As::org_code},
                                                   {"id_number", As::id_number},
                                                   {"licence_id", As::licence_id},
                                                   {"id", As::id},
                                                   {"region", As::region}};
  const auto kind = kKinds.find(as.kind);
  if (kind == kKinds.end()) return false;  // reported by parse_spec
  out.as = kind->second;
  out.action = as.check;
  const auto need = [&](std::initializer_list<Shape> shapes, std::string_view what) {
    if (std::find(shapes.begin(), shapes.end(), target.shape) != shapes.end()) return true;
    wrong(as.at, as.kind + " 需要" + std::string(what) + "类型的标准字段");
    return false;
  };
  switch (out.as) {
    case As::boolean: return need({Shape::boolean}, "布尔");
    case As::integer: return need({Shape::integer}, "整数");
    case As::money:
      out.scale = as.unit == "wan" ? 6 : as.unit == "yuan" ? 2 : 0;
      out.frac = static_cast<std::uint8_t>(as.frac);
      out.max_fen = as.max;
      if (out.frac < out.scale) wrong(as.at, "S6 小数位数不足以表示到分；请写 \"frac\": " + std::to_string(out.scale));
      return need({Shape::integer}, "整数（分）");
    case As::date: {
      if (!pattern(as.out, out.out, as.at)) return false;
      for (const auto& text : as.in) {
        DatePattern in;
        if (!pattern(text, in, as.at)) return false;
        out.in.push_back(std::move(in));
      }
      if (!as.in.empty() && std::find(as.in.begin(), as.in.end(), as.out) == as.in.end()) {
        wrong(as.at, "S7 out 写出的日期读不回来；请把 " + as.out + " 也写进 in");
      }
      if (out.in.empty()) out.in.push_back(out.out);
      return need({Shape::date, Shape::text}, "日期");
    }
    case As::code: {
      if (!need({Shape::enumeration, Shape::text, Shape::boolean, Shape::coded}, "枚举、文本、布尔或代码值"))
        return false;
      if (!as.words.empty()) {
        Target words;
        if (!this->target(context, as.words, words, as.at, cover)) return false;
        if (words.shape != Shape::text || target.words >= 0) {
          wrong(as.at, "text 须是枚举或文本字段旁的文本字段：" + as.words);
          return false;
        }
        target.words = words.node;
        target.words_slot = words.slot;
      }
      out.codes = code_set(as, target, iso);
      return out.codes != nullptr;
    }
    case As::id: {
      const int by = resolve(context.n_scope, as.by, as.at);
      if (by < 0) return false;
      holds_value(by, as.at);
      out.by_slot = at(plan_->native, by).slot;
      out.by_uscc = as.uscc;
      out.by_org_code = as.org_code;
      out.by_id_number = as.id_number;
      break;
    }
    case As::text: out.max_chars = static_cast<std::uint32_t>(as.max); break;
    case As::licence_id: {
      Target part;
      if (!as.part_type.empty()) {
        if (!this->target(context, as.part_type, part, as.at, false) || part.shape != Shape::text) return false;
        out.has_type = true;
        out.type_slot = part.slot;
      }
      if (!as.part_version.empty()) {
        if (!this->target(context, as.part_version, part, as.at, false) || part.shape != Shape::text) return false;
        out.has_version = true;
        out.version_slot = part.slot;
      }
      break;
    }
    case As::region: out.digits = static_cast<std::uint8_t>(as.digits); break;
    default: break;
  }
  return need({Shape::text}, "文本");
}

}  // namespace chuanyu::adapters
