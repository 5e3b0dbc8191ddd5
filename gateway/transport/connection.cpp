#include "gateway/transport/connection.h"

#include <sys/epoll.h>

#include <utility>

#include "gateway/transport/core.h"
#include "gateway/transport/loop.h"
#include "gateway/transport/response_bytes.h"

namespace chuanyu::transport {
namespace {

constexpr int kReadsInARow = 4;  // then the other connections' turn
constexpr std::size_t kRingBytes = 256 * 1024;
constexpr std::size_t kStreamStart = 64 * 1024;  // a streaming request takes a thread only once this much is there
constexpr std::int64_t kLingerUs = 2'000'000;
constexpr std::size_t kLingerBytes = 8 * 1024 * 1024;
constexpr std::size_t kWrittenPerSecond = 64 * 1024;
constexpr int kBusyRetrySeconds = 5;

std::int64_t us(std::chrono::milliseconds duration) { return duration.count() * 1000; }

}  // namespace

Connection::Connection(Loop& loop, std::uint64_t id, int fd, std::string remote, std::unique_ptr<TlsSession> tls)
    : loop_(loop),
      id_(id),
      remote_(std::move(remote)),
      wire_(fd, std::move(tls)),
      phase_(wire_.tls() != nullptr ? Phase::handshake : Phase::reading),
      framer_({loop.limits().header_count, loop.limits().header_bytes, loop.limits().target_bytes}) {}

Connection::~Connection() {
  if (ring_ != nullptr) ring_->fail(error(Code::CLIENT_BAD_REQUEST, "连接在请求体发完之前中断"));
  release_body();
}

void Connection::set_deadline_in(std::int64_t us) {
  loop_.set_deadline(*this, us == kNever ? kNever : loop_.now() + us);
}

void Connection::start() {
  loop_.arm(*this, EPOLLIN);
  set_deadline_in(us(phase_ == Phase::handshake ? loop_.limits().handshake : loop_.limits().idle));
}

void Connection::end() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  if (ring_ != nullptr) ring_->fail(error(Code::CLIENT_BAD_REQUEST, "连接在请求体发完之前中断"));
  wire_.close();
  loop_.forget(*this);
}

void Connection::lose() { end(); }

void Connection::on_ready(std::uint32_t events) {
  switch (phase_) {
    case Phase::handshake: return shake_hands();
    case Phase::reading:
      if (!paused_) return read_some();
      break;
    case Phase::waiting: break;
    case Phase::writing: return flush();
    case Phase::lingering: return linger_some();
    case Phase::closed: return;
  }
  // Nothing is to be read now. A peer that is wholly gone is let go; any other stays in its socket's buffer.
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return lose();
  loop_.arm(*this, 0);
}

void Connection::on_again() {
  if (phase_ == Phase::reading && !paused_) read_some();
}

void Connection::shake_hands() {
  switch (wire_.tls()->handshake()) {
    case Io::want_read: return loop_.arm(*this, EPOLLIN);
    case Io::want_write: return loop_.arm(*this, EPOLLOUT);
    case Io::ok: break;
    default:
      loop_.core().observe.tls_refused(wire_.tls()->failure(), remote_, wire_.tls()->failure_detail());
      return linger();  // so that the alert arrives
  }
  phase_ = Phase::reading;
  loop_.arm(*this, EPOLLIN);
  set_deadline_in(us(loop_.limits().idle));
  if (wire_.pending()) read_some();
}

void Connection::read_some() {
  for (int i = 0; i < kReadsInARow; ++i) {
    if (ring_ != nullptr && ring_->full()) {  // on_resume() follows
      paused_ = true;
      loop_.arm(*this, 0);
      return set_deadline_in(kNever);
    }
    std::size_t count = 0;
    switch (wire_.read(loop_.scratch(), Loop::kScratch, count)) {
      case Io::ok: break;
      case Io::want_read:
      case Io::want_write: return;
      default: return lose();
    }
    loop_.core().observe.bytes_in.add(static_cast<double>(count));
    feed({loop_.scratch(), count});
    if (phase_ != Phase::reading) return;
    if (!wire_.pending() && count < Loop::kScratch / 2) return;  // readiness tells of more
  }
  if (wire_.pending()) loop_.come_back(*this);
}

