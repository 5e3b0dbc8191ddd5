// gateway/federation/link.h: keeps a peer's outbox empty: sends envelopes in order, logs the receipts, tries again when
// it must.
//
// One thread per peer. It sleeps until the outbox changes or a retry is due (backoff with jitter, without end: each
// exchange has its own expiry). The peer is pinned: URN and public keys of the directory, not merely a valid
// certificate. Threads: start(), stop(), reload() from one control thread. Ownership: borrows desk; it outlives the
// link. Failure: none of its own: a peer that is away is a state (`up()`), a metric and a log line.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/exchange/departures.h"
#include "gateway/transport/client.h"

namespace chuanyu::federation {

struct LinkOptions {
  std::string peer;  // gateway id
  transport::ClientOptions client;
  std::chrono::milliseconds retry_min{200};
  std::chrono::milliseconds retry_max{30'000};
};

class Link {
 public:
  Link(exchange::Desk& desk, LinkOptions options);
  ~Link();  // stop()
  void start();
  // New certificates or pins: used from the next connection on.
  void reload(transport::ClientOptions client);
  void stop();
  bool up() const { return up_.load(); }
  const std::string& peer() const { return options_.peer; }

 private:
  void run();
  Result<bool> deliver_some();  // true: something was settled
  void watch();
  void rest(std::chrono::milliseconds at_most);
  void report(const Status& status);

  exchange::Desk& desk_;
  LinkOptions options_;
  exchange::Departures departures_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool changed_ = true;
  bool stopping_ = false;
  bool renew_ = true;  // make a new client before the next call
  std::atomic<bool> up_{false};
  std::shared_ptr<transport::Client> client_;
  std::string last_error_;
  std::thread thread_;
};

}  // namespace chuanyu::federation
