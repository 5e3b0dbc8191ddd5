// Private to gateway/journal: log/, the environment that is only ever appended to.
//
// Threads: begin() … commit() on the writer thread; everything else on any thread.
// Failure: open() gives LOCAL_CORRUPT when the right edge does not hold together, LOG_SIGNATURE when the last
// checkpoint is not signed by one of the keys; it never truncates and never repairs. After a failed commit the store
// must not be used.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/result.h"
#include "gateway/crypto/signature.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/tiles.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

struct SignedNote {
  std::uint64_t size = 0;
  std::string note;
};

// How far the second tree is, and its checkpoint there; no note while it catches up.
struct Sm3Progress {
  ledger::Sm3Frontier tree;
  std::string note;
};

class LogStore {
 public:
  // `keys`: that may have signed its last checkpoint; none: something else vouches for that.
  static Result<std::unique_ptr<LogStore>> open(const std::string& folder, const std::string& origin,
                                                const ledger::VerifyKeys& keys, std::uint64_t map_bytes);

  std::uint64_t size() const { return durable_size_.load(std::memory_order_acquire); }

  // --- the writer ---
  Status begin();
  std::uint64_t append(BytesView entry, const crypto::Digest& leaf);  // the entry's index
  void put_checkpoint(const SignedNote& note);
  void put_cosignature(std::uint64_t size, const ledger::NoteSignature& line);
  void put_sm3(const Sm3Progress& progress);
  Status commit();  // with the changed tiles and the tree row; publishes the durable size
  void abort();     // only when nothing was appended
  crypto::Digest root() const { return tree_.root(); }

  // --- readers ---
  Result<Bytes> read(std::uint64_t index) const;  // CLIENT_NOT_FOUND beyond the durable size
  // Entries [from, to) in order, in one read transaction.
  Status for_each(std::uint64_t from, std::uint64_t to,
                  const std::function<Status(std::uint64_t index, BytesView entry)>& visit) const;
  Result<Bytes> tile(const ledger::TileId& tile) const;  // LOG_INCOMPLETE when there is none
  ledger::TileReader tiles() const;
  Result<crypto::Digest> root_at(std::uint64_t size) const;
  // The first checkpoint of at least that size that is accepted, its cosignatures behind its own signature; nothing
  // when there is none.
  using Accept = std::function<bool(const std::string& note)>;
  Result<std::optional<SignedNote>> checkpoint_from(std::uint64_t size, const Accept& accept) const;
  // The last that a witness cosigned.
  Result<std::optional<SignedNote>> last_cosigned() const;
  // The second tree as it was stored last; empty when it never was.
  Result<ledger::Sm3Frontier> sm3_tree() const;
  Result<std::optional<ledger::Checkpoint>> last_sm3_checkpoint() const;
  const std::optional<SignedNote>& checkpoint_at_open() const { return checkpoint_; }
  const std::string& origin() const { return origin_; }
  std::uint64_t used_bytes() const { return environment_->used_bytes(); }
  int check_readers() { return environment_->check_readers(); }
  std::uint64_t reader_lag() const { return environment_->reader_lag(); }

 private:
  LogStore(std::unique_ptr<storage::Environment> environment, std::string origin);
  Status recover(const ledger::VerifyKeys& keys);
  Status check_last_leaves(std::uint64_t size) const;
  Status check_checkpoint(const storage::ReadTxn& txn, const ledger::VerifyKeys& keys);

  std::unique_ptr<storage::Environment> environment_;
  std::string origin_;
  storage::Table entries_;
  storage::Table tiles_;
  storage::Table tree_row_;
  storage::Table checkpoints_;
  ledger::TreeWriter tree_;
  std::optional<storage::WriteTxn> txn_;
  std::optional<SignedNote> checkpoint_;
  std::atomic<std::uint64_t> durable_size_{0};
};

}  // namespace chuanyu::journal
