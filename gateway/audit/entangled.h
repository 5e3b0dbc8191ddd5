// Private to gateway/audit: what one log wrote down of the other: the checkpoints that its gateway cosigned
// (PEER_CHECKPOINT entries, FORMAT.md §2), held against that other log.
//
// Each must be one of its own: the shard is there, is as long, and has that root. So a log that was set back, one that
// lost a shard in a recovery, and one that told two stories are found without asking a witness. Roots come from the
// stored tiles; where those disagree, from the entries, in one more pass. Memory: the number of shards, and of
// checkpoints that do not agree. Threads: one. Failure: findings, LOG_INCOMPLETE, LOG_RECOVERED where a recovery
// accounts for it, LOG_SPLIT for a checkpoint that its own key signed and its entries are not, LOG_TAMPERED and
// LOG_SIGNATURE for a note that is none.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gateway/audit/log_reader.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

class Entangled {
 public:
  using Find = std::function<void(Code code, std::string detail, std::string where)>;
  // `log`: that was cosigned. `keys`: of it, all that the auditor brought, derived or was told; none: signatures are
  // not looked at. `find` gets places in the log that wrote it down.
  Entangled(const LogReader& log, ledger::VerifyKeys keys, Find find);

  // Entries of the log that wrote it down, in order; those that are something else are passed over.
  void entry(const std::string& where, const ledger::Entry& entry);
  void finish() const;
  std::uint64_t compared() const { return compared_; }

 private:
  // What was seen of a shard and is not here.
  struct Beyond {
    std::uint64_t size = 0;
    std::string where;  // the first that says so
  };
  void compare(const ledger::Checkpoint& seen, const std::string& where);

  // A checkpoint that the stored tiles do not bear out: the tile or the log.
  struct Doubted {
    ledger::Checkpoint seen;
    std::string where;
  };
  void settle_doubts() const;

  const std::vector<LogReader::Part> parts_;
  const std::string origin_;
  const ledger::VerifyKeys keys_;
  const Find find_;
  const bool growing_;
  std::map<std::string, Beyond> beyond_;  // by origin
  std::vector<Doubted> doubted_;
  std::uint64_t compared_ = 0;
};

}  // namespace chuanyu::audit
