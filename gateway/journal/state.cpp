#include "gateway/journal/state.h"

#include <algorithm>

#include "gateway/journal/state_store.h"

namespace chuanyu::journal {
namespace {

constexpr BytesView kPositionKey = "applied";  // u32 projection version ‖ u64 size ‖ root ‖ origin
constexpr std::size_t kSizeAt = 4;
constexpr std::size_t kRootAt = 12;
constexpr std::size_t kOriginAt = 44;

void add_sized(Bytes& out, BytesView bytes) {
  append_u64(out, bytes.size());
  out += bytes;
}

// A chain of digests, so that a table of any size takes no memory.
crypto::Digest chain(const crypto::Digest& before, BytesView bytes) {
  return crypto::sha256({crypto::view(before), bytes});
}

}  // namespace

Result<crypto::Digest> state_digest(const storage::Environment& state, const std::vector<std::string>& tables) {
  constexpr std::size_t kFlushBytes = 64 << 10;
  CHUANYU_TRY(const auto txn, state.read());
  crypto::Digest digest{};
  Bytes pending;
  for (const std::string& table : tables) {
    add_sized(pending, table);
    append_u64(pending, txn.count(state.table(table)));
    auto cursor = txn.cursor(state.table(table));
    for (bool more = cursor.first(); more; more = cursor.next()) {
      add_sized(pending, cursor.key());
      add_sized(pending, cursor.value());
      if (pending.size() < kFlushBytes) continue;
      digest = chain(digest, pending);
      pending.clear();
    }
  }
  CHUANYU_CHECK(txn.status());
  return chain(digest, pending);
}

Result<std::optional<StatePosition>> state_position(const storage::Environment& state) {
  CHUANYU_TRY(const auto txn, state.read());
  const auto row = txn.get(state.table(kPositionTable), kPositionKey);
  CHUANYU_CHECK(txn.status());
  if (!row || row->size() < kOriginAt) return std::optional<StatePosition>();
  StatePosition position{read_u32(*row), read_u64(row->substr(kSizeAt)), {}, std::string(row->substr(kOriginAt))};
  std::copy_n(row->begin() + kRootAt, position.root.size(), position.root.begin());
  return std::optional(std::move(position));
}

void put_position(storage::WriteTxn& txn, storage::Table table, const StatePosition& position) {
  Bytes row;
  append_u32(row, position.projection);
  append_u64(row, position.size);
  row += crypto::view(position.root);
  row += position.origin;
  txn.put(table, kPositionKey, row);
}

Result<StateReport> rebuild_state(Options options, Projection& projection) {
  CHUANYU_TRY(const auto log, Shards::open({options.folder, options.origin, log_keys(options), options.log_map_bytes}));
  CHUANYU_TRY(auto keys, KeyStore::open(options.folder + "/keys", std::move(options.key_encryption_key),
                                        options.key_epoch, options.profile));
  const Vault vault(options.folder, std::move(keys));
  const std::string folder = options.folder + "/state";
  CHUANYU_CHECK(StateStore::remove(folder));
  CHUANYU_TRY(const auto state, StateStore::open(folder, projection, *log, vault));
  StateReport report;
  report.entries = state->caught_up();
  CHUANYU_TRY(report.digest, state_digest(state->environment(), projection.tables()));
  CHUANYU_CHECK(state->close_cleanly());
  return report;
}

}  // namespace chuanyu::journal
