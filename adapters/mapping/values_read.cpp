// Native text -> canonical cells.
#include <algorithm>
#include <charconv>

#include "adapters/mapping/values.h"
#include "gateway/base/clock.h"
#include "schemas/identifiers.h"
#include "schemas/regions.h"

namespace chuanyu::adapters {
namespace {

using Shape = Target::Shape;

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
      return fail_gap(spot, ws, Code::RECORD_CODE_UNKNOWN, "代码集 " + set.name + " 中没有此值",
                      {set.name, std::string(text)});
    case CodeSet::Gap::quarantine:
      return fail_gap(spot, ws, Code::RECORD_QUARANTINED, "RECORD_CODE_UNKNOWN：代码集 " + set.name + " 中没有此值",
                      {set.name, std::string(text)});
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
  add_gap(spot, ws, {set.name, std::string(text)});
  return true;
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

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

}  // namespace chuanyu::adapters
