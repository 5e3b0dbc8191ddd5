// schemas/json_checks.h: the checks on a field's text that schemas/canonical/options.proto names, and those that look
// at several fields of a message.
//
// Inside the room. Threads: pure functions. Failure: a Chinese phrase that never holds the value.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

namespace chuanyu::schemas {

// What is wrong with `value` under the check's name; empty when nothing is. Changes `value` to its normal form (upper
// case). `id_type` is the GA/T code of the neighbouring field for party_id, empty when there is none.
std::string check_text(std::string_view check, std::string_view id_type, std::string& value);

// Rules between fields; `where` becomes the JSON pointer of the field within the message.
std::string check_message(const google::protobuf::Message& message, std::string& where);

}  // namespace chuanyu::schemas
