// The canonical tree of a plan, made from the message's descriptor once at load.
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "adapters/mapping/compile.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/options.pb.h"

namespace chuanyu::adapters {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

Wire wire_of(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return Wire::text;
    case FieldDescriptor::CPPTYPE_BOOL: return Wire::boolean;
    case FieldDescriptor::CPPTYPE_ENUM: return Wire::enumeration;
    case FieldDescriptor::CPPTYPE_MESSAGE: return Wire::message;
    default: return Wire::integer;
  }
}

class Builder {
 public:
  explicit Builder(Plan& plan) : plan_(plan) {}

  // A scope of its own: the record, or the items of a repeated field.
  int scope(const Descriptor* message, const FieldDescriptor* element, const std::string& path) {
    const int id = static_cast<int>(plan_.canon_scopes.size());
    plan_.canon_scopes.emplace_back();
    const int root = add(element, id, path);
    plan_.canon_scopes[static_cast<std::size_t>(id)].root = root;
    if (message != nullptr) fields(*message, root, id, path.empty() ? "" : path + ".");
    return id;
  }

 private:
  int add(const FieldDescriptor* field, int scope, const std::string& path) {
    const int id = static_cast<int>(plan_.canonical.size());
    CanonNode node;
    node.slot = plan_.canon_scopes[static_cast<std::size_t>(scope)].slots++;
    node.path = path;
    if (field != nullptr) {
      node.number = static_cast<std::uint32_t>(field->number());
      node.wire = wire_of(*field);
      node.name = field->name();
      node.modifier = field->options().GetExtension(v1::modifier);
      node.mandatory = field->options().GetExtension(v1::mandatory);
      node.enum_type = field->enum_type();
    }
    plan_.canonical.push_back(std::move(node));
    return id;
  }

  void fields(const Descriptor& message, int parent, int scope, const std::string& prefix) {
    std::vector<const FieldDescriptor*> sorted;
    sorted.reserve(static_cast<std::size_t>(message.field_count()));
    for (int i = 0; i < message.field_count(); ++i) sorted.push_back(message.field(i));
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->number() < b->number(); });
    for (const auto* field : sorted) {
      const auto path = prefix + field->name();
      const int id = add(field, scope, path);
      const auto at = static_cast<std::size_t>(id);
      auto& children = plan_.canonical[static_cast<std::size_t>(parent)].children;
      children.push_back(id);
      auto& by_number = plan_.canonical[static_cast<std::size_t>(parent)].by_number;
      if (by_number.size() <= static_cast<std::size_t>(field->number())) {
        by_number.resize(static_cast<std::size_t>(field->number()) + 1, -1);
      }
      by_number[static_cast<std::size_t>(field->number())] = static_cast<std::int16_t>(id);
      plan_.canonical[at].explicit_presence = field->has_presence();
      if (field->is_map()) {
        plan_.canonical[at].wire = Wire::map;
        plan_.ext_node = id;
      } else if (field->is_repeated()) {
        plan_.canonical[at].repeated = true;
        const int item = this->scope(field->message_type(), field, path + "[" + kIndex + "]");
        plan_.canonical[at].item = item;
      } else if (field->message_type() != nullptr) {
        fields(*field->message_type(), id, scope, path + ".");
      }
    }
  }

  Plan& plan_;
};

}  // namespace

const Descriptor* canonical_descriptor(const std::string& name) {
  for (const Descriptor* type :
       {v1::CreditRecord::descriptor(), v1::Licence::descriptor(), v1::EnforcementCase::descriptor()}) {
    if (type->full_name() == name) return type;
  }
  return nullptr;
}

void build_canonical(const Descriptor& type, Plan& plan) { Builder(plan).scope(&type, nullptr, ""); }

}  // namespace chuanyu::adapters
