#include "adapters/plugin/explain.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "adapters/plugin/canonical.h"
#include "gateway/base/clock.h"
#include "schemas/canonical/options.pb.h"
#include "schemas/enums.h"

namespace chuanyu::adapters::plugin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Fields {
 public:
  explicit Fields(std::vector<Step>& steps) : steps_(steps) {}

  void walk(const Message& message, const std::string& prefix) {
    std::vector<const FieldDescriptor*> fields;
    const auto& reflection = *message.GetReflection();
    reflection.ListFields(message, &fields);
    for (const auto* field : fields) {
      const std::string path = prefix + field->name();
      const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 0;
      if (field->message_type() == nullptr) {
        if (!field->is_repeated()) add(path, kind_of(*field), value_of(message, *field));
      } else if (!field->is_repeated()) {
        inner(reflection.GetMessage(message, field), path);
      } else {
        for (int i = 0; i < size; ++i)
          inner(reflection.GetRepeatedMessage(message, field, i), path + "[" + std::to_string(i) + "]");
      }
    }
  }

 private:
  // A date and a coded value are one field each; an entry of ext is called by its key.
  void inner(const Message& message, const std::string& path) {
    const auto& type = *message.GetDescriptor();
    const auto value = [&](const char* name) { return value_of(message, *type.FindFieldByName(name)); };
    if (type.options().map_entry()) {
      add("ext[" + value("key") + "]", "text", value("value"));
    } else if (type.FindFieldByName("native_text") != nullptr) {
      const auto words = value("native_text");
      add(path, "code", value("canonical") + (words.empty() ? "" : "（" + words + "）"));
    } else if (type.FindFieldByName("year") != nullptr) {
      const auto number = [&](const char* name) { return std::stoi(value(name)); };
      add(path, "date", to_string(Date{number("year"), number("month"), number("day")}));
    } else {
      walk(message, path + ".");
    }
  }

  void add(const std::string& path, const std::string& as, std::string value) {
    Step& step = steps_.emplace_back();
    step.rule = "plugin";
    step.as = as;
    step.canonical = path;
    step.value = std::move(value);
    step.open = as != "text";
  }

  static std::string kind_of(const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return "code";
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return "bool";
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "int";
    return field.options().GetExtension(v1::check) == "region" ? "region" : "text";
  }

  static std::string value_of(const Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        return std::string(schemas::short_name(*field.enum_type(), reflection.GetEnumValue(message, &field)));
      case FieldDescriptor::CPPTYPE_BOOL: return reflection.GetBool(message, &field) ? "true" : "false";
      case FieldDescriptor::CPPTYPE_INT32: return std::to_string(reflection.GetInt32(message, &field));
      case FieldDescriptor::CPPTYPE_UINT32: return std::to_string(reflection.GetUInt32(message, &field));
      case FieldDescriptor::CPPTYPE_INT64: return std::to_string(reflection.GetInt64(message, &field));
      case FieldDescriptor::CPPTYPE_STRING: return reflection.GetString(message, &field);
      default: return {};
    }
  }

  std::vector<Step>& steps_;
};

Step host_step(const char* rule, std::string as) {
  Step step;
  step.rule = rule;
  step.as = std::move(as);
  return step;
}

}  // namespace

std::vector<Step> steps_of(const Profile& profile, std::size_t bytes, BytesView canonical) {
  std::vector<Step> steps;
  Step& charset = steps.emplace_back(host_step("host.charset", profile.charset));
  charset.there = true;
  charset.length = bytes;
  const auto record = parsed(profile.kind, canonical);
  Fields(steps).walk(*record, "");
  steps.push_back(host_step("host.canonical", message_name(profile.kind)));
  steps.push_back(host_step("host.identifiers", "uscc org_code id_number"));
  return steps;
}

}  // namespace chuanyu::adapters::plugin
