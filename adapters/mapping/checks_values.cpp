// S2 code sets of modifiers, S3 totality, S4 several spellings, S6 units, S7 dates, S8 prisms and constants.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>

#include "adapters/mapping/checker.h"
#include "adapters/mapping/values.h"
#include "gateway/base/clock.h"
#include "schemas/enums.h"

namespace chuanyu::adapters {
namespace {

using google::protobuf::EnumDescriptor;

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string print_date(const DatePattern& pattern, const Date& date) {
  std::string out;
  for (const auto& token : pattern.tokens) {
    if (token.what == 0) {
      out += token.literal;
      continue;
    }
    auto text = std::to_string(token.what == 'Y' ? date.year : token.what == 'm' ? date.month : date.day);
    const std::size_t width = token.what == 'Y' ? 4 : token.padded ? 2 : 1;
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    out += text;
  }
  return out;
}

// A text that both patterns read, as different days; "" when there is none among the days of some telling years.
std::string ambiguous(const DatePattern& one, const DatePattern& other) {
  for (const int year : {2012, 2024, 1112, 1231, 2031}) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= 28; ++day) {
        auto text = print_date(one, {year, month, day});
        Date read;
        bool exact = false;
        if (!match_date(other, text, read.year, read.month, read.day, exact) || !is_valid(read)) continue;
        if (read.year != year || read.month != month || read.day != day) return text;
      }
    }
  }
  return {};
}

// Whether get reads the text that create prints on its own account.
bool reads(const Convert& convert, const std::string& text) {
  switch (convert.as) {
    case As::code: return convert.codes->by_native(text) != nullptr || convert.codes->gap == CodeSet::Gap::other;
    case As::boolean: return text == "true" || text == "false";
    case As::integer: {
      std::int64_t value = 0;
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
      return ec == std::errc() && end == text.data() + text.size();
    }
    case As::money: {
      std::int64_t fen = 0;
      return parse_money(text, convert.scale, convert.max_fen, fen);
    }
    case As::date:
      return std::any_of(convert.in.begin(), convert.in.end(), [&](const DatePattern& pattern) {
        Date date;
        bool exact = false;
        return match_date(pattern, text, date.year, date.month, date.day, exact) && is_valid(date);
      });
    case As::text: return convert.max_chars == 0 || characters(text) <= convert.max_chars;
    default: return true;
  }
}

}  // namespace

std::string may_hold(const AsSpec& as, const Spec& spec, const std::string& separator) {
  const auto among = [&](const std::string& alphabet) {
    return separator.find_first_not_of(alphabet) == std::string::npos ? separator : std::string();
  };
  static const std::string kDigits = "0123456789";
  static const std::string kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  if (as.kind == "code") {
    const auto set = spec.codesets.find(as.codeset);
    if (set == spec.codesets.end()) return {};
    for (const auto& [native, canonical] : set->second.pairs) {
      if (native.find(separator) != std::string::npos) return native;
    }
    return {};
  }
  if (as.kind == "dec") return among(kDigits + ".");
  if (as.kind == "int") return among(kDigits + "-");
  if (as.kind == "region") return among(kDigits);
  if (as.kind == "bool") return among("truefalse");
  if (as.kind == "uscc" || as.kind == "org_code" || as.kind == "id_number") return among(kDigits + kLetters + "-");
  if (as.kind == "licence_id") return among(kDigits + kLetters + ".");
  if (as.kind != "date") return {};
  auto patterns = as.in;
  patterns.push_back(as.out);
  for (const auto& pattern : patterns) {
    if (pattern.find(separator) != std::string::npos) return pattern;
  }
  return among(kDigits);
}

void Checker::value(const Site& site) {
  const auto set = spec_.codesets.find(site.as.codeset);
  const bool has_set = site.as.kind == "code" && set != spec_.codesets.end();
  if (has_set) codes(site, set->second);
  if (site.field.modifier && site.rule.kind != "derived") modifier(site, has_set ? &set->second : nullptr);
  const std::vector<std::string> names = {site.rule.id, site.c};
  if (site.rule.kind == "iso" && site.as.in.size() > 1) {
    found("S4", site.as.at, "iso 的两边须一一对应，而日期有几种写法；请把 kind 写成 lens", names);
  }
  if (site.as.kind == "dec") {
    const std::int64_t exact = site.as.unit == "wan" ? 6 : site.as.unit == "yuan" ? 2 : 0;
    if (site.as.frac > exact) {
      found("S6", site.as.at, "单位 " + site.as.unit + " 的小数位数超过一分；请写 \"frac\": " + std::to_string(exact),
            names);
    }
  } else if (site.as.kind != "text" && site.field.name.ends_with("_fen")) {
    found("S6", site.as.at, "金额须写明单位；请写 {\"dec\": {\"unit\": \"…\"}}", names);
  }
}

// The words of the source are printed for codes that get took for "other", and only where they were kept.
void Checker::back_texts() {
  for (const auto& [name, keeps] : keeps_words_) {
    const auto& set = spec_.codesets.at(name);
    if (set.back_text == "never" || (keeps && set.gap == "other")) continue;
    found("S3", set.at + "/back_text",
          "没有留下原文可写：" + std::string(keeps ? "gap 不是 {\"other\": …}" : "标准字段旁没有存原文的字段") +
              "；请去掉 \"back_text\"",
          {name});
  }
}

