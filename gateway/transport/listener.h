// gateway/transport/listener.h: the listening socket: accepts within the limits and gives each connection to the loop
// that has the fewest. Private to the room.
//
// One socket for all loops: a second gateway on the same port is an error at start, and the loops stay evenly loaded.
// Threads: open() on the control thread, accept_some() on its loop's. Failure: CONFIG_VALUE with the address.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/result.h"

namespace chuanyu::transport {

class Core;

class Listener {
 public:
  static Result<std::unique_ptr<Listener>> open(const std::string& address, std::uint16_t port);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  void accept_some(Core& core);
  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }

 private:
  Listener(int fd, std::uint16_t port);
  void shed_one(Core& core);

  int fd_;
  std::uint16_t port_;
  int spare_;  // given up for a moment when descriptors run out, so that the queue does not stand still
};

}  // namespace chuanyu::transport
