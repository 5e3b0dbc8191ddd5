// Private to gateway/journal: reads the log again, slowly and for ever, and compares it with its tree.
//
// LMDB 0.9 has no page checksums: what a disk loses silently would be found when somebody asks for it, perhaps years
// later. One tile of entries at a time is hashed anew, compared with the stored tile, and the tile with the hash that
// stands for it one level up. Blobs too. What it finds wrong is logged, counted, and makes the log unhealthy; it goes
// on, so that the extent of the damage is known. Threads: one of its own; healthy() any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/journal/shards.h"

namespace chuanyu::journal {

class Scrubber {
 public:
  // `entries_per_second` 0: never reads anything.
  Scrubber(const Shards& shards, std::string folder, std::uint32_t entries_per_second);
  ~Scrubber();
  bool healthy() const { return healthy_; }

 private:
  void run();
  void look_at(const Shard& shard, std::uint64_t tile);
  void check_parent(const Shard& shard, std::uint64_t tile, BytesView hashes);
  void check_blob(std::uint64_t index, BytesView entry);
  void found(const std::string& what, const std::string& where);

  const Shards& shards_;
  const std::string folder_;
  const std::uint32_t entries_per_second_;
  std::atomic<bool> healthy_{true};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chuanyu::journal
