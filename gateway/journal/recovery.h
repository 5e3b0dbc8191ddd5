// gateway/journal/recovery.h: going on after a restored backup: a new shard whose first entries say so (恢复).
//
// What is here stays as it is, and nothing of what was lost is made up for: the old shard ends where the backup ended,
// the new one begins with SHARD_OPEN and RECOVERY (who, why, what was here, what witnesses had seen). Threads: one,
// while no journal is open on the folder (LOCAL_IN_USE). Failure: as Journal::open; CONFIG_VALUE for words that do not
// fit.
#pragma once

#include <string>

#include "gateway/journal/journal.h"
#include "gateway/ledger/shard.h"

namespace chuanyu::journal {

// `recovery`: all but size and root. The origin of the new shard.
Result<std::string> open_recovered(const Options& options, ledger::Recovery recovery);

}  // namespace chuanyu::journal
