// gateway/exchange/waiters.h: those who wait for something to happen: a query for its answer, a long poll for its
// inbox.
//
// Nobody's thread waits: a waiter is a function with a deadline, called once on the waiters' own thread when its topic
// changes or its time is up. Threads: any. The function may block shortly (it reads state, converts an answer), so many
// waiters share few threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/uuid.h"

namespace chuanyu::exchange {

enum class Wake : std::uint8_t { changed, timed_out, stopping };

class Waiters {
 public:
  using Function = std::function<void(Wake)>;
  using Clock = std::chrono::steady_clock;

  explicit Waiters(unsigned threads = 2);
  ~Waiters();  // stop()

  // Calls `function` when `topic` changes after this call, or at the deadline.
  void wait(const std::string& topic, Clock::time_point deadline, Function function);
  // Runs a function on the waiters' threads soon.
  void post(std::function<void()> function);
  void changed(const std::vector<std::string>& topics);
  // Calls every waiter with `stopping`, and from now on everyone who comes: nobody is to be kept any more.
  void hurry();
  // The same; then finishes what was posted and ends the threads; later functions are dropped.
  void stop();

  static constexpr const char* kSigned = "log/signed";  // a checkpoint or a cosignature was stored
  static std::string exchange_topic(const Uuid& id) { return "exchange/" + std::string(id.bytes()); }
  static std::string inbox_topic(std::string_view uscc) { return "inbox/" + std::string(uscc); }
  static std::string outbox_topic(std::string_view peer) { return "outbox/" + std::string(peer); }

 private:
  struct Waiter {
    Clock::time_point deadline;
    Function function;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<std::string, std::uint64_t> by_topic_;
  std::map<std::uint64_t, std::pair<std::string, Waiter>> waiting_;
  std::multimap<Clock::time_point, std::uint64_t> by_deadline_;
  std::deque<std::function<void()>> ready_;
  std::uint64_t next_id_ = 1;
  bool hurrying_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;

  void make_ready(std::uint64_t id, Wake why);  // mutex held
};

}  // namespace chuanyu::exchange
