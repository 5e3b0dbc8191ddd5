// tests/unit/adapters/records.h: canonical records that nobody wrote by hand, made from the descriptor, so that a new
// field is covered without new code. Inside a RapidCheck property only.
#pragma once

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "schemas/canonical/options.pb.h"
#include "tests/support/messages.h"

namespace chuanyu::adapters::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename T>
T pick(std::vector<T> from) {
  return *rc::gen::elementOf(from);
}

using chuanyu::testing::deterministic;
using chuanyu::testing::message_of;

inline const std::vector<std::string> kTexts = {"甲",         "遂宁涪江川味食品有限公司",
                                                "龚䶮",       "扎西·多吉",
                                                "a,b",        "x;y",
                                                "一、二",     "p^q",
                                                "\"引号\"",   "<标签 a='1'>&amp;",
                                                "行一\n行二", "行一\r\n行二",
                                                "tab\there",  " 前后空格 ",
                                                "\\反斜杠/",  "渝(2020)潼南区第000016号",
                                                "𠀀𪚥",       "0",
                                                "null",       "]]>",
                                                "001"};

// Fills every field with something plausible; what most formats cannot carry only now and then.
class Filler {
 public:
  void fill(Message& message) {
    const auto* type = message.GetDescriptor();
    if (special(message, type->name())) return;
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      const bool shown = field->options().GetExtension(v1::shown);
      const bool mandatory = field->options().GetExtension(v1::mandatory) || field->name() == "canonical";
      const int chance = mandatory ? 100 : shown ? 70 : 2;
      if (field->is_map()) continue;
      if (field->is_repeated()) {
        const int count = pick<int>({0, 1, 1, 2, 3}) + (mandatory ? 1 : 0);
        for (int n = 0; n < count; ++n) add(message, *field);
      } else if (*rc::gen::inRange(0, 100) < chance) {
        set(message, *field);
      }
    }
    no_end_and_an_end(message);
  }

  // 长期 and a last day contradict each other.
  static void no_end_and_an_end(Message& message) {
    const auto* type = message.GetDescriptor();
    const auto* to = message.GetReflection();
    for (const auto& [flag, end] : {std::pair("valid_long_term", "valid_until"),
                                    {"publish_long_term", "publish_until"},
                                    {"long_term", "until"}}) {
      const auto* long_term = type->FindFieldByName(flag);
      const auto* until = type->FindFieldByName(end);
      if (long_term != nullptr && until != nullptr && to->GetBool(message, long_term)) to->ClearField(&message, until);
    }
  }

 private:
  static bool special(Message& message, const std::string& name) {
    if (name == "Date") {
      auto& date = static_cast<v1::Date&>(message);
      date.set_year(*rc::gen::inRange(1900, 2099));
      date.set_month(*rc::gen::inRange(1, 13));
      date.set_day(*rc::gen::inRange(1, 29));
    } else if (name == "PartyRef") {
      auto& party = static_cast<v1::PartyRef&>(message);
      party.set_name(pick(kTexts));
      if (*rc::gen::arbitrary<bool>()) {
        party.set_kind(v1::PARTY_KIND_LEGAL_PERSON);
        party.set_uscc("91510903MADEM0011H");
        party.mutable_id_type()->set_canonical("001");
        party.set_id_no("91510903MADEM0011H");
        party.set_region_code(pick<std::string>({"510903", "500152", "510922"}));
      } else {
        party.set_kind(v1::PARTY_KIND_NATURAL_PERSON);
        party.mutable_id_type()->set_canonical("111");
        party.set_id_no(pick<std::string>({"51022719880630997X", "512201197001019979"}));
      }
    } else if (name == "PersonRef") {
      auto& person = static_cast<v1::PersonRef&>(message);
      person.set_name(pick(kTexts));
      person.mutable_id_type()->set_canonical("111");
      person.set_id_no("510902198503129972");
    } else if (name == "Holder") {
      auto& holder = static_cast<v1::Holder&>(message);
      holder.set_name(pick(kTexts));
      holder.set_code("91500152MADEM0062B");
      holder.mutable_code_type()->set_canonical("001");
    } else if (name == "CodeValue") {
      auto& code = static_cast<v1::CodeValue&>(message);
      code.set_canonical(pick<std::string>({"01", "02", "03", "04", "05", "08", "09", "13"}));
    } else {
      return false;
    }
    return true;
  }

  static std::string text(const FieldDescriptor& field) {
    const auto& check = field.options().GetExtension(v1::check);
    if (check == "uscc") return pick<std::string>({"11510900MBDEM0023P", "11500152MBDEM0074W"});
    if (check == "region") return pick<std::string>({"510900", "500000", "500228"});
    if (check == "licence_id")
      return "1.2.156.3005.2.11100000MB0143028R001.11510903MBDEM0031X.A1B2C3D4E5F6G7H8J9K0.001.A";
    return pick(kTexts);
  }

  void set(Message& message, const FieldDescriptor& field) {
    const auto* to = message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: to->SetString(&message, &field, text(field)); break;
      case FieldDescriptor::CPPTYPE_BOOL: to->SetBool(&message, &field, true); break;
      case FieldDescriptor::CPPTYPE_ENUM:
        to->SetEnumValue(&message, &field, *rc::gen::inRange(1, field.enum_type()->value_count()));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        to->SetInt64(&message, &field, *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000));
        break;
      case FieldDescriptor::CPPTYPE_INT32: to->SetInt32(&message, &field, *rc::gen::inRange(1, 9)); break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        fill(*to->MutableMessage(&message, &field));
        if (to->GetMessage(message, &field).ByteSizeLong() == 0) to->ClearField(&message, &field);  // says nothing
        break;
      default: FAIL() << "no generator for " << field.full_name();
    }
  }

  void add(Message& message, const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      fill(*message.GetReflection()->AddMessage(&message, &field));
    else
      message.GetReflection()->AddString(&message, &field, text(field));
  }
};

}  // namespace chuanyu::adapters::testing
