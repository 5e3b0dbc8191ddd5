#include "gateway/audit/key_chain.h"

#include <algorithm>
#include <sstream>

#include "gateway/ledger/shard.h"
#include "gateway/ledger/succession.h"

namespace chuanyu::audit {

KeyChain::KeyChain(std::string origin, const ledger::VerifyKeys& given, LogReport& report, Find find)
    : origin_(std::move(origin)), report_(report), find_(std::move(find)), now_(given), trusted_(given) {}

// Lines "log VKEY" and "log-succeeds OLD NEW SIGNATURE": gateway/app/world.cpp writes them.
void KeyChain::entry(std::uint64_t index, const ledger::Entry& entry) {
  if (entry.kind != ledger::EntryKind::key) return;
  std::istringstream lines(entry.content);
  std::optional<crypto::VerifyKey> alone;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("log-succeeds ")) {
      alone.reset();
      succeed(index, entry, line);
      continue;
    }
    if (!line.starts_with("log ")) continue;
    auto named = ledger::parse_vkey(std::string_view(line).substr(4));
    if (!named.ok()) continue;
    named_.add(named->key);
    alone = std::move(named->key);
  }
  if (alone && now_.has(*alone)) now_ = ledger::VerifyKeys(*std::move(alone));  // a rotation has ended
}

void KeyChain::succeed(std::uint64_t index, const ledger::Entry& entry, const std::string& line) {
  const auto named = ledger::parse_succession(line);
  if (!named || !named->valid || !ledger::covers(named->from.name, origin_)) {
    return find_(Code::LOG_SIGNATURE, "更换日志密钥的声明没有旧密钥的有效签名", place_of(report_.base + index));
  }
  KeyRotation rotation{report_.base + index, entry.time, ledger::to_vkey(named->from.name, named->from.key),
                       ledger::to_vkey(named->to.name, named->to.key), now_.has(named->from.key)};
  const bool said = std::any_of(report_.rotations.begin(), report_.rotations.end(), [&](const KeyRotation& before) {
    return before.from == rotation.from && before.to == rotation.to;
  });
  if (said) return;  // a later KEY entry of the same overlap
  const bool known = rotation.followed;
  report_.rotations.push_back(std::move(rotation));
  if (known) return pending_.push_back({named->to.key, index});
  named_.add(named->from.key);
}

bool KeyChain::knows_one() const {
  const bool met = std::any_of(named_.begin(), named_.end(), [this](const auto& key) { return trusted_.has(key); });
  return trusted_.empty() || named_.empty() || met;
}

ledger::VerifyKeys KeyChain::claims() const {
  ledger::VerifyKeys claims;
  for (const crypto::VerifyKey& key : named_) {
    if (!trusted_.has(key)) claims.add(key);
  }
  return claims;
}

ledger::VerifyKeys KeyChain::known() const {
  ledger::VerifyKeys known = trusted_;
  for (const crypto::VerifyKey& key : named_) known.add(key);
  return known;
}

bool KeyChain::accepts(const ledger::Note& note, std::uint64_t size) {
  if (!ledger::is_signed_by(note, origin_, now_)) return false;
  // Over the entries that name them: what the old key signed reaches to its successors.
  for (const Pending& one : pending_) {
    if (one.index >= size) continue;
    now_.add(one.key);
    trusted_.add(one.key);
  }
  std::erase_if(pending_, [size](const Pending& one) { return one.index < size; });
  return true;
}

}  // namespace chuanyu::audit
