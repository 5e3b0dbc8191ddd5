// gateway/audit/replay.h: the state made anew from the log alone, by the gateway's own projection.
//
// Written into a temporary folder that is gone afterwards; the log's folder is only read, and no signing key is needed.
// The state must come out as the live one is when that has applied as many entries; up to any earlier point it shows
// the world as it was. Threads: one. Failure: in the report.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "gateway/audit/body.h"
#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"
#include "gateway/journal/state.h"

namespace chuanyu::audit {

// What stands in FOLDER/state.
struct LiveState {
  journal::StatePosition position;
  crypto::Digest digest{};
};
// Read it before the log is opened: a gateway's state is never ahead of its log. CLIENT_NOT_FOUND when there is none,
// LOCAL_IN_USE when a running gateway changed it all the while, LOG_VERSION when another version made it.
Result<LiveState> read_live_state(const std::string& folder);

struct ReplayOptions {
  std::optional<std::uint64_t> size;  // the first so many entries
  std::optional<TimeUs> until;        // up to the first entry that is later
  Progress progress;
};

// How many of what, by name.
using Counts = std::map<std::string, std::uint64_t>;

struct ReplayReport {
  std::string folder;
  std::string origin;
  std::uint64_t size = 0;  // entries applied
  TimeUs last_time = 0;    // of the last of them
  crypto::Digest root{};
  crypto::Digest digest{};   // of the state
  bool bodies = false;       // false: without a key nothing is known of records
  std::uint64_t erased = 0;  // bodies that were erased by law
  std::uint64_t lost = 0;    // bodies whose key is gone though no ERASURE entry says so: in `findings`
  std::optional<bool> same;  // as the live state; nothing: not compared, see why
  std::string not_compared;

  std::map<std::string, Counts> records;     // in force: agency -> kind
  Counts inbox;                              // agency
  Counts outbox;                             // peer
  Counts quarantine;                         // agency
  std::map<std::string, Counts> exchanges;   // verb -> status
  std::map<std::string, std::string> names;  // agency -> as the directory of then has it
  Findings findings;
};

// `bodies`: nullptr without a key. `live`: nullptr when there is nothing to compare with.
ReplayReport replay(const LogReader& log, const BodyOpener* bodies, const LiveState* live,
                    const ReplayOptions& options);

}  // namespace chuanyu::audit
