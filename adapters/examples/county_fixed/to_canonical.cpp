#include <charconv>

#include "adapters/examples/county_fixed/codes.h"
#include "adapters/examples/county_fixed/convert.h"
#include "adapters/sdk/wire.hpp"

namespace county {
namespace {

using chuanyu::sdk::Record;
using chuanyu::sdk::WireWriter;

// Whole numbers only: digits with zeros before them. False for anything else.
bool parse(std::string_view digits, std::uint64_t& value) {
  const char* end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, value).ptr == end;
}

bool is_day(std::uint64_t year, std::uint64_t month, std::uint64_t day) {
  constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// One record on its way; what is wrong with a column is said at the column.
class Writer {
 public:
  Writer(const Cells& cells, const Texts& texts, Record& record) : cells_(cells), texts_(texts), record_(record) {}

  void refuse(Column column, std::uint32_t code, std::string_view why) {
    record_.refuse(code, kColumns[column].name, "", why);
  }
  void need(Column column) {
    if (texts_[column].empty()) refuse(column, CHUANYU_CODE_FIELD_MISSING, "此栏必填");
  }
  void amount(WireWriter& to, std::uint32_t field, Column column) {
    if (texts_[column].empty()) return;
    std::uint64_t fen = 0;
    if (texts_[column].size() != kColumns[column].width || !parse(texts_[column], fen)) {
      refuse(column, CHUANYU_CODE_AMOUNT, "应为十二位数字，单位为分，不足时前补零");
    }
    to.varint(field, fen);
  }
  void date(WireWriter& to, std::uint32_t field, Column column) {
    const std::string_view text = texts_[column];
    if (text.empty()) return;
    std::uint64_t number = 0;
    const bool digits = text.size() == 8 && parse(text, number);
    if (!digits || !is_day(number / 10000, number / 100 % 100, number % 100)) {
      refuse(column, CHUANYU_CODE_DATE, "应为存在的日期 YYYYMMDD");
    }
    to.message(field, [&](WireWriter& date) {
      date.number(1, number / 10000);
      date.number(2, number / 100 % 100);
      date.number(3, number % 100);
    });
  }
  std::uint64_t code(Column column, const Codes& codes) {
    for (const auto& [native, canonical] : codes) {
      if (native == texts_[column]) return canonical;
    }
    unknown(column, trimmed(cells_[column]), "代码不在本格式的代码表中");
    return 0;
  }
  void penalties(WireWriter& to) {
    const std::string_view text = trimmed(cells_[Column::penalties]);
    if (text.size() % 2 != 0) refuse(Column::penalties, CHUANYU_CODE_LIST_LENGTH, "处罚种类应为两位一组的代码");
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      if (!is_penalty(text.substr(i, 2))) {
        unknown(Column::penalties, text.substr(i, 2), "处罚种类不在代码表中");
      }
      to.message(14, [&](WireWriter& kind) { kind.text(1, text.substr(i, 2)); });
    }
  }

 private:
  // The host counts the code, so that somebody sees which one the table lacks.
  void unknown(Column column, std::string_view code, std::string_view why) {
    record_.refuse(CHUANYU_CODE_CODE_UNKNOWN, kColumns[column].name, "", why, code);
  }

  const Cells& cells_;
  const Texts& texts_;
  Record& record_;
};

}  // namespace

std::string to_canonical(const Cells& cells, const Texts& texts, const std::string& ext_prefix, Record& record) {
  Writer from(cells, texts, record);
  for (const Column column : {case_id, case_no, case_name, agency_name, agency_uscc, party_name}) from.need(column);
  WireWriter out;
  out.text(1, texts[case_id]);
  out.text(2, texts[case_no]);
  out.text(3, texts[case_name]);
  out.message(4, [&](WireWriter& domain_code) { domain_code.number(1, from.code(domain, kDomains)); });
  out.number(7, from.code(state, kStates));
  out.message(8, [&](WireWriter& agency) {
    agency.text(1, texts[agency_name]);
    agency.text(2, texts[agency_uscc]);
  });
  out.message(9, [&](WireWriter& party) {
    party.text(1, texts[party_name]);
    party.number(2, from.code(party_kind, kPartyKinds));
    party.text(3, texts[party_uscc]);
  });
  out.text(10, texts[illegal_act]);
  from.penalties(out);
  from.amount(out, 16, fine);
  from.amount(out, 17, confiscated);
  out.text(18, texts[decision_no]);
  from.date(out, 19, decision_date);
  from.date(out, 20, closed_date);
  if (texts[publish_until] == kForEver) {
    out.message(26, [](WireWriter& publicity) { publicity.number(3, 1); });
  } else if (!texts[publish_until].empty()) {
    out.message(26, [&](WireWriter& publicity) { from.date(publicity, 1, publish_until); });
  }
  if (!texts[remark].empty()) {
    out.message(60, [&](WireWriter& entry) {
      entry.text(1, ext_prefix + "/" + std::string(kColumns[remark].name));
      entry.text(2, texts[remark]);
    });
  }
  return out.bytes();
}

}  // namespace county
