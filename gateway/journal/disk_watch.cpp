#include "gateway/journal/disk_watch.h"

#include <pthread.h>
#include <sys/statvfs.h>

#include <chrono>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"

namespace chuanyu::journal {
namespace {

// As df counts: of what this process may use. -1 when it cannot be told.
double used_percent(const std::string& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return -1;
  const double used = static_cast<double>(found.f_blocks - found.f_bfree);
  const double usable = used + static_cast<double>(found.f_bavail);
  return usable > 0 ? 100 * used / usable : -1;
}

}  // namespace

DiskWatch::DiskWatch(std::string folder, int refuse_percent, std::function<void()> every_ten_seconds)
    : folder_(std::move(folder)), refuse_percent_(refuse_percent), every_ten_seconds_(std::move(every_ten_seconds)) {
  look();
  thread_ = std::thread([this] { run(); });
}

DiskWatch::~DiskWatch() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void DiskWatch::look() {
  static auto gauge = metrics::gauge("chuanyu_disk_used_percent", "Used part of the data folder's file system");
  const double percent = used_percent(folder_);
  if (percent < 0) return;
  gauge.set(percent);
  const bool full = percent >= refuse_percent_;
  if (full != full_.exchange(full)) {
    if (full) log::error("journal.disk_full", {{"percent", percent}, {"refusing_from", refuse_percent_}});
    if (!full) log::info("journal.disk_free_again", {{"percent", percent}});
  }
  const bool warn = percent >= kWarnPercent;
  if (warn && !warned_) log::warn("journal.disk_filling", {{"percent", percent}});
  warned_ = warn;
}

void DiskWatch::run() {
  ::pthread_setname_np(::pthread_self(), "log-disk");
  std::unique_lock lock(mutex_);
  for (int second = 1;; ++second) {
    if (changed_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) return;
    lock.unlock();
    look();
    if (second % 10 == 0) every_ten_seconds_();
    lock.lock();
  }
}

}  // namespace chuanyu::journal
