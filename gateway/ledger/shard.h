// gateway/ledger/shard.h: how the shards of one log (分卷) are named and bound to one another.
//
// The first shard has the log's own name O; a later one is O/<name>, a tree of its own, whose first entry (SHARD_OPEN)
// commits to the shard before by its last signed note. After a restored backup a RECOVERY entry follows it and says
// what was here. FORMAT.md §2 and §7 are the grammar. Pure; threads: plain values. Failure: LOG_ENTRY_INVALID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"

namespace chuanyu::ledger {

inline constexpr const char* kShardsFolder = "shards";  // beside log/, or beside the exported files of the first shard

// The UTC instant of its opening, "20261122t114929z"; later than the name `last` even when the clock is not.
std::string shard_name(TimeUs opened, std::string_view last = {});
bool is_shard_name(std::string_view name);
std::string shard_origin(std::string_view log, std::string_view name);  // empty name: the first shard
// Whether `origin` is the log of that name or one of its shards. A name that ends in '/' stands for what begins so.
bool covers(std::string_view log, std::string_view origin);
// Whether `later` is a shard of the same log behind `origin`.
bool is_later_shard(std::string_view later, std::string_view origin);

// The content of SHARD_OPEN in a shard that is not the first.
struct ShardOpening {
  std::string previous;    // origin of the shard before
  std::uint64_t base = 0;  // entries in all shards before
  std::string note;        // its last signed note, with cosignatures
};
std::string to_text(const ShardOpening& opening);
Result<ShardOpening> parse_shard_opening(std::string_view text);

// What somebody showed who had seen another log than is here.
struct SeenElsewhere {
  std::string witness;
  std::uint64_t size = 0;
};

// The content of RECOVERY: the shard before goes on no further.
struct Recovery {
  std::string approver;
  std::string reason;
  std::uint64_t size = 0;  // of the shard before, as it is here
  crypto::Digest root{};   // the same
  std::vector<SeenElsewhere> seen;
  std::string note;  // that a witness keeps of the shard before; may be empty
};
std::string to_text(const Recovery& recovery);
Result<Recovery> parse_recovery(std::string_view text);

// The quarter of a time, counted from year 0, by the calendar in China.
std::int64_t quarter_in_china(TimeUs time);

}  // namespace chuanyu::ledger
