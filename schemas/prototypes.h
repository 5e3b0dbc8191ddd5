// schemas/prototypes.h: the generated class behind a record kind or message type, for code that walks fields.
//
// Inside the room. Threads: pure functions; the instances live as long as the process.
#pragma once

#include <optional>
#include <string_view>

#include <google/protobuf/message.h>

#include "schemas/record.h"

namespace chuanyu::schemas {

const google::protobuf::Message& record_prototype(Kind kind);
const google::protobuf::Message* message_prototype(std::string_view type);  // nullptr when there is no such type

// The fields of a code message {canonical, native_text}; nothing for other messages.
struct CodeFields {
  const google::protobuf::FieldDescriptor* canonical;
  const google::protobuf::FieldDescriptor* native_text;
};
std::optional<CodeFields> code_fields(const google::protobuf::Descriptor& type);

}  // namespace chuanyu::schemas
