#include "adapters/plugin/compare.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/message_differencer.h>

#include <vector>

namespace chuanyu::adapters::plugin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

// One field alone, so that protobuf compares and copies it, whatever its type.
std::unique_ptr<Message> only(const Message& message, const FieldDescriptor& field) {
  std::unique_ptr<Message> out(message.New());
  out->CopyFrom(message);
  std::vector<const FieldDescriptor*> set;
  out->GetReflection()->ListFields(*out, &set);
  for (const auto* other : set) {
    if (other != &field) out->GetReflection()->ClearField(out.get(), other);
  }
  return out;
}

bool same(const Message& a, const Message& b, const FieldDescriptor& field) {
  return MessageDifferencer::Equals(*only(a, field), *only(b, field));
}

bool entries_agree(const Message& part, const Message& whole, const FieldDescriptor& field) {
  const Reflection& reflection = *part.GetReflection();
  for (int i = 0; i < reflection.FieldSize(part, &field); ++i) {
    const Message& mine = reflection.GetRepeatedMessage(part, &field, i);
    const auto* key = mine.GetDescriptor()->map_key();
    for (int k = 0; k < reflection.FieldSize(whole, &field); ++k) {
      const Message& other = reflection.GetRepeatedMessage(whole, &field, k);
      if (same(mine, other, *key) && !MessageDifferencer::Equals(mine, other)) return false;
    }
  }
  return true;
}

bool field_in(const Message& part, const Message& whole, const FieldDescriptor& field) {
  const Reflection& reflection = *part.GetReflection();
  if (field.is_map()) return entries_agree(part, whole, field);
  if (field.message_type() == nullptr) return same(part, whole, field);
  if (!field.is_repeated()) {
    return reflection.HasField(whole, &field) &&
           part_of(reflection.GetMessage(part, &field), reflection.GetMessage(whole, &field));
  }
  const int size = reflection.FieldSize(part, &field);
  if (size > reflection.FieldSize(whole, &field)) return false;
  for (int i = 0; i < size; ++i) {
    if (!part_of(reflection.GetRepeatedMessage(part, &field, i), reflection.GetRepeatedMessage(whole, &field, i))) {
      return false;
    }
  }
  return true;
}

void take(const Message& after, Message& out, const FieldDescriptor& field) {
  out.GetReflection()->ClearField(&out, &field);
  out.MergeFrom(*only(after, field));
}

void merge_list(const Message& before, const Message& after, Message& out, const FieldDescriptor& field) {
  const Reflection& reflection = *out.GetReflection();
  const int size = reflection.FieldSize(before, &field);
  // `out` may have items at its end that the format has no place for.
  if (size != reflection.FieldSize(after, &field) || size > reflection.FieldSize(out, &field)) {
    return take(after, out, field);
  }
  for (int i = 0; i < size; ++i) {
    merge(reflection.GetRepeatedMessage(before, &field, i), reflection.GetRepeatedMessage(after, &field, i),
          *reflection.MutableRepeatedMessage(&out, &field, i));
  }
}

}  // namespace

bool part_of(const Message& part, const Message& whole) {
  std::vector<const FieldDescriptor*> fields;
  part.GetReflection()->ListFields(part, &fields);
  for (const auto* field : fields) {
    if (!field_in(part, whole, *field)) return false;
  }
  return true;
}

void merge(const Message& before, const Message& after, Message& out) {
  const Reflection& reflection = *out.GetReflection();
  for (int i = 0; i < out.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *out.GetDescriptor()->field(i);
    if (same(before, after, field)) continue;
    const bool nested = field.message_type() != nullptr && !field.is_map();
    if (nested && field.is_repeated()) {
      merge_list(before, after, out, field);
    } else if (nested && reflection.HasField(before, &field) && reflection.HasField(after, &field)) {
      merge(reflection.GetMessage(before, &field), reflection.GetMessage(after, &field),
            *reflection.MutableMessage(&out, &field));
    } else {
      take(after, out, field);
    }
  }
}

}  // namespace chuanyu::adapters::plugin
