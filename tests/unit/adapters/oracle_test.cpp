// The engine against the oracle: the same canonical record, and back the same native texts, or both refuse; on every
// sample of every mapping, and on records and spellings that nobody wrote.
#include "tests/unit/adapters/oracle.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "adapters/formats/charset.h"
#include "adapters/goldens.h"
#include "adapters/mapping/plan.h"
#include "tests/unit/adapters/records.h"
#include "tests/unit/adapters/respell.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::Filler;
using testing::message_of;
using testing::Oracle;

const Oracle& oracle(const Adapter& adapter) {
  static std::map<std::string, Oracle> all;
  const auto& id = adapter.profile().id;
  return all.try_emplace(id, testing::product().plan(id)->file).first->second;
}

google::protobuf::Message& entry(google::protobuf::Message& record, int i) {
  return *record.GetReflection()->MutableRepeatedMessage(&record, record.GetDescriptor()->FindFieldByName("ext"), i);
}

// Where the oracle knows the key alone, the engine's text counts as known.
void forget_own_bytes(const google::protobuf::Message& expected, google::protobuf::Message& actual) {
  const auto* ext = expected.GetDescriptor()->FindFieldByName("ext");
  std::set<std::string> keys;
  for (int i = 0; i < expected.GetReflection()->FieldSize(expected, ext); ++i) {
    const auto& one = expected.GetReflection()->GetRepeatedMessage(expected, ext, i);
    const auto* of = one.GetReflection();
    if (of->GetString(one, one.GetDescriptor()->map_value()) == testing::kOwnBytes)
      keys.insert(of->GetString(one, one.GetDescriptor()->map_key()));
  }
  for (int i = 0; i < actual.GetReflection()->FieldSize(actual, ext); ++i) {
    auto& one = entry(actual, i);
    const auto* of = one.GetReflection();
    if (keys.contains(of->GetString(one, one.GetDescriptor()->map_key())))
      of->SetString(&one, one.GetDescriptor()->map_value(), testing::kOwnBytes);
  }
}

std::string said(const google::protobuf::Message& message) {
  const auto again = std::unique_ptr<google::protobuf::Message>(message.New());
  EXPECT_TRUE(again->ParseFromString(testing::deterministic(message)));  // entries of ext in one order
  std::string out;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  printer.PrintToString(*again, &out);
  return out;
}

// "" when both say the same, or both refuse; otherwise what each says.
std::string difference(const Adapter& adapter, const std::string& native, bool& refused) {
  std::string utf8;
  const bool text = Charset::find(adapter.profile().charset)->decode(native, utf8).ok();
  const auto expected = text ? oracle(adapter).get(utf8) : nullptr;
  const auto got = adapter.get(native);
  refused = !got.ok();
  if (refused) return expected == nullptr ? "" : got.error().to_text() + ", the oracle reads:\n" + said(*expected);
  const auto actual = message_of(adapter.profile().kind);
  EXPECT_TRUE(actual->ParseFromString(got->bytes));
  if (expected == nullptr) return "the oracle refuses:\n" + said(*actual);
  forget_own_bytes(*expected, *actual);
  return said(*actual) == said(*expected) ? "" : said(*actual) + "--- the oracle:\n" + said(*expected);
}

TEST(Oracle, AgreesOnEverySample) {
  std::size_t records = 0;
  std::size_t refused = 0;
  for (const auto& adapter : testing::product().all()) {
    const auto& id = adapter->profile().id;
    for (const auto& input : golden_inputs(testing::product().plan(id)->file, id)) {
      if (input.canonical) continue;
      std::ifstream file(input.file, std::ios::binary);
      for (const auto& record : testing::cut(*adapter, std::string(std::istreambuf_iterator<char>(file), {}))) {
        bool no = false;
        EXPECT_EQ(difference(*adapter, record, no), "") << input.file << "\n" << record;
        ++records;
        refused += no ? 1 : 0;
      }
    }
  }
  EXPECT_GT(records - refused, 300u);
  EXPECT_GT(refused, 20u);
}

std::string shown(const testing::Leaves& leaves) {
  std::string out;
  for (const auto& [path, text] : leaves) out += path + "=" + text + "\n";
  return out;
}

// The same for create.
std::string difference(const Adapter& adapter, const google::protobuf::Message& record,
                       const Result<Converted>& created) {
  const auto expected = oracle(adapter).create(record);
  if (!created.ok()) return expected ? created.error().to_text() + ", the oracle writes:\n" + shown(*expected) : "";
  std::string utf8;
  EXPECT_TRUE(Charset::find(adapter.profile().charset)->decode(created->bytes, utf8).ok());
  const auto tree = oracle(adapter).tree(utf8);
  EXPECT_TRUE(tree) << utf8;
  const auto actual = testing::leaves_of(*tree);
  if (!expected) return "the oracle refuses:\n" + shown(actual);
  return actual == *expected ? "" : shown(actual) + "--- the oracle:\n" + shown(*expected);
}

void agrees(const std::string& id) {
  const auto adapter = testing::product().find(id);
  const auto message = message_of(adapter->profile().kind);
  Filler().fill(*message);
  const auto created = adapter->create(testing::deterministic(*message));
  const auto written = difference(*adapter, *message, created);
  RC_LOG() << written;
  RC_ASSERT(written.empty());
  RC_CLASSIFY(!created.ok(), "refused");
  if (!created.ok()) return;
  const auto old = testing::respell(*adapter, created->bytes, id != "sc.credit.v1");
  bool refused = false;
  const auto found = difference(*adapter, old.native, refused);
  RC_LOG() << old.native << "\n" << found;
  RC_ASSERT(!refused);
  RC_ASSERT(found.empty());
}

RC_GTEST_PROP(Oracle, ScCredit, ()) { agrees("sc.credit.v1"); }
RC_GTEST_PROP(Oracle, CqCredit, ()) { agrees("cq.credit.v1"); }
RC_GTEST_PROP(Oracle, ScLicence, ()) { agrees("sc.licence.v1"); }
RC_GTEST_PROP(Oracle, CqLicence, ()) { agrees("cq.licence.v1"); }
RC_GTEST_PROP(Oracle, ScCase, ()) { agrees("sc.case.v1"); }
RC_GTEST_PROP(Oracle, CqCase, ()) { agrees("cq.case.v1"); }

}  // namespace
}  // namespace chuanyu::adapters