void Connection::feed(std::string_view bytes) {
  if (request_start_ == 0 && !bytes.empty()) {
    request_start_ = loop_.now();
    set_deadline_in(us(loop_.limits().request));
  }
  while (true) {
    const Framer::Step step = framer_.consume(bytes);
    bytes.remove_prefix(step.used);
    switch (step.event) {
      case Framer::Event::need_more: return;
      case Framer::Event::head: on_head(!bytes.empty()); break;
      case Framer::Event::body: on_body(step.body); break;
      case Framer::Event::done: unread_ = bytes; return on_request();
      case Framer::Event::failed: return fail(framer_.error());
    }
    if (phase_ != Phase::reading) return;
  }
}

std::size_t Connection::body_limit(const RequestHead& head) {
  const auto& own = loop_.core().options.body_limit;
  const auto* peer = wire_.tls() == nullptr ? nullptr : wire_.tls()->peer().get();
  const std::size_t limit = own ? own(head.method, head.path, peer) : 0;
  return limit == 0 ? loop_.limits().body_bytes : limit;
}

void Connection::on_head(bool body_has_begun) {
  const RequestHead& head = framer_.head();
  const auto& streams = loop_.core().options.streams;
  const bool streaming = streams && streams(head.method, head.path);
  framer_.accept_body(streaming ? loop_.limits().stream_bytes : body_limit(head));
  if (streaming) {
    ring_ = std::make_shared<BodyRing>(kRingBytes, [mailbox = loop_.mailbox(), id = id_] {
      Message message;
      message.kind = Message::Kind::resume;
      message.connection = id;
      mailbox->post(std::move(message));
    });
    stream_seen_ = stall_mark_ = 0;
    set_deadline_in(us(loop_.limits().stream_stall));
  }
  if (head.expects_continue && framer_.expects_body() && !body_has_begun) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    std::size_t count = 0;
    // Nothing else is waiting to be written, so the socket has room for these few bytes or the peer is gone.
    if (wire_.write(kContinue.data(), kContinue.size(), count) != Io::ok || count != kContinue.size()) lose();
  }
}

void Connection::on_body(std::string_view piece) {
  if (ring_ != nullptr) {
    ring_->push(piece);
    stream_seen_ += piece.size();
    if (!handed_over_ && ring_->size() >= kStreamStart) hand_over_stream();
    return;
  }
  buffered_ += piece.size();
  if (loop_.core().buffered.fetch_add(piece.size()) + piece.size() > loop_.limits().buffered_bytes) {
    return fail(error(Code::LOCAL_OVERLOADED), kBusyRetrySeconds);
  }
  body_.append(piece);
}

void Connection::on_request() {
  if (ring_ != nullptr) {
    ring_->finish();
    if (!handed_over_ && !hand_over_stream()) return;
    phase_ = Phase::waiting;
  } else {
    phase_ = Phase::waiting;
    loop_.submit(make_job());
  }
  set_deadline_in(kNever);
}

bool Connection::hand_over_stream() {
  Job job = make_job();
  handed_over_ = loop_.core().stream_workers.push_within(job, loop_.limits().stream_queue);
  if (!handed_over_) fail(error(Code::LOCAL_OVERLOADED), kBusyRetrySeconds);
  return handed_over_;
}

Job Connection::make_job() {
  Job job;
  job.head = std::move(framer_.head());
  job.body = std::exchange(body_, {});
  job.ring = ring_;
  job.remote = remote_;
  if (wire_.tls() != nullptr) job.peer = wire_.tls()->peer();
  job.arrived = SystemClock{}.now();
  job.mailbox = loop_.mailbox();
  job.connection = id_;
  job.request = ++request_;
  return job;
}

void Connection::fail(const Error& error, int retry_after_seconds) {
  loop_.core().observe.request_refused(error.code, remote_);
  if (handed_over_) {  // the handler hears of it from read() and answers
    ring_->fail(error);
    phase_ = Phase::waiting;
    return set_deadline_in(kNever);
  }
  AnswerForm form;
  form.close = true;
  form.no_body = framer_.head().method == "HEAD";
  const Response answer = problem(error, {}, retry_after_seconds);
  begin_answer(to_bytes(answer, form), answer.status, true);
}

