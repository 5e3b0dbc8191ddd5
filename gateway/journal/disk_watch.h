// Private to gateway/journal: how full the file system is, and readers that died.
//
// A file of some size, the ballast, is kept while there is room: when the disk is all but full in spite of the refusals
// (others write there too), it is given up, so that what was begun can still be ended and an operator can work. A
// thread looks once a second; the first look is in the constructor. Threads: any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace chuanyu::journal {

class DiskWatch {
 public:
  static constexpr int kWarnPercent = 80;
  static constexpr int kGiveUpPercent = 97;

  // `every_ten_seconds` runs on the watching thread.
  DiskWatch(std::string folder, int refuse_percent, std::uint64_t ballast_bytes,
            std::function<void()> every_ten_seconds);
  ~DiskWatch();
  bool full() const { return full_.load(std::memory_order_relaxed); }

 private:
  void look();
  void keep_ballast(double percent);
  void run();

  const std::string folder_;
  const int refuse_percent_;
  const std::uint64_t ballast_bytes_;
  const std::function<void()> every_ten_seconds_;
  std::atomic<bool> full_{false};
  bool warned_ = false;
  bool tried_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chuanyu::journal
