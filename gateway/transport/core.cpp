#include "gateway/transport/core.h"

#include <sched.h>

#include <algorithm>

namespace chuanyu::transport {
namespace {

constexpr std::size_t kMostAtOnce = 32;  // jobs a worker takes together

// Cores this process may run on: inside a container or under taskset fewer than the machine has.
unsigned cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

ServerOptions with_defaults(ServerOptions options) {
  if (options.loops == 0) options.loops = cores();
  if (options.workers == 0) options.workers = std::max(2U, cores());
  if (options.stream_workers == 0) options.stream_workers = 1;
  return options;
}

}  // namespace

Core::Core(ServerOptions server_options, Handler request_handler)
    : options(with_defaults(std::move(server_options))),
      handler(std::move(request_handler)),
      workers(options.workers, kMostAtOnce, handler),
      stream_workers(options.stream_workers, 1, handler) {
  for (unsigned i = 0; i < options.loops; ++i) ports.push_back(std::make_unique<LoopPort>());
}

std::shared_ptr<const TlsContext> Core::tls() const {
  const std::lock_guard lock(tls_mutex_);
  return tls_;
}

void Core::set_tls(std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(tls_mutex_);
  tls_.swap(context);
}

const char* Core::admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= options.limits.connections) return "limit";
  std::size_t& of_address = by_address_[address];
  if (of_address >= options.limits.connections_per_address) return "address";
  ++of_address;
  ++connections_;
  observe.connections.add(1);
  return nullptr;
}

void Core::release(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_address_.find(address); found != by_address_.end() && --found->second == 0) {
    by_address_.erase(found);
  }
  observe.connections.add(-1);
  if (--connections_ == 0) none_.notify_all();
}

bool Core::wait_until_none(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return none_.wait_until(lock, deadline, [&] { return connections_ == 0; });
}

std::string address_of(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

}  // namespace chuanyu::transport
