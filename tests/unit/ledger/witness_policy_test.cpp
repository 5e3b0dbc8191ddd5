#include "gateway/ledger/witness_policy.h"

#include <gtest/gtest.h>

#include "gateway/ledger/cosignature.h"

namespace chuanyu::ledger {
namespace {

struct Keys {
  crypto::SigningKey log = crypto::SigningKey::generate();
  crypto::SigningKey cq = crypto::SigningKey::generate();
  crypto::SigningKey audit = crypto::SigningKey::generate();
  crypto::SigningKey third = crypto::SigningKey::generate();

  static std::string vkey(const char* name, const crypto::SigningKey& key) {
    return to_vkey(name, key.verify_key(), KeyType::cosignature);
  }
  std::string lines() const {
    return "log " + to_vkey("chuanyu.sc/2026q4", log.verify_key()) + "\n" + "witness cq " + vkey("cq.witness", cq) +
           " https://127.0.0.1:8444/witness/v1\n" + "  witness\t审计 " + vkey("audit.witness", audit) + "\n" +
           "witness third " + vkey("third", third) + "\n";
  }
  Note note(const std::vector<std::pair<const char*, const crypto::SigningKey*>>& by) const {
    std::string text = sign_checkpoint({"chuanyu.sc/2026q4", 3, {}, {}}, log);
    std::uint64_t seconds = 100;
    for (const auto& [name, key] : by) text += to_line(cosign(parse_note(text)->text, name, *key, seconds++));
    return parse_note(text).value();
  }
};

std::string where(const std::string& text) {
  const auto policy = WitnessPolicy::parse(text);
  return policy.ok() ? "read" : policy.error().where;
}

TEST(WitnessPolicy, CountsWitnessesAsItsGroupsSay) {
  const Keys keys;
  const auto policy = WitnessPolicy::parse("# 见证策略\n\n" + keys.lines() +
                                           "group provinces all cq\ngroup any-other 1 审计 third\n"
                                           "group both all provinces any-other\nquorum both");
  ASSERT_TRUE(policy.ok()) << policy.error().to_text();
  ASSERT_EQ(policy->witnesses().size(), 3U);
  EXPECT_EQ(policy->witnesses()[0].url, "https://127.0.0.1:8444/witness/v1");
  EXPECT_FALSE(policy->log("chuanyu.sc/2026q4").empty());
  EXPECT_TRUE(policy->log("chuanyu.sc").empty());
  EXPECT_FALSE(policy->judge(keys.note({})).quorum);
  EXPECT_FALSE(policy->judge(keys.note({{"cq.witness", &keys.cq}})).quorum);
  EXPECT_FALSE(policy->judge(keys.note({{"audit.witness", &keys.audit}, {"third", &keys.third}})).quorum);
  const auto verdict =
      policy->judge(keys.note({{"third", &keys.third}, {"cq.witness", &keys.cq}, {"audit.witness", &keys.audit}}));
  EXPECT_TRUE(verdict.quorum);
  EXPECT_EQ(verdict.by.size(), 3U);
  EXPECT_EQ(verdict.since, 101U);  // complete with the second of them
  // One witness under another's name, or twice, is not two.
  EXPECT_FALSE(policy->judge(keys.note({{"cq.witness", &keys.cq}, {"third", &keys.cq}})).quorum);
  EXPECT_FALSE(policy->judge(keys.note({{"cq.witness", &keys.cq}, {"cq.witness", &keys.cq}})).quorum);
}

TEST(WitnessPolicy, NoneAsksForNobody) {
  const auto policy = WitnessPolicy::parse("quorum none\n");
  ASSERT_TRUE(policy.ok());
  EXPECT_FALSE(policy->asks_for_any());
  EXPECT_TRUE(policy->judge(Keys().note({})).quorum);
}

TEST(WitnessPolicy, EachMistakeHasItsLine) {
  const Keys keys;
  const std::string four = keys.lines();
  EXPECT_EQ(where(four), "");  // the whole file: no quorum
  EXPECT_EQ(where(four + "quorum cq\n"), "read");
  EXPECT_EQ(where(four + "quorum nobody\n"), "第 5 行");
  EXPECT_EQ(where(four + "quorum cq\nquorum cq\n"), "第 6 行");
  EXPECT_EQ(where(four + "group g 3 cq third\nquorum g\n"), "第 5 行");
  EXPECT_EQ(where(four + "group g 0 cq third\nquorum g\n"), "第 5 行");
  EXPECT_EQ(where(four + "group g all later\ngroup later any cq\nquorum g\n"), "第 5 行");
  EXPECT_EQ(where(four + "group g any cq\ngroup h any cq\nquorum g\n"), "第 6 行");  // a member of two groups
  EXPECT_EQ(where(four + "group cq any third\nquorum cq\n"), "第 5 行");
  EXPECT_EQ(where(four + "group none any third\nquorum none\n"), "第 5 行");
  EXPECT_EQ(where(four + "witness again " + Keys::vkey("again", keys.cq) + "\nquorum cq\n"), "第 5 行");
  EXPECT_EQ(where("log " + Keys::vkey("w", keys.cq) + "\nquorum none\n"), "第 1 行");  // a witness's key
  EXPECT_EQ(where("witness w " + to_vkey("w", keys.cq.verify_key()) + "\nquorum none\n"), "第 1 行");
  EXPECT_EQ(where("quorum none\r\n"), "第 1 行");
  EXPECT_EQ(where("\nwitnes x y\nquorum none\n"), "第 2 行");
}

}  // namespace
}  // namespace chuanyu::ledger
