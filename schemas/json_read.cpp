// JSON -> canonical wire: strict, by descriptor and field options.
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <nlohmann/json.hpp>

#include "gateway/base/clock.h"
#include "gateway/base/json_mistakes.h"
#include "schemas/canonical/common.pb.h"
#include "schemas/canonical/options.pb.h"
#include "schemas/canonical_json.h"
#include "schemas/enums.h"
#include "schemas/json_checks.h"
#include "schemas/prototypes.h"

namespace chuanyu::schemas {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 16;  // the deepest canonical message needs five

// JSON text -> tree; refuses repeated keys and deep nesting, which nlohmann alone would let pass.
class Parser {
 public:
  Result<Json> parse(std::string_view text) {
    try {
      auto json = Json::parse(
          text, [this](int depth, Json::parse_event_t event, Json& value) { return look(depth, event, value); });
      if (!repeated_.empty()) return error(Code::CLIENT_JSON_INVALID, "同一对象中字段重复", "/" + repeated_);
      if (too_deep_) return error(Code::CLIENT_JSON_INVALID, "嵌套层次过深");
      return json;
    } catch (const Json::parse_error& e) {
      return error(Code::CLIENT_JSON_INVALID, "第 " + std::to_string(e.byte) + " 个字节处不是合格的 JSON");
    } catch (const Json::exception&) {
      return error(Code::CLIENT_JSON_INVALID, "不是合格的 JSON");
    }
  }

 private:
  // Returning false drops the value: nothing below kMaxDepth is kept in memory.
  bool look(int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second && repeated_.empty())
      repeated_ = value.get<std::string>();
    if (depth > kMaxDepth) too_deep_ = true;
    return depth <= kMaxDepth;
  }

  std::vector<std::set<std::string>> keys_;
  std::string repeated_;
  bool too_deep_ = false;
};

class Reader {
 public:
  void read(const Json& json, Message& message, const std::string& at);
  const std::vector<Error>& errors() const { return errors_; }

 private:
  void read_field(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_map(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_value(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_text(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_number(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_time(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_enum(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_message(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at);
  void read_date(const Json& json, v1::Date& date, const std::string& at);
  void read_code(const Json& json, Message& code, const CodeFields& fields, const std::string& at);
  void imply(Message& message, const FieldDescriptor& field);

  void fail(Code code, std::string detail, std::string at) {
    errors_.push_back(error(code, std::move(detail), std::move(at)));
  }
  void invalid(std::string detail, const std::string& at) { fail(Code::CLIENT_FIELD_INVALID, std::move(detail), at); }

  std::vector<Error> errors_;
};

bool says_nothing(const Json& json) {
  return json.is_null() || (json.is_string() && json.get_ref<const std::string&>().empty());
}

// The code of the document type beside a document number: id_type in a party, code_type in a holder.
std::string id_type_of(const Message& message) {
  for (const char* name : {"id_type", "code_type"}) {
    const auto* field = message.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr)
      return static_cast<const v1::CodeValue&>(message.GetReflection()->GetMessage(message, field)).canonical();
  }
  return {};
}

void Reader::read(const Json& json, Message& message, const std::string& at) {
  if (!json.is_object()) return invalid("应为 JSON 对象", at);
  const auto& type = *message.GetDescriptor();
  const auto before = errors_.size();
  for (const auto& [key, value] : json.items()) {
    const auto* field = type.FindFieldByCamelcaseName(key);
    if (field == nullptr || field->json_name() != key)
      fail(Code::CLIENT_FIELD_UNKNOWN, "没有这个字段", at + "/" + json_pointer_token(key));
  }
  // In the schema's order, so that the type of a document number is known before the number (id_type before id_no;
  // code_type comes after code and is read first).
  const auto* code_type = type.FindFieldByName("code_type");
  if (code_type != nullptr) read_field(json, *code_type, message, at);
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i) != code_type) read_field(json, *type.field(i), message, at);
  if (errors_.size() != before) return;
  std::string where;
  if (auto fault = check_message(message, where); !fault.empty()) invalid(std::move(fault), at + where);
}

void Reader::read_field(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  const auto found = json.find(field.json_name());
  const std::string place = at + "/" + field.json_name();
  if (found == json.end() || found->is_null()) {
    if (field.options().GetExtension(v1::mandatory)) fail(Code::CLIENT_FIELD_MISSING, "缺少必填字段", place);
    return imply(message, field);
  }
  if (field.options().GetExtension(v1::mandatory) && says_nothing(*found))
    return fail(Code::CLIENT_FIELD_MISSING, "必填字段不能为空", place);
  if (field.is_map()) return read_map(*found, field, message, place);
  if (!field.is_repeated()) return read_value(*found, field, message, place);
  if (!found->is_array()) return invalid("应为数组", place);
  for (std::size_t i = 0; i < found->size(); ++i)
    read_value((*found)[i], field, message, place + "/" + std::to_string(i));
}

void Reader::imply(Message& message, const FieldDescriptor& field) {
  const auto& other = field.options().GetExtension(v1::implied_by_absence_of);
  if (other.empty()) return;
  const auto& access = *message.GetReflection();
  access.SetBool(&message, &field, !access.HasField(message, message.GetDescriptor()->FindFieldByName(other)));
}

void Reader::read_map(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  if (!json.is_object()) return invalid("应为 JSON 对象", at);
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      invalid("应为字符串", at + "/" + json_pointer_token(key));
      continue;
    }
    auto* entry = message.GetReflection()->AddMessage(&message, &field);
    const auto& type = *entry->GetDescriptor();
    entry->GetReflection()->SetString(entry, type.map_key(), key);
    entry->GetReflection()->SetString(entry, type.map_value(), value.get<std::string>());
  }
}

void Reader::read_value(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return read_text(json, field, message, at);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!json.is_boolean()) return invalid("应为 true 或 false", at);
      return message.GetReflection()->SetBool(&message, &field, json.get<bool>());
    case FieldDescriptor::CPPTYPE_INT64:
      if (field.options().GetExtension(v1::check) == "time") return read_time(json, field, message, at);
      return read_number(json, field, message, at);
    case FieldDescriptor::CPPTYPE_INT32: return read_number(json, field, message, at);
    case FieldDescriptor::CPPTYPE_ENUM: return read_enum(json, field, message, at);
    case FieldDescriptor::CPPTYPE_MESSAGE: return read_message(json, field, message, at);
    default: return;  // no other type stands in the schemas
  }
}

