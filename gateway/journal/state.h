// gateway/journal/state.h: comparing and rebuilding the state, which is a projection of the log.
//
// A state that was rebuilt from the log has the digest of the state that was kept while the log grew: that is what
// makes the log the truth. Threads: state_digest() any; rebuild_state() only while no journal is open on the folder
// (LOCAL_IN_USE).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/journal/journal.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

// SHA-256 over every row of the tables, in the order given and in key order. Equal digest: equal rows in equal tables.
Result<crypto::Digest> state_digest(const storage::Environment& state, const std::vector<std::string>& tables);

struct StateReport {
  std::uint64_t entries = 0;  // applied
  crypto::Digest digest{};    // of the projection's tables
};
// Throws the state away and makes it anew from the log. Appends nothing and signs nothing.
Result<StateReport> rebuild_state(Options options, Projection& projection);

}  // namespace chuanyu::journal
