#include "adapters/mapping/values.h"

#include <algorithm>
#include <charconv>

#include "adapters/mapping/load.h"
#include "gateway/base/clock.h"
#include "schemas/identifiers.h"
#include "schemas/regions.h"

namespace chuanyu::adapters {
namespace {

using Shape = Target::Shape;

constexpr std::size_t kMostNotes = 64;

std::string native_spot(const Spot& spot, const Workspace& ws) {
  return spot.native == nullptr ? "" : native_place(spot.plan, *spot.native, ws.index);
}
std::string canonical_spot(const Spot& spot, const Workspace& ws) {
  return spot.canonical < 0 ? "" : place(spot.plan.canonical[static_cast<std::size_t>(spot.canonical)].path, ws.index);
}

bool fail_native(const Spot& spot, Workspace& ws, Code code, std::string detail) {
  return ws.fail(code, std::move(detail), native_spot(spot, ws));
}
bool fail_canonical(const Spot& spot, Workspace& ws, Code code, std::string detail) {
  return ws.fail(code, std::move(detail), canonical_spot(spot, ws));
}

bool wrong_type(const Spot& spot, Workspace& ws, std::string_view wanted) {
  return fail_native(spot, ws, Code::RECORD_TYPE, "应为" + std::string(wanted));
}

// A check failed: does what the source's setting says. True: go on.
bool check_failed(const Spot& spot, const Convert& convert, std::string_view name, Code code, std::string_view reason,
                  const GetOptions& options, Workspace& ws) {
  CheckAction action = convert.action;
  if (const auto it = options.checks.find(std::string(name)); it != options.checks.end()) action = it->second;
  switch (action) {
    case CheckAction::reject: return fail_native(spot, ws, code, std::string(reason));
    case CheckAction::quarantine:
      return fail_native(spot, ws, Code::RECORD_QUARANTINED, std::string(to_string(code)) + "：" + std::string(reason));
    case CheckAction::warn: break;
  }
  add_note(spot, ws, Note::Kind::warning, std::string(info(code).title_zh) + "：" + std::string(reason), code);
  return true;
}

bool read_identifier(const Spot& spot, const Convert& convert, As what, std::string_view text, Cell& out,
                     const GetOptions& options, Workspace& ws) {
  out.set_text(text);
  schemas::Checked checked;
  std::string_view name;
  switch (what) {
    case As::uscc:
      checked = schemas::check_uscc(text);
      name = "uscc";
      break;
    case As::org_code:
      checked = schemas::check_org_code(text);
      name = "org_code";
      break;
    case As::id_number:
      checked = schemas::check_id_number(text);
      name = "id_number";
      break;
    default: {
      const auto licence = schemas::check_licence_id(text);
      if (licence.ok()) return true;
      return check_failed(spot, convert, "licence_id", schemas::code_of(licence.fault),
                          schemas::to_chinese(licence.fault), options, ws);
    }
  }
  if (!checked.ok()) {
    return check_failed(spot, convert, name, schemas::code_of(checked.fault), schemas::to_chinese(checked.fault),
                        options, ws);
  }
  if (checked.value != text) {
    out.set_text(ws.arena.copy(checked.value));
    add_note(spot, ws, Note::Kind::normalised, "字母已改为大写，或去掉了连接符");
  }
  return true;
}

bool read_region(const Spot& spot, const Convert& convert, std::string_view text, Cell& out, const GetOptions& options,
                 Workspace& ws) {
  const auto region = schemas::look_up_region(text);
  if (!region.ok()) {
    out.set_text(text);
    return check_failed(
        spot, convert, "region", Code::RECORD_REGION,
        region.state == schemas::RegionState::malformed ? "应为 6 位或 12 位数字" : "区划代码表中没有此代码", options,
        ws);
  }
  out.set_text(text.substr(0, 6));
  if (schemas::region_has_detail(text)) {
    add_note(spot, ws, Note::Kind::loss, "标准记录只到县级，乡镇与村的代码留在 ext 中");
    keep_in_ext(spot, ws, text);
  } else if (text.size() != convert.digits) {
    add_note(spot, ws, Note::Kind::normalised, "区划代码的位数与格式不同");
  }
  return true;
}

bool read_date(const Spot& spot, const Convert& convert, const Target& target, const Cell& native, Workspace& ws) {
  if (native.is != Is::text) return wrong_type(spot, ws, "日期文本");
  int year = 0;
  int month = 0;
  int day = 0;
  bool exact = false;
  const auto text = native.text();
  bool matched = match_date(convert.out, text, year, month, day, exact);
  if (!matched) {
    for (const auto& pattern : convert.in) {
      if ((matched = match_date(pattern, text, year, month, day, exact))) break;
    }
    exact = false;
  }
  if (!matched) return fail_native(spot, ws, Code::RECORD_DATE, "日期格式不符");
  if (!is_valid(Date{year, month, day})) return fail_native(spot, ws, Code::RECORD_DATE, "没有这一天");
  if (!exact) add_note(spot, ws, Note::Kind::normalised, "日期的写法与格式规定的不同");
  if (target.shape == Shape::date) {
    ws.canonical[spot.c_base + target.year].set_number(year);
    ws.canonical[spot.c_base + target.month].set_number(month);
    ws.canonical[spot.c_base + target.day].set_number(day);
  } else {
    ws.canonical[spot.c_base + target.slot].set_text(ws.arena.copy(to_string(Date{year, month, day})));
  }
  return true;
}

void set_code(const Target& target, const CodeSet::Pair& pair, std::uint32_t base, Workspace& ws) {
  Cell& cell = ws.canonical[base + target.slot];
  switch (target.shape) {
    case Shape::boolean: cell.set_number(pair.number, Is::boolean); break;
    case Shape::enumeration: cell.set_number(pair.number); break;
    default: cell.set_text(pair.canonical);
  }
}

bool read_code(const Spot& spot, const Convert& convert, const Target& target, const Cell& native, Workspace& ws) {
  if (native.is == Is::number) return wrong_type(spot, ws, "代码文本");
  const auto text = native.nothing() ? std::string_view() : native.text();
  const CodeSet& set = *convert.codes;
  if (const auto* pair = set.by_native(text)) {
    set_code(target, *pair, spot.c_base, ws);
    if (pair->preferred) return true;
    if (target.words >= 0) ws.canonical[spot.c_base + target.words_slot].set_text(text);
    if (target.words < 0) {
      add_note(spot, ws, Note::Kind::normalised, "同义的另一种写法，原文留在 ext 中");
      keep_in_ext(spot, ws, text);
    }
    return true;
  }
  switch (set.gap) {
    case CodeSet::Gap::reject:
      return fail_native(spot, ws, Code::RECORD_CODE_UNKNOWN, "代码集 " + set.name + " 中没有此值");
    case CodeSet::Gap::quarantine:
      return fail_native(spot, ws, Code::RECORD_QUARANTINED, "RECORD_CODE_UNKNOWN：代码集 " + set.name + " 中没有此值");
    case CodeSet::Gap::other: break;
  }
  if (set.has_other) {
    CodeSet::Pair other;
    other.canonical = set.other;
    other.number = set.other_number;
    set_code(target, other, spot.c_base, ws);
    if (target.shape != Shape::boolean && target.shape != Shape::enumeration) {
      ws.canonical[spot.c_base + target.slot].set_text(set.other);  // the set outlives the record, `other` does not
    }
  }
  if (target.words >= 0)
    ws.canonical[spot.c_base + target.words_slot].set_text(text);
  else
    keep_in_ext(spot, ws, text);
  add_note(spot, ws, Note::Kind::gap, "代码集 " + set.name + " 中没有此值，原文已保留");
  return true;
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// --- back ---

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
    if (const auto* kept = kept_in_ext(spot, ws)) {
      const auto* own = set.by_native(kept->text);
      const bool same =
          own != nullptr && !unset && (numeric ? own->number == cell.number : own->canonical == cell.text());
      if (same || (own == nullptr && is_other)) {
        out = kept->text;
        return true;
      }
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
    add_note(spot, ws, general ? Note::Kind::loss : Note::Kind::normalised,
             general ? "来源的原文在此格式中无处可写" : "来源的用词未带出，只写了代码");
  }
  if (unset && pair == nullptr) {
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
  if (const auto* kept = kept_in_ext(spot, ws)) {
    if (kept->text.substr(0, 6) == text.substr(0, 6)) {
      out = kept->text;
      return true;
    }
    add_note(spot, ws, Note::Kind::loss, "ext 中保留的区划代码与现值不符，未写回");
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

}  // namespace

Workspace& workspace() {
  thread_local Workspace ws;
  return ws;
}

void add_note(const Spot& spot, Workspace& ws, Note::Kind kind, std::string message, Code code) {
  if (ws.notes.size() > kMostNotes) return;
  if (ws.notes.size() == kMostNotes) {
    ws.notes.push_back({Note::Kind::warning, Code::RECORD_VALUE, "", "", "", "还有更多未列出的说明"});
    return;
  }
  ws.notes.push_back({kind, code, spot.rule, native_spot(spot, ws), canonical_spot(spot, ws), std::move(message)});
}

void keep_in_ext(const Spot& spot, Workspace& ws, std::string_view text) {
  if (spot.native == nullptr || spot.plan.ext_node < 0) return;
  ws.extras.push_back({native_pointer(*spot.native, ws.index), text, true});
}

const Extra* kept_in_ext(const Spot& spot, Workspace& ws) {
  if (ws.extras.empty() || spot.native == nullptr) return nullptr;
  const auto pointer = native_pointer(*spot.native, ws.index);
  for (auto& extra : ws.extras) {
    if (extra.path != pointer) continue;
    extra.used = true;
    return &extra;
  }
  return nullptr;
}

bool parse_money(std::string_view text, unsigned scale, std::int64_t max, std::int64_t& fen) {
  std::int64_t value = 0;
  std::size_t i = 0;
  const auto push = [&](char c) {
    return !__builtin_mul_overflow(value, std::int64_t{10}, &value) &&
           !__builtin_add_overflow(value, std::int64_t{c - '0'}, &value);
  };
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
    if (!push(text[i++])) return false;
  }
  if (i == 0) return false;
  unsigned digits = 0;
  if (i < text.size() && text[i] == '.') {
    const std::size_t point = i++;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      if (digits < scale) {
        if (!push(text[i])) return false;
        ++digits;
      } else if (text[i] != '0') {
        return false;  // part of a fen
      }
    }
    if (i == point + 1) return false;
  }
  if (i != text.size()) return false;
  for (; digits < scale; ++digits) {
    if (!push('0')) return false;
  }
  fen = value;
  return value <= max;
}

std::string_view print_money(std::int64_t fen, unsigned scale, unsigned frac, char* buffer) {
  char* end = buffer + 32;
  char* p = end;
  for (unsigned i = scale; i < frac; ++i) *--p = '0';
  auto value = static_cast<std::uint64_t>(fen);
  for (unsigned i = 0; i < scale; ++i, value /= 10) *--p = static_cast<char>('0' + value % 10);
  if (frac > 0) *--p = '.';
  do {
    *--p = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return {p, static_cast<std::size_t>(end - p)};
}

bool match_date(const DatePattern& pattern, std::string_view text, int& year, int& month, int& day, bool& exact) {
  std::size_t i = 0;
  exact = true;
  for (const auto& token : pattern.tokens) {
    if (token.what == 0) {
      if (text.substr(i, token.literal.size()) != token.literal) return false;
      i += token.literal.size();
      continue;
    }
    const std::size_t most = token.what == 'Y' ? 4 : 2;
    const std::size_t least = token.padded ? most : (token.what == 'Y' ? 4 : 1);
    std::size_t n = 0;
    int value = 0;
    while (n < most && i + n < text.size() && text[i + n] >= '0' && text[i + n] <= '9')
      value = value * 10 + (text[i + n++] - '0');
    if (n < least) return false;
    if (!token.padded && n == 2 && text[i] == '0') exact = false;
    i += n;
    (token.what == 'Y' ? year : token.what == 'm' ? month : day) = value;
  }
  return i == text.size();
}

bool is_set(const Target& target, std::uint32_t base, const Cells& cells) {
  switch (target.shape) {
    case Shape::date:
      return cells[base + target.year].is != Is::absent || cells[base + target.month].is != Is::absent ||
             cells[base + target.day].is != Is::absent;
    default:
      if (target.words >= 0 && !cells[base + target.words_slot].nothing()) return true;
      return !cells[base + target.slot].nothing();
  }
}

bool read_value(const Spot& spot, const Convert& convert, const Target& target, const Cell& native,
                const GetOptions& options, Workspace& ws) {
  Cell& out = ws.canonical[spot.c_base + target.slot];
  switch (convert.as) {
    case As::code: return read_code(spot, convert, target, native, ws);
    case As::date: return read_date(spot, convert, target, native, ws);
    case As::boolean:
      if (native.text() != "true" && native.text() != "false") return wrong_type(spot, ws, "布尔值");
      if (spot.plan.profile.syntax == Syntax::json && native.is != Is::boolean) return wrong_type(spot, ws, "布尔值");
      out.set_number(native.text() == "true", Is::boolean);
      return true;
    case As::integer: {
      std::int64_t value = 0;
      const auto text = native.text();
      if (native.is == Is::boolean) return wrong_type(spot, ws, "整数");
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (ec == std::errc::result_out_of_range) return fail_native(spot, ws, Code::RECORD_VALUE, "整数超出范围");
      if (ec != std::errc() || end != text.data() + text.size()) return wrong_type(spot, ws, "整数");
      out.set_number(value);
      return true;
    }
    case As::money: {
      if (native.is == Is::boolean) return wrong_type(spot, ws, "金额");
      std::int64_t fen = 0;
      if (!parse_money(native.text(), convert.scale, convert.max_fen, fen)) {
        return fail_native(spot, ws, Code::RECORD_AMOUNT, "应为不小于零、不超过上限且精确到分的十进制数");
      }
      out.set_number(fen);
      return true;
    }
    default: break;
  }
  if (native.is != Is::text) return wrong_type(spot, ws, "文本");
  const auto text = native.text();
  switch (convert.as) {
    case As::uscc:
    case As::org_code:
    case As::id_number:
    case As::licence_id: return read_identifier(spot, convert, convert.as, text, out, options, ws);
    case As::id: {
      const Cell& by = ws.native[spot.n_base + convert.by_slot];
      const auto type = by.is == Is::text ? by.text() : std::string_view();
      if (contains(convert.by_uscc, type)) return read_identifier(spot, convert, As::uscc, text, out, options, ws);
      if (contains(convert.by_org_code, type))
        return read_identifier(spot, convert, As::org_code, text, out, options, ws);
      if (contains(convert.by_id_number, type))
        return read_identifier(spot, convert, As::id_number, text, out, options, ws);
      out.set_text(text);
      return true;
    }
    case As::region: return read_region(spot, convert, text, out, options, ws);
    default:
      if (convert.max_chars > 0 && characters(text) > convert.max_chars) {
        return fail_native(spot, ws, Code::RECORD_VALUE, "不得超过 " + std::to_string(convert.max_chars) + " 个字符");
      }
      out.set_text(text);
      return true;
  }
}

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
      out = cell.text();
      return true;
  }
}

}  // namespace chuanyu::adapters
