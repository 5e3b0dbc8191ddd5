// gateway/audit/note_lines.h: is every signature line of the stored checkpoints somebody's?
//
// A line whose name or key id was altered is, to whoever verifies signatures, a stranger's: passed over. In the log's
// own rows there are no strangers: the log signs by its own name, with keys that its KEY entries or the auditor name; a
// witness's line stands under its key id, and under a policy it is one of the policy's witnesses. Threads: one.
// Failure: LOG_SIGNATURE through `find`.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gateway/audit/log_reader.h"
#include "gateway/crypto/sm2.h"
#include "gateway/ledger/witness_policy.h"

namespace chuanyu::audit {

class NoteLines {
 public:
  using Find = std::function<void(Code code, std::string detail, std::string where)>;
  // `sm2_key`, `policy`: nullptr: lines that only they could explain are taken as explained.
  NoteLines(std::string origin, const crypto::Sm2VerifyKey* sm2_key, const ledger::WitnessPolicy* policy, Find find);

  void note(const LogReader::Note& stored, const ledger::Note& note, const std::string& where);
  // `keys`: every key of the log that the auditor brought or its entries name.
  void finish(const ledger::VerifyKeys& keys) const;

 private:
  bool is_witness(const ledger::NoteSignature& line) const;

  const std::string origin_;
  const crypto::Sm2VerifyKey* const sm2_key_;
  const ledger::WitnessPolicy* const policy_;
  const Find find_;
  std::map<std::uint32_t, std::string> own_;  // key ids of the log's own lines: where each was seen first
};

}  // namespace chuanyu::audit
