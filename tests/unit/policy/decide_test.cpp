// Each condition of a rule, one at a time, and which rule a decision names.
#include <gtest/gtest.h>

#include "gateway/policy/policy.h"

namespace chuanyu::policy {
namespace {

const identity::Party kSuining{"11510900MBDEM0023P", "遂宁市市场监督管理局", "510900", "sc", {}};
const identity::Party kChuanshan{"11510903MBDEM0031X", "遂宁市船山区市场监督管理局", "510903", "sc", {}};
const identity::Party kTongnan{"11500152MBDEM0074W", "重庆市潼南区市场监督管理局", "500152", "cq", {}};

std::shared_ptr<const Policy> policy(const std::string& rules) {
  auto parsed = Policy::parse("{\"rules\": [" + rules + "]}");
  if (const auto* errors = std::get_if<1>(&parsed)) {
    for (const Error& each : *errors) ADD_FAILURE() << each.to_text();
    return nullptr;
  }
  return std::get<0>(parsed);
}

// 潼南 queries a credit record of 遂宁, for credit-check under grant G-1.
struct Ask {
  Purpose purpose{"credit-check", "basis", "G-1", "operator", ""};
  Request request{Verb::query, "credit", &kTongnan, &kSuining, "sc", &purpose, Date{2026, 3, 1}};
};

std::string rule(const std::string& conditions, const std::string& id = "r", const std::string& effect = "allow") {
  std::string base = R"({"id": ")" + id + R"(", "effect": ")" + effect + R"(", "why": "because of )" + id + "\"";
  if (effect == "allow") {
    if (conditions.find("\"verbs\"") == std::string::npos) base += R"(, "verbs": ["query"])";
    if (conditions.find("\"what\"") == std::string::npos) base += R"(, "what": ["credit"])";
    if (conditions.find("\"from\"") == std::string::npos) base += R"(, "from": {"home": ["cq"]})";
  }
  return base + (conditions.empty() ? "" : ", " + conditions) + "}";
}

bool allows(const std::string& conditions, const Request& request) {
  const auto p = policy(rule(conditions));
  return p != nullptr && p->decide(request).allow;
}

TEST(Decide, EachConditionMustHold) {
  const Ask ask;
  const std::pair<const char*, bool> cases[] = {
      {"", true},
      {R"("verbs": ["publish", "query"])", true},
      {R"("verbs": ["publish", "push"])", false},
      {R"("what": ["*"])", true},
      {R"("what": ["clue-transfer", "credit"])", true},
      {R"("what": ["licence"])", false},
      {R"("from": {"uscc": ["11500152MBDEM0074W"]})", true},
      {R"("from": {"uscc": ["11510900MBDEM0023P"]})", false},
      {R"("from": {"region": ["51", "5001"]})", true},
      {R"("from": {"region": ["500152"]})", true},
      {R"("from": {"region": ["5002"]})", false},
      {R"("from": {"home": ["cq"], "region": ["51"]})", false},
      {R"("to": {"region": ["5109"]})", true},
      {R"("to": {"region": ["510903"]})", false},
      {R"("to": {"home": ["sc"]})", true},
      {R"("to": {"home": ["cq"]})", false},
      {R"("matters": ["licence-verify", "credit-check"])", true},
      {R"("matters": ["licence-verify"])", false},
      {R"("grants": ["G-1"])", true},
      {R"("grants": ["G-2"])", false},
      {R"("valid_from": "2026-03-01", "valid_until": "2026-03-01")", true},
      {R"("valid_from": "2026-03-02")", false},
      {R"("valid_until": "2026-02-28")", false},
  };
  for (const auto& [conditions, expected] : cases) EXPECT_EQ(allows(conditions, ask.request), expected) << conditions;
}

TEST(Decide, NamesTheRuleThatDecided) {
  const Ask ask;
  const auto p = policy(rule("", "first") + "," + rule("", "second") + "," +
                        rule(R"("to": {"uscc": ["11510903MBDEM0031X"]})", "not-there", "deny"));
  Decision decision = p->decide(ask.request);
  EXPECT_TRUE(decision.allow);
  EXPECT_EQ(decision.rule_id, "first");
  EXPECT_EQ(decision.reason, "because of first");

  Request other = ask.request;
  other.to = &kChuanshan;
  decision = p->decide(other);
  EXPECT_FALSE(decision.allow);
  EXPECT_EQ(decision.rule_id, "not-there");
  EXPECT_EQ(decision.reason, "because of not-there");

  other.what = "licence";
  other.to = &kSuining;
  decision = p->decide(other);
  EXPECT_FALSE(decision.allow);
  EXPECT_EQ(decision.rule_id, "default-deny");
  EXPECT_FALSE(decision.reason.empty());
}

TEST(Decide, EveryOrganisationOfAGatewayIsMoreThanOne) {
  Ask ask;
  ask.request.to = nullptr;
  EXPECT_TRUE(allows("", ask.request));
  EXPECT_TRUE(allows(R"("to": {"home": ["sc"]})", ask.request));
  EXPECT_FALSE(allows(R"("to": {"home": ["cq"]})", ask.request));
  EXPECT_FALSE(allows(R"("to": {"region": ["51"]})", ask.request));
  EXPECT_FALSE(allows(R"("to": {"uscc": ["11510900MBDEM0023P"]})", ask.request));

  const auto one_closed = policy(rule("") + "," + rule(R"("to": {"uscc": ["11510900MBDEM0023P"]})", "closed", "deny"));
  EXPECT_EQ(one_closed->decide(ask.request).rule_id, "closed");
  const auto other_home = policy(rule("") + "," + rule(R"("to": {"home": ["cq"]})", "closed", "deny"));
  EXPECT_TRUE(other_home->decide(ask.request).allow);
}

TEST(Decide, WithoutAPurposeNoRuleAboutPurposeHolds) {
  Ask ask;
  ask.request.purpose = nullptr;
  EXPECT_TRUE(allows("", ask.request));
  EXPECT_FALSE(allows(R"("matters": ["credit-check"])", ask.request));
  EXPECT_FALSE(allows(R"("grants": ["G-1"])", ask.request));
  ask.request.from = nullptr;
  EXPECT_FALSE(allows("", ask.request));
}

}  // namespace
}  // namespace chuanyu::policy
