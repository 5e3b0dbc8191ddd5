// canonical wire -> JSON: walks the message by its descriptor, so that a new field needs no code here.
#include <map>
#include <memory>

#include <nlohmann/json.hpp>

#include "gateway/base/clock.h"
#include "schemas/canonical/common.pb.h"
#include "schemas/canonical/options.pb.h"
#include "schemas/canonical_json.h"
#include "schemas/enums.h"
#include "schemas/prototypes.h"

namespace chuanyu::schemas {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::ordered_json;

constexpr int kSingular = -1;

bool shown_when_absent(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::shown) || field.options().GetExtension(v1::mandatory);
}

Json date_json(const Message& message) {
  const auto& date = static_cast<const v1::Date&>(message);
  return to_string(Date{date.year(), date.month(), date.day()});
}

Json write(const Message& message);
Json write_value(const Message& message, const FieldDescriptor& field, int index);

// CodeValue and its typed sisters: the bare code when there is no native text.
Json code_json(const Message& message, const CodeFields& fields) {
  auto code = write_value(message, *fields.canonical, kSingular);
  const auto text = message.GetReflection()->GetString(message, fields.native_text);
  if (text.empty()) return code;
  return {{"canonical", code}, {"nativeText", text}};
}

// A plain element; `index` is kSingular or a place in a repeated field.
Json write_value(const Message& message, const FieldDescriptor& field, int index) {
  const auto& access = *message.GetReflection();
  const bool one = index == kSingular;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? access.GetString(message, &field) : access.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_BOOL: return access.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32: return access.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto number = access.GetInt64(message, &field);
      if (field.options().GetExtension(v1::check) == "time") return to_rfc3339(number);
      return number;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number =
          one ? access.GetEnumValue(message, &field) : access.GetRepeatedEnumValue(message, &field, index);
      const auto name = short_name(*field.enum_type(), number);
      if (!name.empty()) return std::string(name);
      return number == 0 ? Json() : Json(number);  // a value of a later version: shown as its number
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const auto& inner = one ? access.GetMessage(message, &field) : access.GetRepeatedMessage(message, &field, index);
      if (inner.GetDescriptor() == v1::Date::descriptor()) return date_json(inner);
      if (const auto code = code_fields(*inner.GetDescriptor())) return code_json(inner, *code);
      return write(inner);
    }
    default: return Json();  // no other type stands in the schemas
  }
}

Json write_map(const Message& message, const FieldDescriptor& field) {
  std::map<std::string, std::string> sorted;
  const auto& access = *message.GetReflection();
  for (int i = 0; i < access.FieldSize(message, &field); ++i) {
    const auto& entry = access.GetRepeatedMessage(message, &field, i);
    const auto& type = *entry.GetDescriptor();
    sorted[entry.GetReflection()->GetString(entry, type.map_key())] =
        entry.GetReflection()->GetString(entry, type.map_value());
  }
  Json out = Json::object();
  for (auto& [key, value] : sorted) out[key] = std::move(value);
  return out;
}

void write_repeated(const Message& message, const FieldDescriptor& field, Json& out) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  if (size == 0 && (field.is_map() || !shown_when_absent(field))) return;
  if (field.is_map()) {
    out[field.json_name()] = write_map(message, field);
    return;
  }
  Json list = Json::array();
  for (int i = 0; i < size; ++i) list.push_back(write_value(message, field, i));
  out[field.json_name()] = std::move(list);
}

void write_singular(const Message& message, const FieldDescriptor& field, Json& out) {
  const auto& access = *message.GetReflection();
  const bool there = access.HasField(message, &field);  // without presence: other than zero
  if (const auto& other = field.options().GetExtension(v1::implied_by_absence_of); !other.empty()) {
    const auto* until = message.GetDescriptor()->FindFieldByName(other);
    if (access.GetBool(message, &field) != access.HasField(message, until)) return;
    out[field.json_name()] = access.GetBool(message, &field);
    return;
  }
  if (there || (shown_when_absent(field) && !field.has_presence()))
    out[field.json_name()] = write_value(message, field, kSingular);
  else if (shown_when_absent(field))
    out[field.json_name()] = nullptr;
}

Json write(const Message& message) {
  Json out = Json::object();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    field.is_repeated() ? write_repeated(message, field, out) : write_singular(message, field, out);
  }
  return out;
}

Result<std::string> parse_and_write(const Message& prototype, BytesView wire, int indent) {
  const std::unique_ptr<Message> message(prototype.New());
  if (!message->ParseFromArray(wire.data(), static_cast<int>(wire.size())))
    return error(Code::RECORD_PARSE, "不是完整的规范数据");
  return write(*message).dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<std::string> to_json(Kind kind, BytesView wire, int indent) {
  return parse_and_write(record_prototype(kind), wire, indent);
}

Result<std::string> message_to_json(std::string_view type, BytesView wire, int indent) {
  const auto* prototype = message_prototype(type);
  if (prototype == nullptr) return error(Code::CLIENT_FIELD_INVALID, "没有这种业务消息", "/type");
  return parse_and_write(*prototype, wire, indent);
}

}  // namespace chuanyu::schemas
