// schemas/record.h: what the exchange needs to know of a canonical record without unpacking it.
//
//   auto record = view_record(Kind::credit, wire);   // id, owner, status, publication, subjects
//   may_be_shown(*record, today)                     // standards.md 6.6: never show what may not be shown
//
// Reads the wire bytes once and copies nothing. Threads: pure functions. Ownership: every view points into `wire`.
// Failure: RECORD_PARSE for bytes that are not a message, RECORD_FIELD_MISSING without an id or an owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"

namespace chuanyu::schemas {

// The numbers are on disk: never renumber.
enum class Kind : std::uint8_t { credit = 1, licence = 2, enforcement_case = 3 };
std::string_view to_string(Kind kind);           // credit | licence | case
Result<Kind> parse_kind(std::string_view text);  // CLIENT_KIND_UNKNOWN

// 信用主体、持证主体、当事人. Empty views for what the record does not say.
struct Subject {
  std::string_view name;
  std::string_view uscc;
  std::string_view id_type;  // 6.3: 001, 111, ...
  std::string_view id_no;
};

struct RecordView {
  Kind kind = Kind::credit;
  std::string_view id;          // recordId, certId, caseId
  std::string_view owner_uscc;  // authority, issuer, agency
  std::string_view owner_name;
  int status = 0;                     // v1::CreditStatus, v1::LicenceStatus or v1::CaseState
  std::optional<Date> publish_until;  // credit, and case when it says so
  std::vector<Subject> subjects;
  std::string_view type_code;  // licence only
  std::string_view version;    // licence only
};

Result<RecordView> view_record(Kind kind, BytesView wire);

// A licence's type code and version must be those inside its identifier (profiles.md 5.3 #2, #13): RECORD_VALUE at
// /typeCode or /version. Other kinds: always success. An identifier whose parts cannot be told apart is not judged
// here.
Status check_agreement(const RecordView& record);

// The keys under which a record is found: USCC and document numbers of its subjects, each once, as identifier_key().
std::vector<std::string> subject_keys(const RecordView& record);
// One identifier as a key: upper case, ID numbers of 15 digits as 18. Use it for the query's side as well.
std::string identifier_key(std::string_view identifier);

struct Shown {
  bool shown = false;
  std::string_view reason;  // when not: "status" or "publish_until"
};
// Credit: only ACTIVE and DISPUTED, and only until publishUntil has passed (the day itself still counts). A status that
// this program does not know is not shown. Licences and cases: always; policy decides.
Shown may_be_shown(const RecordView& record, const Date& today);
Shown may_be_shown(Kind kind, BytesView wire, const Date& today);  // not shown ("unreadable") when it cannot be read

}  // namespace chuanyu::schemas
