// Private to gateway/audit: whose payload's key is gone, on a pass over all shards of a log, and which ERASURE entry
// says why.
//
// Keys are looked up a block of entries at a time, in the order of their slots: a walk along the table. Memory: a
// block, and some 40 bytes for each payload that is gone. Threads: one. Failure: findings, LOG_KEY_MISSING.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "gateway/audit/erasures.h"
#include "gateway/audit/verify.h"

namespace chuanyu::audit {

class PayloadPass {
 public:
  // `log`: all of it.
  explicit PayloadPass(const LogReader& log) : log_(log), keys_checked_(has_keys(log)) {}
  void entry(std::uint64_t index, const ledger::Entry& entry);
  // What it found, in the reports of the shards, in their order.
  void finish(std::vector<LogReport>& reports);

 private:
  using Place = std::pair<std::uint64_t, std::uint64_t>;  // slot, index
  void look_up();

  const LogReader& log_;
  bool keys_checked_;
  std::optional<Error> damaged_;
  Erasures erasures_;
  std::vector<Place> block_;
  std::vector<Place> gone_;
};

}  // namespace chuanyu::audit
