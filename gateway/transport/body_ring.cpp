#include "gateway/transport/body_ring.h"

#include <utility>

namespace chuanyu::transport {

Result<std::string_view> BodyRing::read() {
  bool wanted = false;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !incoming_.empty() || finished_ || failure_.has_value(); });
    if (incoming_.empty() && failure_) return *failure_;
    current_.clear();
    current_.swap(incoming_);
    wanted = std::exchange(wants_room_, false);
  }
  if (wanted) resume_();
  return std::string_view(current_);
}

void BodyRing::abandon() {
  bool wanted = false;
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    incoming_ = Bytes{};
    current_ = Bytes{};
    wanted = std::exchange(wants_room_, false);
  }
  if (wanted) resume_();
}

void BodyRing::push(std::string_view piece) {
  const std::lock_guard lock(mutex_);
  if (abandoned_ || failure_) return;
  const bool was_empty = incoming_.empty();
  incoming_.append(piece);
  if (was_empty) changed_.notify_one();
}

void BodyRing::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_one();
}

void BodyRing::fail(Error error) {
  const std::lock_guard lock(mutex_);
  if (finished_ || failure_) return;
  failure_ = std::move(error);
  changed_.notify_one();
}

bool BodyRing::full() {
  const std::lock_guard lock(mutex_);
  wants_room_ = incoming_.size() >= capacity_;
  return wants_room_;
}

std::size_t BodyRing::size() {
  const std::lock_guard lock(mutex_);
  return incoming_.size();
}

bool BodyRing::finished() {
  const std::lock_guard lock(mutex_);
  return finished_;
}

}  // namespace chuanyu::transport
