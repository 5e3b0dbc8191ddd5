// What holds for every policy: nothing is open by default, order does not open anything, a deny rule only closes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "gateway/policy/policy.h"

namespace chuanyu::policy {
namespace {

const std::vector<identity::Party>& parties() {
  static const std::vector<identity::Party> kAll = {
      {"11510900MBDEM0023P", "遂宁", "510900", "sc", {}},
      {"11510903MBDEM0031X", "船山", "510903", "sc", {}},
      {"11500152MBDEM0074W", "潼南", "500152", "cq", {}},
      {"11500112MBDEM0082R", "渝北", "500112", "cq", {}},
  };
  return kAll;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// A JSON array of one to three words of `words`.
rc::Gen<std::string> list(const std::vector<std::string>& words) {
  return rc::gen::exec([words] {
    std::string out;
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) out += (out.empty() ? "" : ", ") + quoted(*rc::gen::elementOf(words));
    return "[" + out + "]";
  });
}

rc::Gen<std::string> selector() {
  return rc::gen::exec([] {
    switch (*rc::gen::inRange(0, 4)) {
      case 0: return "{\"home\": " + *list({"sc", "cq"}) + "}";
      case 1: return "{\"region\": " + *list({"51", "50", "5109", "510903", "500152"}) + "}";
      case 2: return "{\"uscc\": " + *list({"11510900MBDEM0023P", "11500152MBDEM0074W"}) + "}";
      default: return "{\"home\": " + *list({"sc", "cq"}) + ", \"region\": " + *list({"51", "5001"}) + "}";
    }
  });
}

// The conditions of a rule, without its id.
rc::Gen<std::string> conditions(bool allow) {
  return rc::gen::exec([allow] {
    const auto perhaps = [](int one_in) { return *rc::gen::inRange(0, one_in) == 0; };
    std::string out = allow ? R"("effect": "allow")" : R"("effect": "deny")";
    // Mostly wide, so that a good part of the requests are met by some rule.
    const std::string verbs = perhaps(2) ? *list({"publish", "query", "push"}) : R"(["publish", "query", "push"])";
    const std::string what = perhaps(2) ? *list({"credit", "case", "clue-transfer"}) : R"(["*"])";
    const std::string from = perhaps(2) ? *selector() : R"({"home": ["sc", "cq"]})";
    if (allow || perhaps(3)) out += ", \"verbs\": " + verbs;
    if (allow || perhaps(3)) out += ", \"what\": " + what;
    if (allow || perhaps(3)) out += ", \"from\": " + from;
    if (perhaps(3)) out += ", \"to\": " + *selector();
    if (perhaps(4)) out += ", \"matters\": " + *list({"m1", "m2"});
    if (perhaps(4)) out += ", \"grants\": " + *list({"g1", "g2"});
    if (perhaps(4)) out += R"(, "valid_until": "2026-06-30")";
    return out;
  });
}

// None to five rules, one in six of them a deny rule: with more, a deny rule decides nearly everything.
rc::Gen<std::vector<std::string>> rule_set() {
  return rc::gen::exec([] {
    std::vector<std::string> out;
    for (int count = *rc::gen::inRange(0, 6); count > 0; --count) {
      out.push_back(*conditions(*rc::gen::inRange(0, 6) != 0));
    }
    return out;
  });
}

std::shared_ptr<const Policy> policy(const std::vector<std::string>& rules) {
  std::string json;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    json += (i == 0 ? "{\"id\": \"r" : ", {\"id\": \"r") + std::to_string(i) + "\", " + rules[i] + "}";
  }
  auto parsed = Policy::parse("{\"rules\": [" + json + "]}");
  RC_ASSERT(parsed.index() == 0U);
  return std::get<0>(parsed);
}

struct Ask {
  Purpose purpose;
  Request request;
};

// Fills `ask` in place: the request points to the purpose beside it.
void make(Ask& ask) {
  ask.purpose.matter = *rc::gen::elementOf(std::vector<std::string>{"m1", "m2", "m3"});
  ask.purpose.grant = *rc::gen::elementOf(std::vector<std::string>{"g1", "g2", "g3"});
  ask.request.verb = *rc::gen::element(Verb::publish, Verb::query, Verb::push);
  ask.request.what = *rc::gen::elementOf(std::vector<std::string_view>{"credit", "case", "clue-transfer", "licence"});
  ask.request.from = &parties()[*rc::gen::inRange<std::size_t>(0, parties().size())];
  const auto to = *rc::gen::inRange<std::size_t>(0, parties().size() + 1);
  ask.request.to = to < parties().size() ? &parties()[to] : nullptr;
  ask.request.to_home = ask.request.to != nullptr ? std::string_view(ask.request.to->home) : "sc";
  ask.request.purpose = &ask.purpose;
  ask.request.today = *rc::gen::element(Date{2026, 6, 30}, Date{2026, 7, 1});
}

RC_GTEST_PROP(PolicyLaws, AnEmptyPolicyDeniesEverything, ()) {
  Ask ask;
  make(ask);
  const Decision decision = policy({})->decide(ask.request);
  RC_ASSERT(!decision.allow);
  RC_ASSERT(decision.rule_id == "default-deny");
}

RC_GTEST_PROP(PolicyLaws, TheOrderOfRulesDoesNotMatter, ()) {
  const auto rules = *rule_set();
  auto shuffled = rules;
  for (std::size_t i = shuffled.size(); i > 1; --i) {
    std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  Ask ask;
  make(ask);
  const bool allowed = policy(rules)->decide(ask.request).allow;
  RC_CLASSIFY(allowed, "allowed");
  RC_ASSERT(allowed == policy(shuffled)->decide(ask.request).allow);
}

RC_GTEST_PROP(PolicyLaws, AddingADenyRuleNeverOpensAnything, ()) {
  auto rules = *rule_set();
  Ask ask;
  make(ask);
  const bool before = policy(rules)->decide(ask.request).allow;
  const auto at = *rc::gen::inRange<std::size_t>(0, rules.size() + 1);
  rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(at), *conditions(false));
  const bool after = policy(rules)->decide(ask.request).allow;
  RC_CLASSIFY(before && !after, "closed something");
  RC_ASSERT(before || !after);
}

RC_GTEST_PROP(PolicyLaws, AddingAnAllowRuleNeverClosesAnything, ()) {
  auto rules = *rule_set();
  Ask ask;
  make(ask);
  const bool before = policy(rules)->decide(ask.request).allow;
  rules.push_back(*conditions(true));
  const bool after = policy(rules)->decide(ask.request).allow;
  RC_CLASSIFY(!before && after, "opened something");
  RC_ASSERT(!before || after);
}

RC_GTEST_PROP(PolicyLaws, WhatEveryOrganisationMayBeAskedEachOneMayBeAsked, ()) {
  const auto shared = policy(*rule_set());
  Ask ask;
  make(ask);
  ask.request.to = nullptr;
  ask.request.to_home = "sc";
  const bool all = shared->decide(ask.request).allow;
  RC_CLASSIFY(all, "all allowed");
  for (const identity::Party& party : parties()) {
    if (party.home != "sc") continue;
    ask.request.to = &party;
    RC_ASSERT(!all || shared->decide(ask.request).allow);
  }
}

}  // namespace
}  // namespace chuanyu::policy
