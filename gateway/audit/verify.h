// gateway/audit/verify.h: is this log what its signer signed?
//
// One pass over the entries in O(log n) memory: each entry's form, entry → leaf → tile → root, every stored
// checkpoint's signature and root on the way, the blobs that entries name, and the versions that they stand on. The
// pass goes on after a finding where it can. Threads: one. Failure: in the report; nothing is thrown away silently.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/erasures.h"
#include "gateway/audit/log_reader.h"
#include "gateway/base/error.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/signature.h"
#include "gateway/crypto/sm2.h"
#include "gateway/ledger/shard.h"
#include "gateway/ledger/witness_policy.h"

namespace chuanyu::audit {

struct Findings {
  static constexpr std::size_t kListed = 100;
  std::vector<Error> listed;  // the first ones; `where` is "log#INDEX", a tile or a file
  std::map<Code, std::uint64_t> counts;
  void add(Error found);
  bool empty() const { return counts.empty(); }
};

// One log-signing key named another.
struct KeyRotation {
  std::uint64_t index = 0;  // of the KEY entry
  std::int64_t time = 0;
  std::string from;  // NAME+KEYID+BASE64
  std::string to;
  bool followed = false;  // the auditor's keys lead there; false: from before them, as the log says
};

struct LogReport {
  std::string folder;
  std::string origin;
  std::uint64_t size = 0;
  crypto::Digest root{};
  std::uint64_t base = 0;  // entries in the shards before this one: every "log#N" counts them, sizes do not
  std::optional<ledger::Recovery> recovery;  // how it began
  bool ends_closed = false;                  // the newest shard has its last entry: another should follow
  std::uint64_t checkpoints = 0;
  std::uint64_t signed_size = 0;      // of the last good checkpoint
  std::uint64_t witnessed_size = 0;   // of the last one that the policy's quorum cosigned
  bool witnesses_checked = false;     // false: no policy for this log was given
  bool signatures_checked = false;    // false: no key was given, so that a log written anew by anybody would pass
  bool sm2_checked = false;           // false: no SM2 key was given
  std::uint64_t sm2_signed_size = 0;  // of the last checkpoint with a good SM2 line
  std::uint64_t sm3_checkpoints = 0;  // of the second tree (SM profile)
  std::uint64_t sm3_size = 0;         // of the last good one of them
  std::uint64_t blobs = 0;
  std::map<std::string, std::uint64_t> kinds;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  std::uint64_t versions = 0;              // of policy and directory, whose content was compared with its digest
  std::uint64_t certificates_checked = 0;  // entries whose certificate was valid at their time, or is in `findings`
  std::uint64_t certificates_unknown = 0;  // entries whose certificate was not given
  std::uint64_t clock_steps_back = 0;      // entries a second or more before the one before them: flagged, not a fault
  bool keys_checked = false;               // false: the folder has no keys of payloads
  std::optional<std::uint64_t> key_rows;   // opened under the key-encryption key; nothing: none was given
  std::vector<KeyRotation> rotations;
  std::uint64_t unjudged_checkpoints = 0;  // signed by keys from before the auditor's, which only the log names
  std::uint64_t unjudged_size = 0;         // of the last of them
  bool by_earlier_keys = false;            // of a shard: all are; a later one leads from those keys to the auditor's
  std::vector<Error> wrong_key;            // what is to be said if none does
  void tell_wrong_key();                   // none does: nothing vouches for it
  ledger::VerifyKeys log_keys;             // the auditor's and those that they lead to
  ledger::VerifyKeys earlier_keys;         // that only the log names
  std::uint64_t erased = 0;                // payloads that are gone and that an ERASURE entry names
  std::uint64_t not_yet_erased = 0;        // named by one, and their keys are still there
  std::vector<Erasure> erasures;
  Findings findings;
};

using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// By fingerprint.
using Certificates = std::map<crypto::Digest, crypto::Certificate>;
// Every certificate of a folder and those below it. CONFIG_UNREADABLE when there is none.
Result<Certificates> read_certificates(const std::string& folder);

// `policy`: the witness policy that names this log; nullptr: cosignatures are not looked at.
// `certificates`: who acted, to tell whether they were valid at their time; nullptr: not looked at.
// `sm2_key`: of the second signature line and the second tree (SM profile); nullptr: these signatures are not looked
// at.
// `keys`: that the auditor trusts, of one log; none: signatures are not looked at.
// `log` in one piece.
LogReport verify(const LogReader& log, const ledger::VerifyKeys& keys, const Progress& progress,
                 const ledger::WitnessPolicy* policy = nullptr, const Certificates* certificates = nullptr,
                 const crypto::Sm2VerifyKey* sm2_key = nullptr);
// All shards of a log: each by itself, by the keys that those before it led to, then how they follow from one another.
std::vector<LogReport> verify_shards(const LogReader& log, const ledger::VerifyKeys& keys, const Progress& progress,
                                     const ledger::WitnessPolicy* policy = nullptr,
                                     const Certificates* certificates = nullptr,
                                     const crypto::Sm2VerifyKey* sm2_key = nullptr);

}  // namespace chuanyu::audit
