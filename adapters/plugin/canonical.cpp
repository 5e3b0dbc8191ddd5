#include "adapters/plugin/canonical.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <set>

#include "adapters/plugin/compare.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/options.pb.h"
#include "schemas/identifiers.h"

namespace chuanyu::adapters::plugin {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const Message& prototype(Kind kind) {
  switch (kind) {
    case Kind::credit: return v1::CreditRecord::default_instance();
    case Kind::licence: return v1::Licence::default_instance();
    case Kind::enforcement_case: break;
  }
  return v1::EnforcementCase::default_instance();
}

// One message of each kind and thread is used again and again, for its memory.
Message& scratch(Kind kind) {
  thread_local std::unique_ptr<Message> messages[4];
  auto& message = messages[static_cast<std::size_t>(kind)];
  if (message == nullptr) message.reset(prototype(kind).New());
  return *message;
}

Bytes serialise(const Message& message) {
  Bytes out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

void hash(std::string_view text, std::uint64_t& h) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  h = (h ^ 0xFF) * 1099511628211u;
}

void hash_type(const Descriptor& type, std::set<const Descriptor*>& seen, std::uint64_t& h) {
  hash(type.full_name(), h);
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    hash(field.name(), h);
    hash(std::to_string(field.number()) + " " + field.type_name() + (field.is_repeated() ? "*" : ""), h);
    if (field.message_type() != nullptr) hash_type(*field.message_type(), seen, h);
    for (int v = 0; field.enum_type() != nullptr && v < field.enum_type()->value_count(); ++v) {
      const auto& value = *field.enum_type()->value(v);
      hash(value.name() + " " + std::to_string(value.number()), h);
    }
  }
}

// The identifiers of a message, with the check that its field names (schemas/canonical/options.proto).
class IdentifierCheck {
 public:
  IdentifierCheck(const GetOptions& options, std::vector<Note>& notes) : options_(options), notes_(notes) {}

  Status walk(const Message& message, const std::string& prefix) {
    std::vector<const FieldDescriptor*> fields;
    const auto& reflection = *message.GetReflection();
    reflection.ListFields(message, &fields);
    for (const auto* field : fields) {
      const std::string path = prefix + field->name();
      if (field->is_map()) continue;
      if (field->message_type() == nullptr) {
        if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
        CHUANYU_CHECK(check(message, *field, path));
      } else if (!field->is_repeated()) {
        CHUANYU_CHECK(walk(reflection.GetMessage(message, field), path + "."));
      } else {
        for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
          CHUANYU_CHECK(walk(reflection.GetRepeatedMessage(message, field, i), path + "[" + std::to_string(i) + "]."));
        }
      }
    }
    return {};
  }

 private:
  Status check(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const std::string& kind = field.options().GetExtension(v1::check);
    if (kind != "uscc" && kind != "party_id") return {};
    std::string buffer;
    const std::string& value = message.GetReflection()->GetStringReference(message, &field, &buffer);
    if (kind == "uscc") return judge("uscc", schemas::check_uscc(value).fault, path);
    const std::string type = id_type(message);
    if (type == "001") return judge("uscc", schemas::check_uscc(value).fault, path);
    if (type == "811") return judge("org_code", schemas::check_org_code(value).fault, path);
    if (type == "111") return judge("id_number", schemas::check_id_number(value).fault, path);
    return {};
  }
  static std::string id_type(const Message& message) {
    const auto* field = message.GetDescriptor()->FindFieldByName("id_type");
    if (field == nullptr || field->message_type() != v1::CodeValue::descriptor()) return {};
    return static_cast<const v1::CodeValue&>(message.GetReflection()->GetMessage(message, field)).canonical();
  }
  Status judge(const std::string& check, schemas::Fault fault, const std::string& path) {
    if (fault == schemas::Fault::none) return {};
    const auto found = options_.checks.find(check);
    const CheckAction action = found == options_.checks.end() ? CheckAction::reject : found->second;
    const std::string what(schemas::to_chinese(fault));
    const Code code = schemas::code_of(fault);
    if (action == CheckAction::reject) return error(code, what, path);
    if (action == CheckAction::quarantine) {
      return error(Code::RECORD_QUARANTINED, std::string(chuanyu::to_string(code)) + "：" + what, path);
    }
    notes_.push_back({Note::Kind::warning, code, check, "", path, what});
    return {};
  }

  const GetOptions& options_;
  std::vector<Note>& notes_;
};

}  // namespace

std::unique_ptr<Message> parsed(Kind kind, BytesView wire) {
  std::unique_ptr<Message> message(prototype(kind).New());
  message->ParseFromArray(wire.data(), static_cast<int>(wire.size()));
  return message;
}

bool is_part(Kind kind, BytesView part, BytesView whole) { return part_of(*parsed(kind, part), *parsed(kind, whole)); }

Bytes merge_edit(Kind kind, BytesView base, BytesView before, BytesView after) {
  const auto out = parsed(kind, base);
  merge(*parsed(kind, before), *parsed(kind, after), *out);
  return serialise(*out);
}

std::string message_name(Kind kind) { return prototype(kind).GetDescriptor()->full_name(); }

std::uint64_t message_fingerprint(Kind kind) {
  std::uint64_t h = 1469598103934665603u;
  std::set<const Descriptor*> seen;
  hash_type(*prototype(kind).GetDescriptor(), seen, h);
  return h;
}

Result<Bytes> normal_form(Kind kind, BytesView wire) {
  Message& message = scratch(kind);
  if (!message.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
    return error(Code::RECORD_PARSE, "不是规范记录 " + message_name(kind));
  }
  return serialise(message);
}

Result<Converted> accept(Kind kind, BytesView wire, const GetOptions& options) {
  Message& message = scratch(kind);
  if (wire.empty() || !message.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
    return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的不是规范记录 " + message_name(kind));
  }
  const std::size_t with_unknown = message.ByteSizeLong();
  message.DiscardUnknownFields();
  if (message.ByteSizeLong() != with_unknown) {
    return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的规范记录含有未知字段");
  }
  Converted out;
  CHUANYU_CHECK(IdentifierCheck(options, out.notes).walk(message, ""));
  out.bytes = serialise(message);
  return out;
}

}  // namespace chuanyu::adapters::plugin
