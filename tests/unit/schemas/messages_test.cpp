// The messages of profiles.md 5.5 in their JSON form: one good example of each type, and what is refused.
#include <gtest/gtest.h>

#include <set>

#include "schemas/canonical/messages.pb.h"
#include "schemas/canonical_json.h"
#include "support.h"

namespace chuanyu::schemas {
namespace {

std::string examples_text() {
  std::ifstream file(std::string(CHUANYU_SOURCE_DIR) + "/schemas/fixtures/messages.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

const TestJson& examples() {
  static const TestJson kAll = TestJson::parse(examples_text());
  return kAll;
}

TEST(Messages, EveryTypeHasAnExampleThatComesBack) {
  std::set<std::string> seen;
  for (const auto& [type, example] : examples().items()) {
    seen.insert(type);
    const auto wire = message_from_json(type, example.dump());
    ASSERT_TRUE(wire.ok()) << type << ": " << wire.error().to_text();
    EXPECT_FALSE(wire->empty()) << type;
    const auto json = message_to_json(type, *wire);
    ASSERT_TRUE(json.ok()) << type;
    EXPECT_EQ(TestJson::parse(*json).dump(), example.dump()) << type;
  }
  for (const auto& type : message_types()) EXPECT_EQ(seen.count(std::string(type.name)), 1U) << type.name;
  EXPECT_EQ(seen.size(), message_types().size());
}

TEST(Messages, AnswersNameMessages) {
  for (const auto& type : message_types()) {
    EXPECT_FALSE(type.title_zh.empty());
    EXPECT_TRUE(type.answers.empty() || find_message_type(type.answers) != nullptr) << type.name;
  }
  EXPECT_EQ(find_message_type("clue-receipt")->answers, "clue-transfer");
  EXPECT_EQ(find_message_type("ClueTransfer"), nullptr);
  EXPECT_EQ(message_from_json("gossip", "{}").error().where, "/type");
}

// Every field that the example holds and the schema calls mandatory is missed when it is left out.
TEST(Messages, LeavingOutAMandatoryFieldIsRefused) {
  int refused = 0;
  for (const auto& [type, example] : examples().items())
    for (const auto& [key, value] : example.items()) {
      auto without = example;
      without.erase(key);
      const auto wire = message_from_json(type, without.dump());
      if (wire.ok()) continue;  // an optional field
      EXPECT_EQ(wire.error().code == Code::CLIENT_FIELD_MISSING ? "/" + key : wire.error().where, wire.error().where)
          << type;
      ++refused;
    }
  EXPECT_GE(refused, 95);
}

TEST(Messages, RulesBetweenFields) {
  struct Case {
    const char* type;
    const char* key;
    TestJson value;
    const char* where;
  };
  const Case cases[] = {
      {"recall", "newStatus", "ACTIVE", "/newStatus"},
      {"evaluation", "level", 6, "/level"},
      {"evaluation", "level", 0, "/level"},
      {"criminal-transfer", "handedOverAt", "2026-03-01T00:00:00+08:00", "/handedOverAt"},
      {"criminal-transfer", "handedOverAt", "2026-03-06", "/handedOverAt"},
      {"credit-push", "pushDue", "2025-01-01", "/pushDue"},
      {"credit-reply", "hit", false, "/hit"},
      {"licence-query", "certId", nullptr, "/certId"},
      {"clue-transfer", "secrecy", "WORK_SECRET", "/secrecy"},
  };
  for (const auto& c : cases) {
    auto bad = examples()[c.type];
    bad[c.key] = c.value;
    const auto wire = message_from_json(c.type, bad.dump());
    ASSERT_FALSE(wire.ok()) << c.type;
    EXPECT_EQ(wire.error().code, Code::CLIENT_FIELD_INVALID) << c.type;
    EXPECT_EQ(wire.error().where, c.where);
  }
}

TEST(Messages, UseCauseIsCountedInCharacters) {
  auto query = examples()["licence-query"];
  std::string cause;
  for (int i = 0; i < 200; ++i) cause += "核";
  query["useCause"] = cause;
  EXPECT_TRUE(message_from_json("licence-query", query.dump()).ok());
  query["useCause"] = cause + "核";
  EXPECT_EQ(message_from_json("licence-query", query.dump()).error().where, "/useCause");
}

TEST(Messages, RefusedClueNeedsAReason) {
  EXPECT_EQ(message_from_json("clue-receipt", R"({"accepted":false})").error().where, "/reason");
  EXPECT_TRUE(message_from_json("clue-receipt", R"({"accepted":false,"reason":"不属于本机关管辖"})").ok());
}

TEST(Messages, EmptyListMustStillBeStated) {
  auto clue = examples()["clue-transfer"];
  clue["materials"] = TestJson::array();
  EXPECT_TRUE(message_from_json("clue-transfer", clue.dump()).ok());
  clue.erase("materials");
  EXPECT_EQ(message_from_json("clue-transfer", clue.dump()).error().where, "/materials");
}

TEST(Messages, DigestsArePlacedWithinLists) {
  auto clue = examples()["clue-transfer"];
  clue["materials"][0]["sm3"] = "abc";
  EXPECT_EQ(message_from_json("clue-transfer", clue.dump()).error().where, "/materials/0/sm3");
}

}  // namespace
}  // namespace chuanyu::schemas