void Connection::on_answer(Message message) {
  const bool awaited = phase_ == Phase::waiting || (phase_ == Phase::reading && handed_over_);
  if (!awaited || message.request != request_) return;
  begin_answer(std::move(message.bytes), message.status, message.close || loop_.draining());
}

void Connection::begin_answer(Bytes bytes, int status, bool close) {
  phase_ = Phase::writing;
  paused_ = false;
  release_body();
  out_ = std::move(bytes);
  out_at_ = 0;
  out_status_ = status;
  close_after_ = close;
  set_deadline_in(us(loop_.limits().write) + static_cast<std::int64_t>(out_.size() / kWrittenPerSecond) * 1'000'000);
  flush();
}

void Connection::flush() {
  while (out_at_ < out_.size()) {
    std::size_t count = 0;
    switch (wire_.write(out_.data() + out_at_, out_.size() - out_at_, count)) {
      case Io::ok: out_at_ += count; break;
      case Io::want_write: return loop_.arm(*this, EPOLLOUT);
      case Io::want_read: return loop_.arm(*this, EPOLLIN);
      default: return lose();
    }
  }
  end_answer();
}

void Connection::end_answer() {
  loop_.core().observe.bytes_out.add(static_cast<double>(out_.size()));
  loop_.core().observe.answered(out_status_, static_cast<double>(loop_.now() - request_start_) / 1e6);
  out_ = Bytes{};
  if (close_after_) return linger();
  next_request();
}

void Connection::next_request() {
  phase_ = Phase::reading;
  framer_.reset();
  ring_.reset();
  handed_over_ = false;
  request_start_ = 0;
  loop_.arm(*this, EPOLLIN);
  set_deadline_in(us(loop_.limits().idle));
  if (!unread_.empty()) {
    const Bytes bytes = std::exchange(unread_, {});
    feed(bytes);
  }
  if (phase_ == Phase::reading && wire_.pending()) loop_.come_back(*this);
}

void Connection::on_resume() {
  if (phase_ != Phase::reading || !paused_) return;
  paused_ = false;
  stall_mark_ = stream_seen_;
  loop_.arm(*this, EPOLLIN);
  set_deadline_in(us(loop_.limits().stream_stall));
  read_some();
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::handshake: loop_.core().observe.tls_refused(Code::TLS_HANDSHAKE, remote_, "timeout"); return end();
    case Phase::reading:
      if (ring_ != nullptr) return check_stall();
      if (request_start_ != 0) return fail(error(Code::CLIENT_REQUEST_TIMEOUT));
      wire_.say_goodbye();
      end();
      return loop_.core().observe.connection_ended("idle");
    case Phase::writing: end(); return loop_.core().observe.connection_ended("write_timeout");
    case Phase::lingering: return end();
    case Phase::waiting:
    case Phase::closed: return;
  }
}

void Connection::check_stall() {
  if (stream_seen_ - stall_mark_ < loop_.limits().stream_stall_bytes) {
    return fail(error(Code::CLIENT_REQUEST_TIMEOUT, "请求体长时间没有进展"));
  }
  stall_mark_ = stream_seen_;
  set_deadline_in(us(loop_.limits().stream_stall));
}

void Connection::on_drain() {
  if (phase_ == Phase::reading && request_start_ == 0) read_some();  // what was received is answered
  const bool idle = phase_ == Phase::reading && request_start_ == 0;
  if (phase_ != Phase::handshake && !idle) return;
  wire_.say_goodbye();
  end();
}

void Connection::linger() {
  wire_.say_goodbye();
  phase_ = Phase::lingering;
  discarded_ = 0;
  ring_.reset();
  loop_.arm(*this, EPOLLIN);
  set_deadline_in(kLingerUs);
}

void Connection::linger_some() {
  for (int i = 0; i < kReadsInARow; ++i) {
    std::size_t count = 0;
    const Io io = wire_.discard(loop_.scratch(), Loop::kScratch, count);
    if (io == Io::want_read) return;
    discarded_ += count;
    if (io != Io::ok || discarded_ > kLingerBytes) return end();
  }
}

void Connection::release_body() { loop_.core().buffered.fetch_sub(std::exchange(buffered_, 0)); }

}  // namespace chuanyu::transport
