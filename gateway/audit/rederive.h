// gateway/audit/rederive.h: would the machine decide and convert the same way again?
//
// One pass: each entry's decision under the policy and directory that it names, each conversion with the mapping
// version that it names, all of them from the log. Nothing is skipped silently: every entry in the range is counted
// once. Memory follows the number of versions, not the log's length. Threads: reads ahead on one of its own,
// which ends with the call. Failure: in the report.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "gateway/audit/body.h"
#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"

namespace chuanyu::audit {

struct RederiveOptions {
  std::uint64_t from = 0;
  std::uint64_t to = ~std::uint64_t{0};
  std::optional<Uuid> exchange;  // only of this one
  bool reveal = false;           // differences say the values, too: personal data
  Progress progress;
};

struct RederiveReport {
  std::string folder;
  std::string origin;
  // Entries, each in exactly one of these.
  std::uint64_t same = 0;       // what it records was derived again, all of it
  std::uint64_t different = 0;  // in `findings`
  std::uint64_t nothing = 0;    // neither decision nor conversion: receipts, acknowledgements, the log's own
  std::uint64_t erased = 0;     // a body that it needs was erased by law: see `erasures`
  std::uint64_t lost = 0;       // a body that it needs is gone, and no entry says why: in `findings`
  std::uint64_t sealed = 0;     // no key was given: only its decision was looked at
  std::uint64_t unable = 0;     // in `reasons`
  std::uint64_t entries() const { return same + different + nothing + erased + lost + sealed + unable; }

  std::uint64_t decisions = 0;    // taken again, the same
  std::uint64_t conversions = 0;  // done again, the same
  std::uint64_t other_checks =
      0;  // entries that are the same only under a setting of the checks that is recorded nowhere
  std::map<std::string, std::uint64_t> reasons;
  std::map<std::uint64_t, Erasure> erasures;  // those that account for `erased`; payloads: how many of them
  Findings findings;
};

// `bodies`: nullptr without a key.
RederiveReport rederive(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options);

}  // namespace chuanyu::audit
