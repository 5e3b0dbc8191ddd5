// Private to gateway/journal: signs what has been verified, and nothing else.
//
// A thread of its own follows the durable size: it reads the new entries back from disk, hashes them again, compares
// with the stored tiles, and signs the root that it computed itself: at most once in kSignEvery, and within kSignEvery
// of growth. What it finds wrong stops it for good: a signature over bad data could never be taken back. Threads: any.
// Failure: healthy() turns false; the log goes on, unsigned.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "gateway/crypto/signature.h"
#include "gateway/crypto/sm2.h"
#include "gateway/journal/log_store.h"

namespace chuanyu::journal {

class Signer {
 public:
  static constexpr std::chrono::milliseconds kSignEvery{100};
  using HandOver = std::function<void(SignedNote note)>;  // on the signer's thread

  struct Keys {
    std::shared_ptr<const crypto::SigningKey> ed25519;
    std::shared_ptr<const crypto::SigningKey> old;     // null: no rotation is under way
    std::shared_ptr<const crypto::Sm2SigningKey> sm2;  // null: no second signature line
  };

  // Takes up where the last checkpoint stands.
  static Result<std::unique_ptr<Signer>> start(const LogStore& log, Keys keys, HandOver hand_over);
  ~Signer();

  void grown();  // the durable size has changed
  void stop();   // hands over a last note for what is durable by now, then ends
  bool healthy() const { return healthy_; }
  std::uint64_t signed_size() const { return signed_size_; }

 private:
  Signer(const LogStore& log, Keys keys, HandOver hand_over);
  void run();
  bool sign();
  Status verify_to(std::uint64_t size);
  Status compare_tiles();

  const LogStore& log_;
  const Keys keys_;
  const HandOver hand_over_;
  ledger::TreeWriter tree_;  // of what was verified
  std::atomic<std::uint64_t> signed_size_{0};
  std::atomic<bool> healthy_{true};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chuanyu::journal
