#include "tests/fuzz/records.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "adapters/formats/charset.h"
#include "tests/fuzz/laws.h"
#include "tests/support/messages.h"

namespace chuanyu::fuzz {
namespace {

using adapters::Kind;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::unique_ptr<Message> parsed(Kind kind, std::string_view wire) {
  auto message = testing::message_of(kind);
  return message->ParseFromArray(wire.data(), static_cast<int>(wire.size())) ? std::move(message) : nullptr;
}

void clear_what_says_nothing(Message& message) {
  const auto* to = message.GetReflection();
  to->MutableUnknownFields(&message)->Clear();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->is_map()) continue;
    if (field->message_type() == nullptr) {
      const bool text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated();
      if (text && to->GetString(message, field).empty()) to->ClearField(&message, field);
      continue;
    }
    if (field->is_repeated()) {
      for (int n = 0; n < to->FieldSize(message, field); ++n)
        clear_what_says_nothing(*to->MutableRepeatedMessage(&message, field, n));
    } else if (to->HasField(message, field)) {
      clear_what_says_nothing(*to->MutableMessage(&message, field));
      if (to->GetMessage(message, field).ByteSizeLong() == 0) to->ClearField(&message, field);
    }
  }
}

class Editor {
 public:
  explicit Editor(std::string_view edits) : rest_(edits) {}

  bool empty() const { return rest_.empty(); }

  void edit(Message& message) {
    const auto* type = message.GetDescriptor();
    const auto* field = type->field(first(rest_) % type->field_count());
    if (field->is_map()) return;
    const auto* to = message.GetReflection();
    if (field->is_repeated())
      list(message, *field);
    else if (const unsigned char what = first(rest_); what % 8 == 7)
      to->ClearField(&message, field);
    else if (field->message_type() != nullptr)
      edit(*to->MutableMessage(&message, field));
    else
      value(message, *field, what);
  }

 private:
  void list(Message& message, const FieldDescriptor& field) {
    const auto* to = message.GetReflection();
    const int size = to->FieldSize(message, &field);
    const unsigned char what = first(rest_);
    if (size == 0 || what % 4 == 0) {
      if (field.message_type() != nullptr) edit(*to->AddMessage(&message, &field));
      return;
    }
    const int at = first(rest_) % size;
    if (what % 4 == 1) {
      to->SwapElements(&message, &field, at, size - 1);
      to->RemoveLast(&message, &field);
    } else if (what % 4 == 2) {
      to->SwapElements(&message, &field, at, 0);
    } else if (field.message_type() != nullptr) {
      edit(*to->MutableRepeatedMessage(&message, &field, at));
    }
  }

  // Up to the next 0xFF, when that is text.
  std::string text() {
    static const std::string kWords[] = {"甲", "a,b", "p^q;r", "<&]]>\"'", " ", "x\ny", "\x01", "2099/12/31", "𠀀"};
    const auto end = rest_.find('\xFF');
    const std::string_view own = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    if (own.size() > 1 && adapters::valid_utf8(own)) return std::string(own);
    return kWords[own.empty() ? 0 : static_cast<unsigned char>(own[0]) % std::size(kWords)];
  }

  void value(Message& message, const FieldDescriptor& field, unsigned char what) {
    const auto* to = message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: to->SetString(&message, &field, text()); break;
      case FieldDescriptor::CPPTYPE_BOOL: to->SetBool(&message, &field, what % 2 == 0); break;
      case FieldDescriptor::CPPTYPE_ENUM: to->SetEnumValue(&message, &field, what % 16); break;
      case FieldDescriptor::CPPTYPE_INT32: to->SetInt32(&message, &field, what + 256 * first(rest_)); break;
      case FieldDescriptor::CPPTYPE_INT64: {
        std::int64_t number = what;
        for (int i = what % 8; i > 0; --i) number = number * 256 + first(rest_);
        to->SetInt64(&message, &field, what % 16 == 6 ? -number : number);
        break;
      }
      default: must(false, "every type of field has an edit", field.full_name());
    }
  }

  std::string_view rest_;
};

}  // namespace

std::string comparable(Kind kind, std::string_view wire) {
  const auto message = parsed(kind, wire);
  if (message == nullptr) return {};
  const auto* ext = message->GetDescriptor()->FindFieldByName("ext");
  message->GetReflection()->ClearField(message.get(), ext);
  clear_what_says_nothing(*message);
  return testing::deterministic(*message);
}

std::string edited(Kind kind, std::string_view wire, std::string_view edits) {
  const auto message = parsed(kind, wire);
  must(message != nullptr, "get gives canonical bytes");
  for (Editor editor(edits); !editor.empty();) editor.edit(*message);
  return testing::deterministic(*message);
}

}  // namespace chuanyu::fuzz
