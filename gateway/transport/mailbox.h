// gateway/transport/mailbox.h: how other threads reach an event loop. Private to the room.
//
// Threads: post() on any thread, before, while and after the loop lives (later messages are dropped); take() and
// before_sleep() on the loop's thread. A loop that is awake is not woken again: only a sleeping one costs a system
// call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"

namespace chuanyu::transport {

struct Message {
  enum class Kind {
    adopt,   // `fd` with the address `bytes` is a new connection of this loop
    answer,  // `bytes` are the answer to request number `request` of `connection`; close after it if `close`
    resume,  // the reader of a streaming body has room again
    drain,
    abort,  // close everything
    stop,
  };
  Kind kind = Kind::stop;
  std::uint64_t connection = 0;
  std::uint64_t request = 0;
  int fd = -1;
  bool close = false;
  int status = 0;  // of an answer, for the metrics
  Bytes bytes;
};

class Mailbox {
 public:
  Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  void post(Message message);
  void post(std::vector<Message>& messages);  // empties it

  // Moves what has come into `out`, which must be empty.
  void take(std::vector<Message>& out);
  // True when nothing waits; from then on a post() makes fd() readable (until the loop reads it).
  bool before_sleep();
  void close();  // the loop has ended: nothing is taken any more
  int fd() const { return fd_; }

  std::atomic<bool> draining{false};

 private:
  void wake();

  const int fd_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool asleep_ = false;
  bool closed_ = false;
};

// Posts now, or with the thread's AnswerBatch.
void post_answer(const std::shared_ptr<Mailbox>& mailbox, Message message);

}  // namespace chuanyu::transport
