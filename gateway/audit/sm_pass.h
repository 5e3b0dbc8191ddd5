// Private to gateway/audit: what the SM profile (国密) adds to a pass over a log: SM2 lines and the second tree.
//
// The second tree is computed only when the log has checkpoints of it. Threads: one. Failure: findings, as verify.h
// says: LOG_SIGNATURE for a wrong signature, LOG_TAMPERED for a checkpoint that the entries contradict.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/audit/verify.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::audit {

class SmPass {
 public:
  using Find = std::function<void(Code code, std::string detail, std::string where)>;
  // `key`: nullptr: signatures are not looked at, roots are.
  SmPass(const LogReader& log, const crypto::Sm2VerifyKey* key, LogReport& report, Find find);

  void entry(BytesView bytes);
  // The log's own checkpoint of that size.
  void own_note(const ledger::Note& note, std::uint64_t size);
  void finish();

 private:
  void check_place();
  void check_row();
  void check_note(const LogReader::Note& stored);
  void bad_signature(std::string where);

  const LogReader& log_;
  const crypto::Sm2VerifyKey* const key_;
  LogReport& report_;
  const Find find_;
  const std::string origin_;  // of the second tree
  std::optional<LogReader::Note> next_;
  std::optional<std::uint64_t> row_size_;  // until the row was compared
  ledger::Sm3Frontier tree_;
  std::uint64_t bad_ = 0;
  std::string first_bad_;
};

}  // namespace chuanyu::audit
