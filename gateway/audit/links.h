// Private to gateway/audit: do the shards of a log follow from one another?
//
// Each must begin with a SHARD_OPEN that commits to all of the one before, which must end with its only SHARD_CLOSE;
// where a RECOVERY stands instead it must say what was there. Threads: one. Failure: findings in the report of the
// shard whose beginning or end is meant: LOG_INCOMPLETE for a missing shard, by name; LOG_TAMPERED for one that does
// not fit; LOG_RECOVERED for a recovery, which people must read.
#pragma once

#include <optional>
#include <vector>

#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

// The RECOVERY entry with which a shard begins, behind its SHARD_OPEN; nothing: it does not begin with one.
std::optional<ledger::Entry> recovery_entry(const LogReader& shard);
// `reports`: of the parts, in their order.
void check_links(const std::vector<LogReader::Part>& parts, std::vector<LogReport>& reports);

}  // namespace chuanyu::audit
