// gateway/journal/state.h: comparing and rebuilding the state, which is a projection of the log.
//
// A state that was rebuilt from the log has the digest of the state that was kept while the log grew: that is what
// makes the log the truth. Threads: state_digest() any; rebuild_state() only while no journal is open on the folder
// (LOCAL_IN_USE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/journal/journal.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

// SHA-256 over every row of the tables, in the order given and in key order. Equal digest: equal rows in equal tables.
Result<crypto::Digest> state_digest(const storage::Environment& state, const std::vector<std::string>& tables);

// How far a state has applied the log, in a table of its own beside the projection's.
struct StatePosition {
  std::uint32_t projection = 0;  // Projection::version()
  std::uint64_t size = 0;        // entries applied
  crypto::Digest root{};         // of the log at that size
  std::string origin;
  bool operator==(const StatePosition&) const = default;
};
inline constexpr const char* kPositionTable = "journal";
// Nothing when the state is new. The environment was opened with kPositionTable.
Result<std::optional<StatePosition>> state_position(const storage::Environment& state);
void put_position(storage::WriteTxn& txn, storage::Table table, const StatePosition& position);

struct StateReport {
  std::uint64_t entries = 0;  // applied
  crypto::Digest digest{};    // of the projection's tables
};
// Throws the state away and makes it anew from the log. Appends nothing and signs nothing.
Result<StateReport> rebuild_state(Options options, Projection& projection);

}  // namespace chuanyu::journal
