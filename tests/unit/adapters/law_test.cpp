// The laws, on records that nobody wrote by hand:
//   CreateGet  what create() could write without a note, get() reads back to the very same bytes
//   Wire       canonical bytes are those of protobuf's deterministic serialisation
//   Robust     whatever bytes come: an answer with a RECORD_ code, or a record that create() takes
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/unit/adapters/records.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::deterministic;
using testing::Filler;
using testing::message_of;
using testing::pick;

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

class CreateGet : public ::testing::TestWithParam<std::string> {};
TEST_P(CreateGet, Holds) {
  EXPECT_TRUE(rc::check([] { create_get(GetParam()); }));
}
INSTANTIATE_TEST_SUITE_P(Mapping, CreateGet, ::testing::ValuesIn(testing::mappings()), testing::test_name);

TEST(Wire, IsProtobufsDeterministicForm) {
  for (const auto& id : testing::mappings()) {
    const auto adapter = testing::product().find(id);
    for (const auto& record : testing::fixtures(id)) {
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

class RobustGet : public ::testing::TestWithParam<std::string> {};
TEST_P(RobustGet, Answers) {
  EXPECT_TRUE(rc::check([] { robust(GetParam()); }));
}
INSTANTIATE_TEST_SUITE_P(Mapping, RobustGet, ::testing::ValuesIn(testing::mappings()), testing::test_name);

RC_GTEST_PROP(Robust, CanonicalBytes, ()) {
  const auto adapter = testing::product().find(pick(testing::mappings()));
  std::string wire = adapter->get(pick(testing::fixtures(adapter->profile().id)))->bytes;
  const auto at = *rc::gen::inRange<std::size_t>(0, wire.size());
  wire[at] = *rc::gen::arbitrary<char>();
  wire.erase(*rc::gen::inRange<std::size_t>(0, wire.size()), *rc::gen::inRange<std::size_t>(0, 3));
  const auto native = adapter->create(wire);
  if (!native.ok()) RC_ASSERT(std::string(to_string(native.error().code)).rfind("RECORD_", 0) == 0);
}

}  // namespace
}  // namespace chuanyu::adapters
