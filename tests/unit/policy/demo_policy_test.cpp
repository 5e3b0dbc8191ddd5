// deploy/config/policy.demo.json decides as the quickstart tells its story.
#include <gtest/gtest.h>

#include "gateway/policy/policy.h"

namespace chuanyu::policy {
namespace {

const identity::Party kSuiningMarket{"11510900MBDEM0023P", "遂宁市市场监督管理局", "510900", "sc", {}};
const identity::Party kScHousing{"11510000MBDEM0138F", "四川省住房和城乡建设厅", "510000", "sc", {}};
const identity::Party kTongnanMarket{"11500152MBDEM0074W", "重庆市潼南区市场监督管理局", "500152", "cq", {}};
const identity::Party kTongnanPlanning{"11500152MBDEM0154G", "重庆市潼南区规划和自然资源局", "500152", "cq", {}};
const identity::Party kStranger{"11530000MCDEM0094X", "他省机构", "530000", "yn", {}};

class DemoPolicy : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = Policy::load(CHUANYU_SOURCE_DIR "/deploy/config/policy.demo.json");
    if (const auto* errors = std::get_if<1>(&loaded)) {
      for (const Error& each : *errors) ADD_FAILURE() << each.to_text();
      FAIL();
    }
    policy_ = std::get<0>(loaded);
  }

  std::string rule(Verb verb, std::string_view what, const identity::Party& from, const identity::Party* to,
                   const std::string& matter) const {
    const Purpose purpose{matter, "依据", "授权", "经办人", "事由"};
    const Decision decision = policy_->decide(
        {verb, what, &from, to, to != nullptr ? std::string_view(to->home) : "sc", &purpose, Date{2026, 11, 21}});
    return (decision.allow ? "allow " : "deny ") + decision.rule_id;
  }

  std::shared_ptr<const Policy> policy_;
};

TEST_F(DemoPolicy, EachPublishesItsOwn) {
  for (const std::string_view kind : {"credit", "licence", "case"}) {
    EXPECT_EQ(rule(Verb::publish, kind, kSuiningMarket, &kSuiningMarket, "publish"), "allow publish-own");
    EXPECT_EQ(rule(Verb::publish, kind, kTongnanPlanning, &kTongnanPlanning, "publish"), "allow publish-own");
  }
}

TEST_F(DemoPolicy, QueriesAcrossTheProvincesForAPurpose) {
  EXPECT_EQ(rule(Verb::query, "credit", kTongnanMarket, &kSuiningMarket, "credit-check"), "allow credit-check");
  EXPECT_EQ(rule(Verb::query, "credit", kTongnanMarket, nullptr, "credit-check"), "allow credit-check");
  EXPECT_EQ(rule(Verb::query, "licence", kSuiningMarket, &kTongnanPlanning, "licence-verify"), "allow licence-verify");
  EXPECT_EQ(rule(Verb::query, "case", kTongnanMarket, nullptr, "case-assist"), "allow case-assist");
  EXPECT_EQ(rule(Verb::query, "credit", kTongnanMarket, &kSuiningMarket, "curiosity"), "deny default-deny");
  EXPECT_EQ(rule(Verb::query, "credit", kStranger, &kSuiningMarket, "credit-check"), "deny default-deny");
}

TEST_F(DemoPolicy, CasesAreForThoseWhoEnforce) {
  EXPECT_EQ(rule(Verb::query, "case", kTongnanPlanning, nullptr, "case-assist"), "deny case-not-enforcement");
  EXPECT_EQ(rule(Verb::query, "case", kScHousing, &kTongnanMarket, "joint-enforcement"), "deny case-not-enforcement");
  EXPECT_EQ(rule(Verb::push, "clue-transfer", kTongnanPlanning, &kSuiningMarket, "clue-transfer"), "deny default-deny");
}

TEST_F(DemoPolicy, RecordsAndMessagesArePushed) {
  EXPECT_EQ(rule(Verb::push, "credit", kSuiningMarket, &kTongnanMarket, "credit-publicity"), "allow credit-exchange");
  EXPECT_EQ(rule(Verb::push, "licence", kTongnanPlanning, &kSuiningMarket, "licence-verify"), "allow licence-exchange");
  EXPECT_EQ(rule(Verb::push, "case", kSuiningMarket, &kTongnanMarket, "case-assist"), "allow enforcement-exchange");
  for (const std::string_view type : {"clue-transfer", "clue-receipt", "assist-request", "assist-reply"}) {
    EXPECT_EQ(rule(Verb::push, type, kSuiningMarket, &kTongnanMarket, "clue-transfer"), "allow enforcement-exchange");
  }
  for (const std::string_view type : {"service-handover", "supplement-notice", "result-return", "evaluation"}) {
    EXPECT_EQ(rule(Verb::push, type, kScHousing, &kTongnanPlanning, "service-handover"), "allow service-handover");
  }
  EXPECT_EQ(rule(Verb::push, "criminal-transfer", kSuiningMarket, &kTongnanMarket, "clue-transfer"),
            "deny default-deny");
}

}  // namespace
}  // namespace chuanyu::policy