void Reader::read_text(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  if (!json.is_string()) return invalid("应为字符串", at);
  auto text = json.get<std::string>();
  const auto& check = field.options().GetExtension(v1::check);
  if (!text.empty())
    if (auto fault = check_text(check, check == "party_id" ? id_type_of(message) : "", text); !fault.empty())
      return invalid(std::move(fault), at);
  const auto& access = *message.GetReflection();
  if (field.is_repeated()) return access.AddString(&message, &field, std::move(text));
  // An optional text that is empty says nothing.
  if (!text.empty() || !field.has_presence()) access.SetString(&message, &field, std::move(text));
}

void Reader::read_number(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  if (!json.is_number_integer()) return invalid("应为整数", at);
  const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  const std::int64_t max = wide ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(max))
    return invalid("数值过大", at);
  const auto number = json.get<std::int64_t>();
  if (number < 0) return invalid("不能为负数", at);
  if (field.options().GetExtension(v1::check) == "level" && (number < 1 || number > 5))
    return invalid("应为 1 到 5", at);
  const auto& access = *message.GetReflection();
  wide ? access.SetInt64(&message, &field, number)
       : access.SetInt32(&message, &field, static_cast<std::int32_t>(number));
}

void Reader::read_time(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  const auto time = json.is_string() ? parse_rfc3339(json.get_ref<const std::string&>()) : std::nullopt;
  if (!time) return invalid("应为带时区的时间，如 2026-03-05T09:30:00+08:00", at);
  message.GetReflection()->SetInt64(&message, &field, *time);
}

void Reader::read_enum(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  const auto number =
      json.is_string() ? parse_short(*field.enum_type(), json.get_ref<const std::string&>()) : std::nullopt;
  if (!number) return invalid("不在代码集中", at);
  const auto& access = *message.GetReflection();
  field.is_repeated() ? access.AddEnumValue(&message, &field, *number) : access.SetEnumValue(&message, &field, *number);
}

void Reader::read_message(const Json& json, const FieldDescriptor& field, Message& message, const std::string& at) {
  const auto& access = *message.GetReflection();
  auto& inner = *(field.is_repeated() ? access.AddMessage(&message, &field) : access.MutableMessage(&message, &field));
  if (inner.GetDescriptor() == v1::Date::descriptor()) return read_date(json, static_cast<v1::Date&>(inner), at);
  if (const auto code = code_fields(*inner.GetDescriptor())) return read_code(json, inner, *code, at);
  read(json, inner, at);
}

void Reader::read_date(const Json& json, v1::Date& date, const std::string& at) {
  const auto day = json.is_string() ? parse_date(json.get_ref<const std::string&>()) : std::nullopt;
  if (!day) return invalid("应为存在的日期，如 2026-03-05", at);
  date.set_year(day->year);
  date.set_month(day->month);
  date.set_day(day->day);
}

void Reader::read_code(const Json& json, Message& code, const CodeFields& fields, const std::string& at) {
  if (json.is_string() && !says_nothing(json)) return read_value(json, *fields.canonical, code, at);
  if (json.is_object()) return read(json, code, at);
  invalid("应为代码，或含 canonical 与 nativeText 的对象", at);
}

std::string serialise(const Message& message) {
  std::string wire;
  google::protobuf::io::StringOutputStream stream(&wire);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);  // maps in key order
  message.SerializeToCodedStream(&out);
  out.Trim();
  return wire;
}

Result<Bytes> read_whole(const Message& prototype, std::string_view text) {
  CHUANYU_TRY(const auto json, Parser().parse(text));
  const std::unique_ptr<Message> message(prototype.New());
  Reader reader;
  reader.read(json, *message, "");
  if (reader.errors().empty()) return serialise(*message);
  Error first = reader.errors().front();
  if (const auto others = reader.errors().size() - 1; others > 0)
    first.detail += "；另有 " + std::to_string(others) + " 处有误";
  return first;
}

}  // namespace

Result<Bytes> from_json(Kind kind, std::string_view json) { return read_whole(record_prototype(kind), json); }

Result<Bytes> message_from_json(std::string_view type, std::string_view json) {
  const auto* prototype = message_prototype(type);
  if (prototype == nullptr) return error(Code::CLIENT_FIELD_INVALID, "没有这种业务消息", "/type");
  return read_whole(*prototype, json);
}

}  // namespace chuanyu::schemas
