// Private to gateway/journal: state/, the projection's environment, and how far it has applied.
//
// Its commits are not flushed (Durability::lazy): they survive the process but not the machine. So state/boot says
// under which boot of the machine it was last written; after another boot, unless it was closed cleanly, the state is
// thrown away and rebuilt from the log (README.md says why). Threads: open() and the writer on one thread;
// environment() on any. Failure: LOCAL_CORRUPT when the state is ahead of the log or belongs to another log: then the
// log is an old copy.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/journal/journal.h"
#include "gateway/journal/shards.h"
#include "gateway/journal/vault.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

class StateStore {
 public:
  // Opens, or makes anew, and lets the projection catch up with the log.
  static Result<std::unique_ptr<StateStore>> open(const std::string& folder, Projection& projection, const Shards& log,
                                                  const Vault& vault);
  // Deletes the state; the next open() rebuilds it. Not while it is open.
  static Status remove(const std::string& folder);

  // --- the writer ---
  Status begin();  // unless begun: what was applied stays until it is committed
  const storage::ReadTxn& txn() const { return *txn_; }
  void apply(const Applied& applied) { projection_.apply(*txn_, applied); }
  // `size`, `root`: of the log that has been applied.
  Status commit(std::uint64_t size, const crypto::Digest& root);
  void abort() { txn_.reset(); }
  Status close_cleanly();  // flushes and says so on disk

  const storage::Environment& environment() const { return *environment_; }
  int check_readers() { return environment_->check_readers(); }
  std::uint64_t caught_up() const { return caught_up_; }

 private:
  StateStore(std::string folder, std::string origin, Projection& projection)
      : folder_(std::move(folder)), origin_(std::move(origin)), projection_(projection) {}
  Status open_environment();
  // How far the stored state has applied; nothing when it is new or was made by another version of the projection.
  Result<std::optional<std::uint64_t>> stored_position(const Shards& log) const;
  Status start_anew();
  Status catch_up(std::uint64_t from, const Shards& log, const Vault& vault);

  std::string folder_;
  std::string origin_;
  Projection& projection_;
  std::unique_ptr<storage::Environment> environment_;
  storage::Table position_;
  std::optional<storage::WriteTxn> txn_;
  std::uint64_t caught_up_ = 0;
};

}  // namespace chuanyu::journal
