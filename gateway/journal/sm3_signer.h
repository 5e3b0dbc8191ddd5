// Private to gateway/journal: the SM profile's second tree, over the same entries with SM3, and its checkpoints.
//
// A thread of its own follows the checkpoints of the log. It reads the entries below one back from disk and hashes them
// twice: the SHA-256 root must be the one that was signed, so that SM3 never vouches for other bytes. A log that is
// older than the profile is caught up with in chunks; how far it came is kept, so that an opening takes it up there.
// Threads: any. Failure: healthy() turns false; the log and its own checkpoints go on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/crypto/sm2.h"
#include "gateway/journal/log_store.h"

namespace chuanyu::journal {

class Sm3Signer {
 public:
  using HandOver = std::function<void(Sm3Progress progress)>;  // on the signer's thread

  // Takes up where the tree's row stands. LOCAL_CORRUPT when that cannot be.
  static Result<std::unique_ptr<Sm3Signer>> start(const LogStore& log, std::shared_ptr<const crypto::Sm2SigningKey> key,
                                                  HandOver hand_over);
  ~Sm3Signer();

  void follow(std::uint64_t size);  // the log's own checkpoint of that size is stored
  void stop();                      // goes one chunk further, then ends
  bool healthy() const { return healthy_; }
  std::uint64_t size() const { return size_; }

 private:
  Sm3Signer(const LogStore& log, std::shared_ptr<const crypto::Sm2SigningKey> key, HandOver hand_over);
  void run();
  Status find_last();
  Status check_last();
  Status grow(std::uint64_t wanted);
  Status hash_to(std::uint64_t size);
  void hand_over(std::string note);

  const LogStore& log_;
  const std::shared_ptr<const crypto::Sm2SigningKey> key_;
  const HandOver hand_over_;
  ledger::Sm3Frontier tree_;
  ledger::Frontier own_;                    // the log's own tree at the same size
  std::optional<ledger::Checkpoint> last_;  // the last stored one of the second tree, until the tree has come there
  std::uint64_t handed_over_ = 0;           // size
  std::atomic<std::uint64_t> size_{0};
  std::atomic<bool> healthy_{true};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t wanted_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chuanyu::journal
