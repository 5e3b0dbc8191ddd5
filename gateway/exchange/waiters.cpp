#include "gateway/exchange/waiters.h"

#include <utility>

namespace chuanyu::exchange {

Waiters::Waiters(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Waiters::~Waiters() { stop(); }

void Waiters::wait(const std::string& topic, Clock::time_point deadline, Function function) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  by_topic_.emplace(topic, id);
  by_deadline_.emplace(deadline, id);
  waiting_.emplace(id, std::pair{topic, Waiter{deadline, std::move(function)}});
  if (hurrying_) make_ready(id, Wake::stopping);
  wake_.notify_one();
}

void Waiters::post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  ready_.push_back(std::move(function));
  wake_.notify_one();
}

void Waiters::changed(const std::vector<std::string>& topics) {
  const std::lock_guard lock(mutex_);
  for (const std::string& topic : topics) {
    for (auto at = by_topic_.find(topic); at != by_topic_.end(); at = by_topic_.find(topic))
      make_ready(at->second, Wake::changed);
  }
}

void Waiters::hurry() {
  const std::lock_guard lock(mutex_);
  hurrying_ = true;
  while (!waiting_.empty()) make_ready(waiting_.begin()->first, Wake::stopping);
}

void Waiters::stop() {
  hurry();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Waiters::make_ready(std::uint64_t id, Wake why) {
  const auto found = waiting_.find(id);
  auto [topic, waiter] = std::move(found->second);
  waiting_.erase(found);
  for (auto [at, end] = by_topic_.equal_range(topic); at != end; ++at) {
    if (at->second == id) {
      by_topic_.erase(at);
      break;
    }
  }
  for (auto [at, end] = by_deadline_.equal_range(waiter.deadline); at != end; ++at) {
    if (at->second == id) {
      by_deadline_.erase(at);
      break;
    }
  }
  ready_.emplace_back([function = std::move(waiter.function), why] { function(why); });
  wake_.notify_one();
}

void Waiters::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (!by_deadline_.empty() && by_deadline_.begin()->first <= Clock::now()) {
      make_ready(by_deadline_.begin()->second, Wake::timed_out);
    }
    if (!ready_.empty()) {
      const std::function<void()> function = std::move(ready_.front());
      ready_.pop_front();
      lock.unlock();
      function();
      lock.lock();
    } else if (stopping_) {
      return;
    } else if (by_deadline_.empty()) {
      wake_.wait(lock);
    } else {
      // A copy: another thread may erase the row while this one waits.
      const Clock::time_point next = by_deadline_.begin()->first;
      wake_.wait_until(lock, next);
    }
  }
}

}  // namespace chuanyu::exchange
