// The laws, on records that nobody wrote by hand:
//   CreateGet  what create() could write without a note, get() reads back to the very same bytes
//   Wire       canonical bytes are those of protobuf's deterministic serialisation
//   Robust     whatever bytes come: an answer with a RECORD_ code, or a record that create() takes
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/options.pb.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename T>
T pick(std::vector<T> from) {
  return *rc::gen::elementOf(from);
}

std::unique_ptr<Message> message_of(Kind kind) {
  switch (kind) {
    case Kind::credit: return std::make_unique<v1::CreditRecord>();
    case Kind::licence: return std::make_unique<v1::Licence>();
    case Kind::enforcement_case: return std::make_unique<v1::EnforcementCase>();
  }
  return nullptr;
}

std::string deterministic(const Message& message) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

const std::vector<std::string> kTexts = {"甲",         "遂宁涪江川味食品有限公司",
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

const std::set<Code> kMayRefuse = {Code::RECORD_SEPARATOR, Code::RECORD_CODE_UNKNOWN,
                                   Code::RECORD_MODIFIER_UNREPRESENTABLE, Code::RECORD_VALUE,
                                   Code::RECORD_CHARSET_UNMAPPABLE};

void create_get(const std::string& id) {
  const auto adapter = testing::product().find(id);
  const auto message = message_of(adapter->profile().kind);
  Filler().fill(*message);
  const auto wire = deterministic(*message);
  const auto native = adapter->create(wire);
  if (!native.ok()) {
    RC_TAG("refused");
    RC_LOG() << native.error().to_text() << "\n";
    RC_ASSERT(kMayRefuse.contains(native.error().code));
    return;
  }
  const auto back = adapter->get(native->bytes);
  RC_LOG() << native->bytes << "\n";
  if (!back.ok()) RC_LOG() << back.error().to_text() << "\n";
  RC_ASSERT(back.ok());
  if (!native->notes.empty()) {
    RC_TAG("noted");
    return;
  }
  RC_TAG("exact");
  const auto read = message_of(adapter->profile().kind);
  RC_ASSERT(read->ParseFromString(back->bytes));
  RC_LOG() << message->DebugString() << "\n---\n" << read->DebugString();
  RC_ASSERT(back->bytes == wire);
}

RC_GTEST_PROP(CreateGet, ScCredit, ()) { create_get("sc.credit.v1"); }
RC_GTEST_PROP(CreateGet, CqCredit, ()) { create_get("cq.credit.v1"); }
RC_GTEST_PROP(CreateGet, ScLicence, ()) { create_get("sc.licence.v1"); }
RC_GTEST_PROP(CreateGet, CqLicence, ()) { create_get("cq.licence.v1"); }
RC_GTEST_PROP(CreateGet, ScCase, ()) { create_get("sc.case.v1"); }
RC_GTEST_PROP(CreateGet, CqCase, ()) { create_get("cq.case.v1"); }

TEST(Wire, IsProtobufsDeterministicForm) {
  for (const auto& adapter : testing::product().all()) {
    for (const auto& record : testing::fixtures(adapter->profile().id)) {
      const auto canonical = adapter->get(record);
      ASSERT_TRUE(canonical.ok());
      const auto message = message_of(adapter->profile().kind);
      ASSERT_TRUE(message->ParseFromString(canonical->bytes));
      EXPECT_EQ(deterministic(*message), canonical->bytes) << adapter->profile().id;
    }
  }
}

// A fixture with a few bytes changed, cut out or doubled.
void robust(const std::string& id) {
  const auto adapter = testing::product().find(id);
  std::string record = pick(testing::fixtures(id));
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes && !record.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, record.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0: record[at] = *rc::gen::arbitrary<char>(); break;
      case 1: record.erase(at, *rc::gen::inRange<std::size_t>(1, 20)); break;
      case 2: record.insert(at, record.substr(*rc::gen::inRange<std::size_t>(0, record.size()), 15)); break;
      default:
        record.insert(at, pick<std::string>(
                              {"\"", "{", "]", "<", "&", "<!--", "<![CDATA[", ",", "\r\n", "\\u0000", "\xFF", "]]>"}));
    }
  }
  const auto canonical = adapter->get(record);
  if (!canonical.ok()) {
    RC_ASSERT(std::string(to_string(canonical.error().code)).rfind("RECORD_", 0) == 0);
    return;
  }
  const auto message = message_of(adapter->profile().kind);
  RC_ASSERT(message->ParseFromString(canonical->bytes));
  const auto again = adapter->create(canonical->bytes);
  if (!again.ok()) RC_ASSERT(std::string(to_string(again.error().code)).rfind("RECORD_", 0) == 0);
}

RC_GTEST_PROP(Robust, ScCredit, ()) { robust("sc.credit.v1"); }
RC_GTEST_PROP(Robust, CqCredit, ()) { robust("cq.credit.v1"); }
RC_GTEST_PROP(Robust, ScLicence, ()) { robust("sc.licence.v1"); }
RC_GTEST_PROP(Robust, CqLicence, ()) { robust("cq.licence.v1"); }
RC_GTEST_PROP(Robust, ScCase, ()) { robust("sc.case.v1"); }
RC_GTEST_PROP(Robust, CqCase, ()) { robust("cq.case.v1"); }

RC_GTEST_PROP(Robust, CanonicalBytes, ()) {
  const auto adapter = pick(testing::product().all());
  std::string wire = adapter->get(pick(testing::fixtures(adapter->profile().id)))->bytes;
  const auto at = *rc::gen::inRange<std::size_t>(0, wire.size());
  wire[at] = *rc::gen::arbitrary<char>();
  wire.erase(*rc::gen::inRange<std::size_t>(0, wire.size()), *rc::gen::inRange<std::size_t>(0, 3));
  const auto native = adapter->create(wire);
  if (!native.ok()) RC_ASSERT(std::string(to_string(native.error().code)).rfind("RECORD_", 0) == 0);
}

}  // namespace
}  // namespace chuanyu::adapters
