// gateway/audit/audit.h: chuanyu-audit, the auditor's program: verifies logs offline and shows what is in them.
//
// It reads the log's folder and nothing else: no network, no server, no writing (but LMDB's lock file beside a log that
// a gateway has open). Exit codes: see ExitCode. Threads: one call at a time.
#pragma once

#include <iosfwd>

#include "gateway/base/error.h"

namespace chuanyu::audit {

// A promise to scripts: never renumber.
enum ExitCode : int {
  kClean = 0,        // without a key: of the hashes only, as the report's conclusion and its "signatures" say
  kUsage = 2,        // command line, key file, no such entry
  kTampered = 3,     // altered, wrongly signed, not in canonical form, or the two logs contradict each other
  kIncomplete = 4,   // something is missing: entries, tiles, checkpoints, blobs, the other log's part
  kUnsupported = 5,  // written by a newer version; everything that could be checked is right
  kUnreadable = 6,   // the folder or a file cannot be read
  kErased = 7,       // nothing wrong, but contents were erased by law, so that not everything could be derived again
  kDifferent = 8,    // derived again or replayed, something comes out differently
  kUnaccounted = 9   // the key of a payload is gone, and no entry says that it was erased
};

ExitCode exit_code(Code code);
// Of several findings the gravest: tampered, different, unaccounted, incomplete, unreadable, unsupported, erased.
ExitCode graver(ExitCode a, ExitCode b);

// `progress`: show how far a long pass is, on `err`.
int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err, bool progress);

}  // namespace chuanyu::audit
