// Private to gateway/audit: which keys may have signed a log's checkpoints, from the ones that the auditor brought on.
//
// A KEY entry in which a trusted key names its successor (FORMAT.md §3) makes that key trusted, once a checkpoint over
// the entry carries a trusted signature; a KEY entry that names a trusted key alone ends the others. Keys from before
// the auditor's are only claims of the log: what they signed cannot be judged. Memory: the number of keys. Threads:
// one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/audit/verify.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

class KeyChain {
 public:
  using Find = std::function<void(Code code, std::string detail, std::string where)>;
  KeyChain(std::string origin, const ledger::VerifyKeys& given, LogReport& report, Find find);

  // Entries and checkpoints in their order; a checkpoint of size n comes after entry n - 1.
  void entry(std::uint64_t index, const ledger::Entry& entry);
  bool accepts(const ledger::Note& note, std::uint64_t size);
  // The log names the keys that sign it: one that the auditor brought must be among them, when any was brought.
  bool knows_one() const;
  // Of a checkpoint that was not accepted: signed by a key that the log itself names.
  bool claimed(const ledger::Note& note) const { return ledger::is_signed_by(note, origin_, claims()); }
  // Neither brought nor derived, and yet named by the log.
  ledger::VerifyKeys claims() const;
  // Brought, derived or named by the log.
  ledger::VerifyKeys known() const;
  // Every key that was trusted at some time.
  const ledger::VerifyKeys& trusted() const { return trusted_; }

 private:
  struct Pending {
    crypto::VerifyKey key;
    std::uint64_t index = 0;
  };
  void succeed(std::uint64_t index, const ledger::Entry& entry, const std::string& line);

  const std::string origin_;
  LogReport& report_;
  const Find find_;
  ledger::VerifyKeys now_;  // that may sign the next checkpoint
  ledger::VerifyKeys trusted_;
  ledger::VerifyKeys named_;  // by KEY entries
  std::vector<Pending> pending_;
};

}  // namespace chuanyu::audit
