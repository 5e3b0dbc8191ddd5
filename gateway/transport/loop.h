// gateway/transport/loop.h: one event loop: a thread, its epoll set, its connections and their deadlines. Private to
// the room.
//
// Threads: start(), join() from the control thread; everything else on the loop's own. Others reach it by its mailbox.
// Deadlines are kept lazily: putting one off (each request does) changes a number only; the list is touched when one
// comes nearer or fires.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/transport/connection.h"
#include "gateway/transport/core.h"
#include "gateway/transport/listener.h"

namespace chuanyu::transport {

class Loop {
 public:
  static constexpr std::size_t kScratch = 16 * 1024;  // the largest TLS record

  // `listener` is given to one loop of a server.
  Loop(Core& core, LoopPort& port, std::unique_ptr<Listener> listener);
  ~Loop();
  Status start();
  void join();  // after a Message of kind stop

  // For connections.
  Core& core() { return core_; }
  const Limits& limits() const { return core_.options.limits; }
  const std::shared_ptr<Mailbox>& mailbox() const { return port_.mailbox; }
  std::int64_t now() const { return now_; }
  char* scratch() { return scratch_.data(); }
  bool draining() const { return draining_; }
  void arm(Connection& connection, std::uint32_t events);
  void set_deadline(Connection& connection, std::int64_t deadline);
  void come_back(Connection& connection);
  void submit(Job job);
  void forget(Connection& connection);

 private:
  void run();
  void wait();
  void read_mailbox();
  void on_message(Message& message);
  void adopt(int fd, std::string remote);
  void drain();
  void end_all();
  void visit_again();
  void expire();
  int timeout_ms() const;

  Core& core_;
  LoopPort& port_;
  std::unique_ptr<Listener> listener_;
  int epoll_ = -1;
  std::thread thread_;
  bool stopping_ = false;
  bool draining_ = false;
  std::int64_t now_ = 0;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> ended_;  // freed once no event of this round can name them
  std::set<std::pair<std::int64_t, Connection*>> deadlines_;
  std::vector<Connection*> again_;
  std::vector<Job> jobs_;
  std::vector<Message> messages_;
  std::array<char, kScratch> scratch_{};
};

}  // namespace chuanyu::transport
