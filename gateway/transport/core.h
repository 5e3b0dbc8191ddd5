// gateway/transport/core.h: what the loops of one server share. Private to the room.
//
// Threads: any; each member says what guards it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/transport/job.h"
#include "gateway/transport/mailbox.h"
#include "gateway/transport/observe.h"
#include "gateway/transport/server.h"
#include "gateway/transport/tls_context.h"

namespace chuanyu::transport {

// How the acceptor sees a loop.
struct LoopPort {
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::atomic<std::size_t> connections{0};
};

class Core {
 public:
  Core(ServerOptions server_options, Handler request_handler);

  const ServerOptions options;
  const Handler handler;
  Observe observe;
  WorkerPool workers;
  WorkerPool stream_workers;
  std::vector<std::unique_ptr<LoopPort>> ports;  // fixed before the first loop starts
  std::atomic<std::size_t> buffered{0};          // bytes of ordinary bodies held

  std::shared_ptr<const TlsContext> tls() const;
  void set_tls(std::shared_ptr<const TlsContext> context);

  // Counts a new connection, unless a limit says no (then the reason).
  const char* admit(const std::string& address);
  void release(const std::string& address);
  // True when no connection is left before the deadline.
  bool wait_until_none(std::chrono::steady_clock::time_point deadline);

 private:
  mutable std::mutex tls_mutex_;
  std::shared_ptr<const TlsContext> tls_;
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t connections_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

// "192.0.2.7:443" without its port.
std::string address_of(const std::string& remote);

}  // namespace chuanyu::transport
