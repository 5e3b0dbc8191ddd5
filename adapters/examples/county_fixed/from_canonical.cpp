#include "adapters/examples/county_fixed/codes.h"
#include "adapters/examples/county_fixed/convert.h"
#include "adapters/sdk/wire.hpp"

namespace county {
namespace {

using chuanyu::sdk::Record;
using chuanyu::sdk::WireReader;

// What the format has no column for, by field number.
constexpr std::pair<std::uint32_t, std::string_view> kLost[] = {{5, "procedure"},
                                                                {6, "source"},
                                                                {11, "legal_basis"},
                                                                {13, "officers"},
                                                                {15, "penalty_content"},
                                                                {21, "evidence"},
                                                                {22, "confiscated_income_fen"},
                                                                {23, "confiscated_goods_fen"},
                                                                {24, "discretion"},
                                                                {25, "revoked_licence"}};

std::string zero_padded(std::uint64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() >= width ? text : std::string(width - text.size(), '0') + text;
}

class Reader {
 public:
  Reader(const std::string& ext_prefix, Record& record) : ext_prefix_(ext_prefix), record_(record) {}

  Texts read(std::string_view wire) {
    for (WireReader r(wire); r.next();) field(r);
    if (texts_[domain].empty()) refuse(domain, CHUANYU_CODE_FIELD_MISSING, "domain", "没有执法领域");
    if (texts_[state].empty()) refuse(state, CHUANYU_CODE_FIELD_MISSING, "state", "没有案件状态");
    if (parties_ == 0) refuse(party_name, CHUANYU_CODE_FIELD_MISSING, "parties", "没有当事人");
    return std::move(texts_);
  }

 private:
  void field(const WireReader& r) {
    switch (r.field()) {
      case 1: return text(case_id, r.text());
      case 2: return text(case_no, r.text());
      case 3: return text(case_name, r.text());
      case 4: return read_domain(r.text());
      case 7: return code(state, kStates, r.number(), "state", CHUANYU_CODE_MODIFIER_UNREPRESENTABLE);
      case 8: return read_agency(r.text());
      case 9: return read_party(r.text());
      case 10: return text(illegal_act, r.text());
      case 14: return read_penalty(r.text());
      case 16: return amount(fine, r.number());
      case 17: return amount(confiscated, r.number());
      case 18: return text(decision_no, r.text());
      case 19: return date(decision_date, r.text());
      case 20: return date(closed_date, r.text());
      case 26: return read_publicity(r.text());
      case 60: return read_ext(r.text());
      default: break;
    }
    for (const auto& [number, path] : kLost) {
      if (number == r.field()) return lost(path);
    }
    lost("(unknown)");
  }

  void refuse(Column column, std::uint32_t why, std::string_view canonical, std::string_view message) {
    record_.refuse(why, kColumns[column].name, canonical, message);
  }
  void lost(std::string_view path) { record_.note(CHUANYU_LOSS, "", path, "本格式没有此栏"); }

  void text(Column column, std::string_view value) {
    if (value.find_first_of("\r\n") != std::string_view::npos) {
      refuse(column, CHUANYU_CODE_SEPARATOR, "", "取值含有换行，而一行即一条记录");
    }
    texts_[column] = trimmed(value);
    if (texts_[column].size() != value.size()) {
      record_.note(CHUANYU_LOSS, kColumns[column].name, "", "取值末尾的空格在定长栏中不能保留");
    }
  }
  void code(Column column, const Codes& codes, std::uint64_t value, std::string_view path, std::uint32_t otherwise) {
    for (const auto& [native, canonical] : codes) {
      if (canonical == value) return void(texts_[column] = native);
    }
    refuse(column, otherwise, path, "本格式的代码表中没有此值");
  }
  void amount(Column column, std::uint64_t fen) {
    texts_[column] = zero_padded(fen, kColumns[column].width);
    if (texts_[column].size() > kColumns[column].width) refuse(column, CHUANYU_CODE_AMOUNT, "", "金额超过十二位");
  }
  void date(Column column, std::string_view wire) {
    std::uint64_t parts[4] = {};
    for (WireReader r(wire); r.next();) parts[r.field() < 4 ? r.field() : 0] = r.number();
    texts_[column] = zero_padded(parts[1], 4) + zero_padded(parts[2], 2) + zero_padded(parts[3], 2);
    if (texts_[column].size() != 8 || (column == publish_until && texts_[column] == kForEver)) {
      refuse(column, CHUANYU_CODE_DATE, "", "此日期在本格式中写不出");
    }
  }

  void read_domain(std::string_view wire) {
    for (WireReader r(wire); r.next();) {
      if (r.field() == 1) code(domain, kDomains, r.number(), "domain", CHUANYU_CODE_CODE_UNKNOWN);
      if (r.field() == 2) lost("domain.native_text");
    }
  }
  void read_agency(std::string_view wire) {
    for (WireReader r(wire); r.next();) {
      if (r.field() == 1) text(agency_name, r.text());
      if (r.field() == 2) text(agency_uscc, r.text());
      if (r.field() == 3) lost("agency.region_code");
    }
  }
  void read_party(std::string_view wire) {
    if (++parties_ > 1) return lost("parties");
    for (WireReader r(wire); r.next();) {
      switch (r.field()) {
        case 1: text(party_name, r.text()); break;
        case 2: code(party_kind, kPartyKinds, r.number(), "parties.kind", CHUANYU_CODE_CODE_UNKNOWN); break;
        case 3: text(party_uscc, r.text()); break;
        case 4: lost("parties.id_type"); break;
        case 5: lost("parties.id_no"); break;
        case 6: lost("parties.region_code"); break;
        default: lost("parties.id_token");
      }
    }
  }
  void read_penalty(std::string_view wire) {
    for (WireReader r(wire); r.next();) {
      if (r.field() == 2) lost("penalty_kinds.native_text");
      if (r.field() != 1) continue;
      if (!is_penalty(r.text())) refuse(penalties, CHUANYU_CODE_CODE_UNKNOWN, "penalty_kinds", "处罚种类不在代码表中");
      texts_[penalties] += r.text();
    }
  }
  void read_publicity(std::string_view wire) {
    for (WireReader r(wire); r.next();) {
      if (r.field() == 1) date(publish_until, r.text());
      if (r.field() == 3 && r.number() != 0) texts_[publish_until] = kForEver;
      if (r.field() != 2) continue;
      if (r.number() == 1) lost("publicity.status");
      if (r.number() > 1) {
        refuse(publish_until, CHUANYU_CODE_MODIFIER_UNREPRESENTABLE, "publicity.status", "本格式不能说明公示已撤销");
      }
    }
  }
  void read_ext(std::string_view wire) {
    std::string_view key;
    std::string_view value;
    for (WireReader r(wire); r.next();) (r.field() == 1 ? key : value) = r.text();
    if (key == ext_prefix_ + "/" + std::string(kColumns[remark].name)) return text(remark, value);
    lost("ext");
  }

  const std::string& ext_prefix_;
  Record& record_;
  Texts texts_;
  unsigned parties_ = 0;
};

}  // namespace

Texts from_canonical(std::string_view wire, const std::string& ext_prefix, Record& record) {
  return Reader(ext_prefix, record).read(wire);
}

}  // namespace county
