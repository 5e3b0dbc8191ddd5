#include "gateway/policy/policy.h"

#include <algorithm>

#include "gateway/policy/rule.h"

namespace chuanyu::policy {
namespace {

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool any_or_has(const std::vector<std::string>& list, std::string_view value) {
  return list.empty() || has(list, value);
}

bool covers(const Selector& selector, const identity::Party& party) {
  const auto is_prefix = [&](const std::string& prefix) { return party.region.starts_with(prefix); };
  return any_or_has(selector.uscc, party.uscc) && any_or_has(selector.home, party.home) &&
         (selector.region.empty() || std::any_of(selector.region.begin(), selector.region.end(), is_prefix));
}

// Every organisation of a gateway: an allow rule must cover all of them, a deny rule only some.
bool covers_everyone(const Selector& selector, std::string_view home, bool allow) {
  if (!any_or_has(selector.home, home)) return false;
  return !allow || !selector.names_someone();
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::publish: return "publish";
    case Verb::query: return "query";
    case Verb::push: return "push";
  }
  return "";
}

bool Policy::Rule::matches(const Request& request) const {
  if (verbs != 0 && (verbs & bit(request.verb)) == 0) return false;
  if (!any_or_has(what, request.what)) return false;
  if (from && !covers(*from, *request.from)) return false;
  if (to && request.to != nullptr && !covers(*to, *request.to)) return false;
  if (to && request.to == nullptr && !covers_everyone(*to, request.to_home, allow)) return false;
  // Without a purpose nothing can be said about it, so a rule that asks for one does not hold.
  if (!matters.empty() && (request.purpose == nullptr || !has(matters, request.purpose->matter))) return false;
  if (!grants.empty() && (request.purpose == nullptr || !has(grants, request.purpose->grant))) return false;
  if (valid_from && request.today < *valid_from) return false;
  return !valid_until || request.today <= *valid_until;
}

Decision Policy::decide(const Request& request) const {
  const Rule* allowing = nullptr;
  for (const Rule& rule : *rules_) {
    if (request.from == nullptr || (rule.allow && allowing != nullptr) || !rule.matches(request)) continue;
    if (!rule.allow) return {.allow = false, .rule_id = rule.id, .reason = rule.why};
    allowing = &rule;
  }
  if (allowing != nullptr) return {.allow = true, .rule_id = allowing->id, .reason = allowing->why};
  return {.allow = false, .rule_id = "default-deny", .reason = "没有规则允许"};
}

}  // namespace chuanyu::policy
