#include "gateway/audit/redecide.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;
using policy::Verb;

// What may have been asked for; several when the entry leaves it open.
std::vector<Verb> verbs_of(const ledger::Entry& entry, const v1::LogBody* body) {
  switch (entry.kind) {
    case EntryKind::published: return {Verb::publish};
    case EntryKind::accepted:
    case EntryKind::received: return {Verb::push};
    case EntryKind::queried:
    case EntryKind::answered:
    case EntryKind::deferred: return {Verb::query};
    case EntryKind::denied:
    case EntryKind::failed: break;
    default: return {};
  }
  if (entry.stream == 0 && entry.native_in != crypto::Digest{}) return {entry.to.empty() ? Verb::publish : Verb::push};
  if (entry.slot == 0) return {Verb::publish};  // a whole import
  if (body != nullptr) return {body->has_query() ? Verb::query : Verb::push};
  return entry.to.empty() ? std::vector{Verb::query} : std::vector{Verb::query, Verb::push};
}

// Which gateways' organisations may have been meant.
std::vector<std::string> homes_of(const ledger::Entry& entry, const identity::Party* to,
                                  const identity::Directory& directory) {
  if (entry.stream != 0) return {entry.gateway};
  if (to != nullptr) return {to->home};
  if (!entry.peer.empty()) return {entry.peer};
  if (entry.kind == EntryKind::answered) return {entry.gateway};
  std::vector<std::string> homes;
  for (const auto& [uscc, party] : directory.parties()) {
    if (std::find(homes.begin(), homes.end(), party.home) == homes.end()) homes.push_back(party.home);
  }
  return homes;
}

std::string text_of(bool allowed, const std::string& rule) { return (allowed ? "准许（" : "不准许（") + rule + "）"; }

// The format that the directory of that day names for who speaks or is spoken to.
Status check_profile(const identity::Party* party, const ledger::Entry& entry, const std::string& profile) {
  if (profile.empty() || party == nullptr) return {};
  const auto registered = party->profiles.find(entry.what);
  if (registered != party->profiles.end() && registered->second == profile) return {};
  return error(Code::LOG_DIFFERS, "格式 " + profile + " 不是名录为该机构登记的");
}

}  // namespace

Result<bool> redecide(Versions& versions, const ledger::Entry& entry, const v1::LogBody* body) {
  if (entry.rule.empty() || entry.kind == EntryKind::deferred) return false;
  CHUANYU_TRY(const auto policy, versions.policy(entry.policy));
  CHUANYU_TRY(const auto directory, versions.directory(entry.directory));
  const identity::Party* from = directory->find_party(entry.from);
  if (from == nullptr) return error(Code::LOG_DIFFERS, "所记的名录中没有该机构，却有决定");
  const identity::Party* to = entry.to.empty() ? nullptr : directory->find_party(entry.to);
  policy::Purpose purpose{entry.matter, entry.basis, entry.grant, {}, {}};
  if (body != nullptr) {
    purpose.operator_name = body->operator_name();
    purpose.use_cause = body->use_cause();
  }
  // The refusal of a row says by which rule rows were taken; that this one was not is not the policy's word.
  const bool row = entry.kind != EntryKind::published && body != nullptr && body->row() != 0;
  std::string last;
  for (const Verb verb : verbs_of(entry, body)) {
    const identity::Party* target = verb == Verb::publish ? from : to;
    for (const std::string& home : homes_of(entry, target, *directory)) {
      policy::Request request{verb, entry.what, from, target, home, &purpose, date_in_china(entry.time)};
      const policy::Decision again = policy->decide(request);
      if (again.rule_id == entry.rule && (row || again.allow == entry.allowed)) {
        CHUANYU_CHECK(check_profile(from, entry, entry.mapping_in.id));
        const bool asks = verb == Verb::query;
        CHUANYU_CHECK(check_profile(asks ? from : to, entry, entry.mapping_out.id));
        return true;
      }
      last = text_of(again.allow, again.rule_id);
    }
  }
  return error(Code::LOG_DIFFERS, "决定不同：所记 " + text_of(entry.allowed, entry.rule) + "，重算 " + last);
}

}  // namespace chuanyu::audit
