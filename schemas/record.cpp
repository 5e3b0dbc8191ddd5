#include "schemas/record.h"

#include <algorithm>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/identifiers.h"
#include "schemas/wire_scan.h"

namespace chuanyu::schemas {
namespace {

// A singular submessage that occurs twice is merged, the later field winning, as every Protobuf parser does it: so what
// is shown here and what a full parse sees cannot differ.

bool scan_date(BytesView wire, std::optional<Date>& date) {
  if (!date) date = Date{};
  return scan_wire(wire, [&](const WireField& f) {
    const int value = static_cast<int>(f.number_value);
    if (f.tag == varint_tag(v1::Date::kYearFieldNumber)) date->year = value;
    if (f.tag == varint_tag(v1::Date::kMonthFieldNumber)) date->month = value;
    if (f.tag == varint_tag(v1::Date::kDayFieldNumber)) date->day = value;
    return true;
  });
}

bool scan_code(BytesView wire, std::string_view& code) {
  return scan_wire(wire, [&](const WireField& f) {
    if (f.tag == bytes_tag(v1::CodeValue::kCanonicalFieldNumber)) code = f.bytes;
    return true;
  });
}

bool scan_party(BytesView wire, Subject& subject) {
  return scan_wire(wire, [&](const WireField& f) {
    switch (f.tag) {
      case bytes_tag(v1::PartyRef::kNameFieldNumber): subject.name = f.bytes; break;
      case bytes_tag(v1::PartyRef::kUsccFieldNumber): subject.uscc = f.bytes; break;
      case bytes_tag(v1::PartyRef::kIdTypeFieldNumber): return scan_code(f.bytes, subject.id_type);
      case bytes_tag(v1::PartyRef::kIdNoFieldNumber): subject.id_no = f.bytes; break;
      default: break;
    }
    return true;
  });
}

bool scan_holder(BytesView wire, Subject& subject) {
  return scan_wire(wire, [&](const WireField& f) {
    switch (f.tag) {
      case bytes_tag(v1::Holder::kNameFieldNumber): subject.name = f.bytes; break;
      case bytes_tag(v1::Holder::kCodeFieldNumber): subject.id_no = f.bytes; break;
      case bytes_tag(v1::Holder::kCodeTypeFieldNumber): return scan_code(f.bytes, subject.id_type);
      default: break;
    }
    return true;
  });
}

// OrgRef and Issuer have name and USCC in the same places.
bool scan_owner(BytesView wire, RecordView& record) {
  static_assert(int{v1::OrgRef::kNameFieldNumber} == int{v1::Issuer::kNameFieldNumber});
  static_assert(int{v1::OrgRef::kUsccFieldNumber} == int{v1::Issuer::kUsccFieldNumber});
  return scan_wire(wire, [&](const WireField& f) {
    if (f.tag == bytes_tag(v1::OrgRef::kNameFieldNumber)) record.owner_name = f.bytes;
    if (f.tag == bytes_tag(v1::OrgRef::kUsccFieldNumber)) record.owner_uscc = f.bytes;
    return true;
  });
}

bool scan_credit(BytesView wire, RecordView& record) {
  record.subjects.resize(1);
  return scan_wire(wire, [&](const WireField& f) {
    switch (f.tag) {
      case bytes_tag(v1::CreditRecord::kRecordIdFieldNumber): record.id = f.bytes; break;
      case bytes_tag(v1::CreditRecord::kSubjectFieldNumber): return scan_party(f.bytes, record.subjects[0]);
      case bytes_tag(v1::CreditRecord::kAuthorityFieldNumber): return scan_owner(f.bytes, record);
      case bytes_tag(v1::CreditRecord::kPublishUntilFieldNumber): return scan_date(f.bytes, record.publish_until);
      case varint_tag(v1::CreditRecord::kStatusFieldNumber): record.status = static_cast<int>(f.number_value); break;
      default: break;
    }
    return true;
  });
}

bool scan_licence(BytesView wire, RecordView& record) {
  return scan_wire(wire, [&](const WireField& f) {
    switch (f.tag) {
      case bytes_tag(v1::Licence::kCertIdFieldNumber): record.id = f.bytes; break;
      case bytes_tag(v1::Licence::kTypeCodeFieldNumber): record.type_code = f.bytes; break;
      case bytes_tag(v1::Licence::kVersionFieldNumber): record.version = f.bytes; break;
      case bytes_tag(v1::Licence::kIssuerFieldNumber): return scan_owner(f.bytes, record);
      case bytes_tag(v1::Licence::kHoldersFieldNumber): return scan_holder(f.bytes, record.subjects.emplace_back());
      case varint_tag(v1::Licence::kStatusFieldNumber): record.status = static_cast<int>(f.number_value); break;
      default: break;
    }
    return true;
  });
}

bool scan_publicity(BytesView wire, RecordView& record) {
  return scan_wire(wire, [&](const WireField& f) {
    return f.tag == bytes_tag(v1::CasePublicity::kUntilFieldNumber) ? scan_date(f.bytes, record.publish_until) : true;
  });
}

bool scan_case(BytesView wire, RecordView& record) {
  return scan_wire(wire, [&](const WireField& f) {
    switch (f.tag) {
      case bytes_tag(v1::EnforcementCase::kCaseIdFieldNumber): record.id = f.bytes; break;
      case bytes_tag(v1::EnforcementCase::kAgencyFieldNumber): return scan_owner(f.bytes, record);
      case bytes_tag(v1::EnforcementCase::kPartiesFieldNumber):
        return scan_party(f.bytes, record.subjects.emplace_back());
      case bytes_tag(v1::EnforcementCase::kPublicityFieldNumber): return scan_publicity(f.bytes, record);
      case varint_tag(v1::EnforcementCase::kStateFieldNumber): record.status = static_cast<int>(f.number_value); break;
      default: break;
    }
    return true;
  });
}

bool scan(Kind kind, BytesView wire, RecordView& record) {
  switch (kind) {
    case Kind::credit: return scan_credit(wire, record);
    case Kind::licence: return scan_licence(wire, record);
    case Kind::enforcement_case: return scan_case(wire, record);
  }
  return false;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::credit: return "credit";
    case Kind::licence: return "licence";
    case Kind::enforcement_case: return "case";
  }
  return "";
}

Result<Kind> parse_kind(std::string_view text) {
  for (auto kind : {Kind::credit, Kind::licence, Kind::enforcement_case})
    if (text == to_string(kind)) return kind;
  return error(Code::CLIENT_KIND_UNKNOWN, "记录种类只有 credit、licence、case 三种");
}

Result<RecordView> view_record(Kind kind, BytesView wire) {
  RecordView record;
  record.kind = kind;
  if (!scan(kind, wire, record)) return error(Code::RECORD_PARSE, "不是完整的规范记录");
  if (record.publish_until && !is_valid(*record.publish_until))
    return error(Code::RECORD_DATE, "公示截止日期不存在", "/publishUntil");
  if (record.id.empty()) return error(Code::RECORD_FIELD_MISSING, "规范记录没有标识");
  if (record.owner_uscc.empty()) return error(Code::RECORD_FIELD_MISSING, "规范记录没有所属机关的统一社会信用代码");
  return record;
}

Status check_agreement(const RecordView& record) {
  if (record.kind != Kind::licence) return {};
  const auto id = check_licence_id(record.id);
  if (!id.type_code.empty() && id.type_code != record.type_code)
    return error(Code::RECORD_VALUE, "证照类型代码应与电子证照标识中的一致", "/typeCode");
  if (!id.version.empty() && id.version != record.version)
    return error(Code::RECORD_VALUE, "版本号应与电子证照标识中的一致", "/version");
  return {};
}

std::string identifier_key(std::string_view identifier) {
  if (identifier.size() == 15)
    if (auto id18 = to_id18(identifier)) return *std::move(id18);
  std::string key(identifier);
  for (char& c : key)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return key;
}

std::vector<std::string> subject_keys(const RecordView& record) {
  std::vector<std::string> keys;
  for (const auto& subject : record.subjects)
    for (auto identifier : {subject.uscc, subject.id_no})
      if (!identifier.empty()) keys.push_back(identifier_key(identifier));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Shown may_be_shown(const RecordView& record, const Date& today) {
  if (record.kind != Kind::credit) return {true, {}};
  if (record.status != v1::CREDIT_STATUS_ACTIVE && record.status != v1::CREDIT_STATUS_DISPUTED)
    return {false, "status"};
  if (record.publish_until && *record.publish_until < today) return {false, "publish_until"};
  return {true, {}};
}

Shown may_be_shown(Kind kind, BytesView wire, const Date& today) {
  const auto record = view_record(kind, wire);
  return record.ok() ? may_be_shown(*record, today) : Shown{false, "unreadable"};
}

}  // namespace chuanyu::schemas