void Checker::codes(const Site& site, const CodeSetSpec& set) {
  auto& keeps = keeps_words_[site.as.codeset];
  keeps = keeps || !site.as.words.empty() || site.field.name == "canonical";
  const std::vector<std::string> names = {site.as.codeset};
  for (const auto& native : set.closed) {
    const auto same = [&](const auto& pair) { return pair.first == native; };
    if (std::any_of(set.pairs.begin(), set.pairs.end(), same)) continue;
    found("S3", set.at + "/closed",
          "封闭的代码 " + quoted(native) + " 没有对应；请在 pairs 中写 [" + quoted(native) + ", \"…\"]", names);
  }
  if (set.back_gap_said) {
    back_gap(site, set);
    return;
  }
  std::string missing;
  const auto* type = static_cast<const EnumDescriptor*>(site.field.enum_type);
  const auto has = [&](const std::string& name, const std::string& full) {
    return std::any_of(set.pairs.begin(), set.pairs.end(),
                       [&](const auto& pair) { return pair.second == name || pair.second == full; });
  };
  for (int i = 0; type != nullptr && i < type->value_count(); ++i) {
    const auto& value = *type->value(i);
    const auto name = std::string(schemas::short_name(*type, value.number()));
    if (value.number() != 0 && !has(name, value.name())) missing += " " + name;
  }
  for (const std::string word : {"true", "false"}) {
    if (site.field.wire == Wire::boolean && !has(word, word)) missing += " " + word;
  }
  if (site.field.wire == Wire::text) missing = " 文本字段的其他值";
  if (missing.empty()) return;
  found("S3", set.at,
        "写出时没有对应的标准值：" + missing.substr(1) +
            "；请补 pairs，或写 \"back_gap\": \"refuse\" | \"omit\" | {\"code\": …}",
        names);
}

void Checker::back_gap(const Site& site, const CodeSetSpec& set) {
  if (set.back_gap != "code") return;
  const std::vector<std::string> names = {site.as.codeset};
  const auto same = [&](const auto& pair) { return pair.first == set.back_gap_code; };
  if (std::none_of(set.pairs.begin(), set.pairs.end(), same)) {
    found("S3", set.at + "/back_gap", "写出的 " + quoted(set.back_gap_code) + " 读不回来；请把它写进 pairs", names);
  } else if (!set.lossy) {
    found("S3", set.at + "/back_gap",
          "写出的 " + quoted(set.back_gap_code) +
              " 读回时是另一个标准值；请写 \"lossy\": true 表示知道，或换一种 back_gap",
          names);
  }
}

// What changes the meaning of the record fails closed, in both directions. A waiver for the field says nothing of its
// code set, and a default has no excuse.
void Checker::modifier(const Site& site, const CodeSetSpec* set) {
  const auto wrong = [&](const std::string& where, const std::string& what, std::vector<std::string> names) {
    found("S2", where, site.c + " 改变整条记录的含义，" + what, std::move(names));
  };
  if (site.rule.fallback) wrong(site.rule.at + "/default", "没有值时不能写成某个值；请去掉 \"default\"", {});
  bool empty = false;
  if (set != nullptr) {
    const std::vector<std::string> names = {site.as.codeset};
    if (set->back_gap != "refuse") {
      wrong(set->at + "/back_gap", "写不出时只能拒绝；请写 \"back_gap\": \"refuse\"", names);
    }
    if (set->gap == "other") {
      wrong(set->at + "/gap", "不认识的代码不能当作别的；请写 \"gap\": \"reject\" 或 \"quarantine\"", names);
    }
    empty = std::any_of(set->pairs.begin(), set->pairs.end(), [](const auto& pair) { return pair.first.empty(); });
  }
  if (!site.rule.required && !empty) {
    wrong(site.rule.at, "没有写时须有确定的含义；请写 \"required\": true，或在代码集中写 [\"\", \"…\"]",
          {site.rule.id, site.c});
  }
}

void Checker::prism(const RuleSpec& rule, int canon_scope) {
  bool otherwise = false;
  for (const auto& one : rule.cases) {
    otherwise = otherwise || one.when.empty();
    if (one.as) value({rule, *one.as, coded(find(canon_scope, one.c)), one.c});
    const auto same = [&](const CaseSpec& other) {
      return !other.alias && other.c == one.c && other.constant == one.constant;
    };
    if (one.alias && std::none_of(rule.cases.begin(), rule.cases.end(), same)) {
      found("S8", one.at, "别名读作的值没有哪种情形会写出；请加一个不是 alias 的同值情形", {rule.id, one.c});
    }
  }
  if (!otherwise && rule.why.empty()) {
    found("S8", rule.at + "/cases", "各情形没有覆盖所有写法；请写 {\"else\": …}，或用 \"why\" 说明其他写法一律拒绝",
          {rule.id, rule.n.value_or("")});
  }
}

// Defaults must be readable, and the patterns of a date must not contradict each other.
void Checker::printed(const std::vector<Rule>& rules) {
  for (const auto& rule : rules) {
    if (rule.has_default && rule.op == Op::value && !reads(rule.convert, rule.fallback)) {
      found("S8", rule.at + "/default", "写出的 " + quoted(rule.fallback) + " 读不回来；请写此格式读得懂的文字",
            {rule.id});
    }
    dates(rule, rule.convert);
    for (const auto& option : rule.cases) dates(rule, option.convert);
    printed(rule.inner);
  }
}

void Checker::dates(const Rule& rule, const Convert& convert) {
  for (std::size_t i = 0; i < convert.in.size(); ++i) {
    for (std::size_t k = 0; k < convert.in.size(); ++k) {
      const auto text = i == k ? std::string() : ambiguous(convert.in[i], convert.in[k]);
      if (text.empty()) continue;
      return found("S7", rule.at, "日期 " + text + " 有两种读法；请去掉 in 中的一种格式", {rule.id});
    }
  }
}

}  // namespace chuanyu::adapters
