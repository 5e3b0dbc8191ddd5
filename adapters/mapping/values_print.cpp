// Canonical cells -> native text.
#include <algorithm>
#include <charconv>

#include "adapters/mapping/values.h"
#include "gateway/base/clock.h"
#include "schemas/regions.h"

namespace chuanyu::adapters {
namespace {

using Shape = Target::Shape;

bool print_code(const Spot& spot, const Convert& convert, const Target& target, Workspace& ws, std::string_view& out) {
  const CodeSet& set = *convert.codes;
  const Cell& cell = ws.canonical[spot.c_base + target.slot];
  const std::string_view words = target.words >= 0 && ws.canonical[spot.c_base + target.words_slot].is == Is::text
                                     ? ws.canonical[spot.c_base + target.words_slot].text()
                                     : std::string_view();
  const bool numeric = target.shape == Shape::boolean || target.shape == Shape::enumeration;
  const bool unset = numeric ? cell.is == Is::absent : cell.is != Is::text || cell.size == 0;
  const CodeSet::Pair* pair = nullptr;
  if (numeric)
    pair = set.by_number(static_cast<int>(cell.number));
  else if (!unset)
    pair = set.by_canonical(cell.text());
  const bool is_other =
      set.gap == CodeSet::Gap::other &&
      (set.has_other ? !unset && (numeric ? cell.number == set.other_number : cell.text() == set.other) : unset);
  if (target.words < 0) {
    if (auto* kept = kept_in_ext(spot, ws)) {
      const auto* own = set.by_native(kept->text);
      const bool same =
          own != nullptr && !unset && (numeric ? own->number == cell.number : own->canonical == cell.text());
      if (same || (own == nullptr && is_other)) {
        out = kept->text;
        return true;
      }
      outdate(ws, *kept);
    }
  }
  if (!words.empty()) {
    const auto* own = set.by_native(words);
    const bool same =
        own != nullptr && !unset && (numeric ? own->number == cell.number : own->canonical == cell.text());
    const bool may = set.back_text == CodeSet::BackText::always ||
                     (set.back_text == CodeSet::BackText::code && set.looks_like_code(words));
    if (same || (own == nullptr && is_other && may)) {
      out = words;
      return true;
    }
    const bool general = unset || is_other || (pair == nullptr);
    Spot there = spot;
    there.canonical = target.words;
    add_note(there, ws, general ? Note::Kind::loss : Note::Kind::normalised,
             general ? "来源的原文在此格式中无处可写" : "来源的用词未带出，只写了代码");
  }
  if (unset && pair == nullptr) {
    if (set.empty() != nullptr)
      add_note(spot, ws, Note::Kind::normalised, "标准记录没有此值；此格式中空白即为 " + set.empty()->canonical);
    out = {};
    return true;
  }
  if (pair != nullptr) {
    out = pair->native;
    return true;
  }
  switch (set.back_gap) {
    case CodeSet::BackGap::refuse: {
      const bool modifier =
          spot.canonical >= 0 && spot.plan.canonical[static_cast<std::size_t>(spot.canonical)].modifier;
      return fail_canonical(spot, ws, modifier ? Code::RECORD_MODIFIER_UNREPRESENTABLE : Code::RECORD_CODE_UNKNOWN,
                            "代码集 " + set.name + " 中没有与之对应的值");
    }
    case CodeSet::BackGap::code: out = set.back_gap_code; break;
    case CodeSet::BackGap::omit: out = {}; break;
  }
  add_note(spot, ws, Note::Kind::loss, "代码集 " + set.name + " 中没有与之对应的值");
  return true;
}

bool print_region(const Spot& spot, const Convert& convert, std::string_view text, Workspace& ws,
                  std::string_view& out) {
  if (auto* kept = kept_in_ext(spot, ws)) {
    if (kept->text.substr(0, 6) == text.substr(0, 6)) {
      out = kept->text;
      return true;
    }
    outdate(ws, *kept);
  }
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (text.size() != 6 && text.size() != 9 && text.size() != 12)) {
    out = text;
  } else if (convert.digits == 12) {
    out = text.size() == 12 ? text : ws.arena.copy(schemas::to_region12(text));
  } else {
    if (schemas::region_has_detail(text))
      add_note(spot, ws, Note::Kind::loss, "此格式的区划代码只有 6 位，乡镇与村的代码未写");
    out = text.substr(0, 6);
  }
  return true;
}

bool print_date_value(const Spot& spot, const Convert& convert, const Target& target, Workspace& ws,
                      std::string_view& out) {
  Date date;
  if (target.shape == Shape::date) {
    date = {static_cast<int>(ws.canonical[spot.c_base + target.year].number),
            static_cast<int>(ws.canonical[spot.c_base + target.month].number),
            static_cast<int>(ws.canonical[spot.c_base + target.day].number)};
  } else {
    date = parse_date(ws.canonical[spot.c_base + target.slot].text()).value_or(Date{});
  }
  if (!is_valid(date)) return fail_canonical(spot, ws, Code::RECORD_DATE, "没有这一天");
  char* const begin = ws.arena.take(8 + 4 * kLongestDateWord);
  char* to = begin;
  const auto number = [&](int value, int width) {
    char digits[8];
    int n = 0;
    do {
      digits[n++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value > 0);
    for (int i = n; i < width; ++i) *to++ = '0';
    while (n > 0) *to++ = digits[--n];
  };
  for (const auto& token : convert.out.tokens) {
    if (token.what == 'Y')
      number(date.year, 4);
    else if (token.what == 'm')
      number(date.month, token.padded ? 2 : 1);
    else if (token.what == 'd')
      number(date.day, token.padded ? 2 : 1);
    else
      to = std::copy_n(token.literal.data(), token.literal.size(), to);
  }
  out = {begin, static_cast<std::size_t>(to - begin)};
  return true;
}

// Characters that the format's character set has no code for, as the mapping says that they are written.
std::string_view substituted(const Spot& spot, std::string_view text, Workspace& ws) {
  std::string changed;
  for (const auto& [character, written] : spot.plan.substitutes) {
    const std::string_view now = changed.empty() ? text : std::string_view(changed);
    if (now.find(character) == std::string_view::npos) continue;
    if (changed.empty()) changed = text;
    for (std::size_t at = 0; (at = changed.find(character, at)) != std::string::npos; at += written.size())
      changed.replace(at, character.size(), written);
  }
  if (changed.empty()) return text;
  add_note(spot, ws, Note::Kind::loss, "字符集没有的字符已按映射的规定替换");
  return ws.arena.copy(changed);
}

}  // namespace

bool print_value(const Spot& spot, const Convert& convert, const Target& target, Workspace& ws, std::string_view& out) {
  if (convert.as == As::code) return print_code(spot, convert, target, ws, out);
  if (!is_set(target, spot.c_base, ws.canonical)) {
    out = {};
    return true;
  }
  const Cell& cell = ws.canonical[spot.c_base + target.slot];
  switch (convert.as) {
    case As::date: return print_date_value(spot, convert, target, ws, out);
    case As::boolean: out = cell.number != 0 ? "true" : "false"; return true;
    case As::integer: {
      char* const buffer = ws.arena.take(24);
      const auto [end, ec] = std::to_chars(buffer, buffer + 24, cell.number);
      out = {buffer, static_cast<std::size_t>(end - buffer)};
      return ec == std::errc();
    }
    case As::money:
      if (cell.number < 0 || cell.number > convert.max_fen) {
        return fail_canonical(spot, ws, Code::RECORD_AMOUNT, "金额为负或超出上限");
      }
      out = print_money(cell.number, convert.scale, convert.frac, ws.arena.take(32));
      return true;
    case As::region: return print_region(spot, convert, cell.text(), ws, out);
    default:
      if (convert.max_chars > 0 && characters(cell.text()) > convert.max_chars) {
        return fail_canonical(spot, ws, Code::RECORD_VALUE,
                              "不得超过 " + std::to_string(convert.max_chars) + " 个字符");
      }
      out = substituted(spot, cell.text(), ws);
      return true;
  }
}

}  // namespace chuanyu::adapters
