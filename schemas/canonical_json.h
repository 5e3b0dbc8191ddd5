// schemas/canonical_json.h: the form of canonical records and messages that people read and agencies without a native
// format send: JSON with the names of profiles.md (camelCase), dates as "YYYY-MM-DD", amounts in fen as numbers.
//
// For tests, tools and small bodies, not for the path of every record. Reading is strict: an unknown or repeated field,
// a missing mandatory one, a wrong type, an impossible date, an identifier whose check fails are errors with the JSON
// pointer of their place (CLIENT_JSON_INVALID, CLIENT_FIELD_UNKNOWN, CLIENT_FIELD_MISSING, CLIENT_FIELD_INVALID). The
// first error is returned; its detail counts the others. Details never hold the value.
// Writing is deterministic in both directions. Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "schemas/record.h"

namespace chuanyu::schemas {

// indent < 0: one line. RECORD_PARSE when `wire` is not such a record.
Result<std::string> to_json(Kind kind, BytesView wire, int indent = -1);
Result<Bytes> from_json(Kind kind, std::string_view json);

// A message between the provinces (profiles.md 5.5).
struct MessageType {
  std::string_view name;      // "clue-transfer"
  std::string_view title_zh;  // "案件线索移送函"
  std::string_view answers;   // the message that this one answers; empty: it begins an exchange
};
std::span<const MessageType> message_types();
const MessageType* find_message_type(std::string_view name);  // nullptr when there is none

// CLIENT_FIELD_INVALID at "/type" for an unknown type.
Result<std::string> message_to_json(std::string_view type, BytesView wire, int indent = -1);
Result<Bytes> message_from_json(std::string_view type, std::string_view json);

}  // namespace chuanyu::schemas
