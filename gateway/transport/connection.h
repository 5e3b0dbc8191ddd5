// gateway/transport/connection.h: one accepted connection, from handshake to end. Private to the room.
//
//   handshake -> reading -> waiting -> writing -> reading ...          the keep-alive circle
//                   |                     |
//                   +------- fail --------+--> lingering -> closed     an answer nobody may lose to a reset
//
// While a request waits for its answer nothing more is read, so a client that asks without reading fills its own socket
// only. A streaming request is handed over while it is still being read. Threads: its loop's only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/transport/body_ring.h"
#include "gateway/transport/framing.h"
#include "gateway/transport/mailbox.h"
#include "gateway/transport/wire.h"

namespace chuanyu::transport {

class Loop;
struct Job;

constexpr std::int64_t kNever = INT64_MAX;

class Connection {
 public:
  Connection(Loop& loop, std::uint64_t id, int fd, std::string remote, std::unique_ptr<TlsSession> tls);
  ~Connection();

  void start();
  void on_ready(std::uint32_t events);
  void on_again();  // the loop comes back to bytes that no readiness tells of
  void on_answer(Message message);
  void on_resume();
  void on_deadline();
  void on_drain();
  void end();  // at once

  std::uint64_t id() const { return id_; }
  const std::string& remote() const { return remote_; }
  int fd() const { return wire_.fd(); }
  bool is_plain() { return wire_.tls() == nullptr; }

  // The loop's own notes.
  struct {
    std::int64_t deadline = kNever;   // µs of the steady clock
    std::int64_t scheduled = kNever;  // where the loop's list of deadlines has it: never later than `deadline`
    std::uint32_t armed = 0;          // epoll events
    bool again = false;
  } notes;

 private:
  enum class Phase { handshake, reading, waiting, writing, lingering, closed };

  void shake_hands();
  void read_some();
  void feed(std::string_view bytes);
  std::size_t body_limit(const RequestHead& head);
  void on_head(bool body_has_begun);
  void on_body(std::string_view piece);
  void on_request();
  bool hand_over_stream();
  Job make_job();
  void fail(const Error& error, int retry_after_seconds = 0);
  void lose();  // the peer is gone
  void begin_answer(Bytes bytes, int status, bool close);
  void flush();
  void end_answer();
  void next_request();
  void linger();
  void linger_some();
  void check_stall();
  void release_body();
  void set_deadline_in(std::int64_t us);

  Loop& loop_;
  const std::uint64_t id_;
  const std::string remote_;
  Wire wire_;
  Phase phase_;
  Framer framer_;
  std::uint64_t request_ = 0;       // number of the request in hand
  std::int64_t request_start_ = 0;  // steady µs, 0 before its first byte
  Bytes body_;
  std::size_t buffered_ = 0;  // what this connection has of Core::buffered
  Bytes unread_;              // bytes of the next request, read with this one
  Bytes out_;
  std::size_t out_at_ = 0;
  int out_status_ = 0;
  bool close_after_ = false;

  std::shared_ptr<BodyRing> ring_;  // a streaming request
  bool handed_over_ = false;
  bool paused_ = false;  // the ring is full
  std::uint64_t stream_seen_ = 0;
  std::uint64_t stall_mark_ = 0;  // stream_seen_ when the present stall interval began
  std::size_t discarded_ = 0;
};

}  // namespace chuanyu::transport
