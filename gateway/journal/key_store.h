// Private to gateway/journal: keys/, the wrapped keys of payloads, and a pool of slots made durable ahead of use.
//
// A slot is on disk before it is handed out, so the path of a command needs no second flush. What is left of the pool
// is taken back when the store is closed, all but the last: a number that was handed out once never is again, also when
// its key was destroyed. After a crash the rest stays and is not handed out. Threads: any; one thread of its own
// refills the pool. Failure: open() gives LOCAL_CRYPTO for the wrong key-encryption key, LOCAL_CORRUPT when there are
// slots and a named key is gone: another in its place would find nothing that the old one filed. When refilling fails,
// take() says why, for good.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/base/secret.h"
#include "gateway/ledger/payload.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

class KeyStore {
 public:
  static Result<std::unique_ptr<KeyStore>> open(const std::string& folder, Secret key_encryption_key,
                                                std::uint32_t epoch, ledger::Profile profile);
  ~KeyStore();

  struct Slot {
    std::uint64_t number = 0;
    ledger::DataKey key;  // of the store's profile
  };
  Result<Slot> take();  // waits for the refilling thread when the pool is empty
  // Destroys the keys of these slots: what was sealed under them can never be opened again. Durable when it returns;
  // those that are gone already are no failure.
  Status destroy(const std::vector<std::uint64_t>& slots);
  // Nothing when the key was destroyed.
  Result<std::optional<ledger::DataKey>> slot_key(std::uint64_t slot) const;

  bool healthy() const { return !failed_; }

  std::uint32_t epoch() const { return epoch_; }
  const Secret& token_key() const { return token_key_; }
  const Secret& digest_key() const { return digest_key_; }
  int check_readers() { return environment_->check_readers(); }

 private:
  KeyStore(std::unique_ptr<storage::Environment> environment, Secret key_encryption_key, std::uint32_t epoch,
           ledger::Profile profile);
  Result<Secret> named_key(const char* name);
  void take_back();
  Status find_next_slot();
  Result<std::vector<Slot>> make_slots();
  void refill();

  std::unique_ptr<storage::Environment> environment_;
  storage::Table slots_;
  storage::Table named_;
  Secret key_encryption_key_;
  std::uint32_t epoch_;
  ledger::Profile profile_;
  Secret token_key_;
  Secret digest_key_;
  std::uint64_t next_slot_ = 1;  // the refilling thread's

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Slot> pool_;
  std::optional<Error> failure_;
  std::atomic<bool> failed_{false};
  bool stopping_ = false;
  std::thread refiller_;
};

}  // namespace chuanyu::journal
