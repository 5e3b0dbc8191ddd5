// Reading a policy: every error at once, and no allow rule wider than it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/policy/policy.h"

namespace chuanyu::policy {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> errors_of(const std::string& json) {
  const auto parsed = Policy::parse(json);
  std::vector<std::string> out;
  if (const auto* errors = std::get_if<1>(&parsed)) {
    for (const Error& each : *errors) out.push_back(std::string(to_string(each.code)) + " " + each.where);
  }
  return out;
}

TEST(ParsePolicy, KeepsItsTextAndDigest) {
  const std::string json = R"({"version": "1", "rules": []}  // none yet)";
  const auto parsed = Policy::parse(json);
  ASSERT_EQ(parsed.index(), 0U);
  EXPECT_EQ(std::get<0>(parsed)->text(), json);
  EXPECT_EQ(std::get<0>(parsed)->digest(), crypto::sha256(json));
}

TEST(ParsePolicy, EveryErrorIsReportedAtOnceWithItsPlace) {
  EXPECT_THAT(
      errors_of(R"({"rule": [], "rules": [
      {"id": "Upper", "effect": "permit", "verbs": ["read"], "what": ["licences", "credit"], "from": {}},
      {"id": "a", "effect": "allow"},
      {"id": "a", "effect": "deny", "verbs": [], "what": "case", "to": {"uscc": ["1151"], "region": ["5"], "home": [""]}},
      {"id": "default-deny", "effect": "deny", "from": {"name": "x"}, "matters": [], "grants": [7], "who": 1},
      {"id": "d", "effect": "deny", "valid_from": "2026-02-30", "why": 3},
      {"id": "e", "effect": "deny", "valid_from": "2026-03-02", "valid_until": "2026-03-01"},
      {}, 3]})"),
      UnorderedElementsAre(
          "CONFIG_KEY_UNKNOWN /rule", "CONFIG_VALUE /rules/0/id", "CONFIG_VALUE /rules/0/effect",
          "CONFIG_VALUE /rules/0/verbs/0", "CONFIG_VALUE /rules/0/what/0", "CONFIG_VALUE /rules/0/from",
          "CONFIG_KEY_MISSING /rules/1/verbs", "CONFIG_KEY_MISSING /rules/1/what", "CONFIG_KEY_MISSING /rules/1/from",
          "CONFIG_VALUE /rules/2/id", "CONFIG_VALUE /rules/2/verbs", "CONFIG_VALUE /rules/2/what",
          "CONFIG_VALUE /rules/2/to/uscc/0", "CONFIG_VALUE /rules/2/to/region/0", "CONFIG_VALUE /rules/2/to/home/0",
          "CONFIG_VALUE /rules/3/id", "CONFIG_KEY_UNKNOWN /rules/3/from/name", "CONFIG_VALUE /rules/3/from",
          "CONFIG_VALUE /rules/3/matters", "CONFIG_VALUE /rules/3/grants/0", "CONFIG_KEY_UNKNOWN /rules/3/who",
          "CONFIG_VALUE /rules/4/valid_from", "CONFIG_VALUE /rules/4/why", "CONFIG_VALUE /rules/5/valid_until",
          "CONFIG_KEY_MISSING /rules/6/id", "CONFIG_KEY_MISSING /rules/6/effect", "CONFIG_VALUE /rules/7"));
}

TEST(ParsePolicy, ADenyRuleMayBeAsWideAsItLikes) {
  EXPECT_THAT(errors_of(R"({"rules": [{"id": "stop", "effect": "deny"}]})"), IsEmpty());
}

TEST(ParsePolicy, WhatIsNoPolicy) {
  EXPECT_THAT(errors_of("{}"), UnorderedElementsAre("CONFIG_KEY_MISSING /rules"));
  EXPECT_THAT(errors_of(""), UnorderedElementsAre("CONFIG_SYNTAX 1:1"));
  EXPECT_THAT(errors_of(R"({"rules": [], "rules": []})"), UnorderedElementsAre("CONFIG_VALUE /rules"));
  EXPECT_EQ(std::get<1>(Policy::load("/nowhere/policy.json")).at(0).code, Code::CONFIG_UNREADABLE);
}

}  // namespace
}  // namespace chuanyu::policy
