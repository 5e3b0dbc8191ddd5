#include "gateway/journal/disk_watch.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
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

DiskWatch::DiskWatch(std::string folder, int refuse_percent, std::uint64_t ballast_bytes,
                     std::function<void()> every_ten_seconds)
    : folder_(std::move(folder)),
      refuse_percent_(refuse_percent),
      ballast_bytes_(ballast_bytes),
      every_ten_seconds_(std::move(every_ten_seconds)) {
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
  if (ballast_bytes_ > 0) keep_ballast(percent);
}

void DiskWatch::keep_ballast(double percent) {
  const std::string path = folder_ + "/ballast";
  const bool there = ::access(path.c_str(), F_OK) == 0;
  if (there && percent >= kGiveUpPercent) {
    if (::unlink(path.c_str()) == 0) log::error("journal.ballast_given_up", {{"percent", percent}});
    return;
  }
  if (there || percent >= kWarnPercent || tried_) return;
  tried_ = true;  // once: what does not work now will not in a second
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const bool made = file >= 0 && ::fallocate(file, 0, 0, static_cast<off_t>(ballast_bytes_)) == 0;
  if (!made) log::warn("journal.no_ballast", {{"bytes", ballast_bytes_}, {"why", std::strerror(errno)}});
  if (file >= 0) ::close(file);
  if (!made) ::unlink(path.c_str());
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
