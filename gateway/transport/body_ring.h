// gateway/transport/body_ring.h: a streaming body on its way from an event loop to a thread of the streaming pool.
// Private to the room.
//
// Two buffers of bounded size that change places: the loop fills one while the handler reads the other. When the loop's
// is full it stops reading its socket (TCP then slows the sender down) until resume() calls it back. Threads: push(),
// finish(), fail(), full() on the loop; read() and abandon() on the handler's thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "gateway/transport/http.h"

namespace chuanyu::transport {

class BodyRing final : public BodyStream {
 public:
  // `resume` is called on the reader's thread when a full ring has room again.
  BodyRing(std::size_t capacity, std::function<void()> resume) : capacity_(capacity), resume_(std::move(resume)) {}

  Result<std::string_view> read() override;
  void abandon();  // the handler has returned: what still comes is dropped

  void push(std::string_view piece);  // may pass the capacity by one piece
  void finish();                      // the body is complete
  void fail(Error error);             // read() gives it once the bytes before it are read; the first failure counts
  bool full();                        // and then resume() will be called, once
  std::size_t size();
  bool finished();

 private:
  const std::size_t capacity_;
  const std::function<void()> resume_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Bytes incoming_;
  Bytes current_;  // only the reader's
  bool finished_ = false;
  bool abandoned_ = false;
  bool wants_room_ = false;
  std::optional<Error> failure_;
};

}  // namespace chuanyu::transport
