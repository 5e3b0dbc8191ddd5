#include "gateway/transport/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>

#include "gateway/base/log.h"

namespace chuanyu::transport {
namespace {

constexpr int kEventsAtOnce = 128;
constexpr std::uint64_t kMailboxTag = 0;
constexpr std::uint64_t kListenerTag = 1;  // no Connection stands at these addresses

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Loop::Loop(Core& core, LoopPort& port, std::unique_ptr<Listener> listener)
    : core_(core), port_(port), listener_(std::move(listener)) {}

Loop::~Loop() {
  if (epoll_ >= 0) ::close(epoll_);
}

Status Loop::start() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event mail{};
  mail.events = EPOLLIN;
  mail.data.u64 = kMailboxTag;
  bool ready = epoll_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox()->fd(), &mail) == 0;
  if (ready && listener_ != nullptr) {
    epoll_event listen{};
    listen.events = EPOLLIN;
    listen.data.u64 = kListenerTag;
    ready = epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_->fd(), &listen) == 0;
  }
  if (!ready) return error(Code::LOCAL_IO, "不能建立事件循环（epoll）");
  thread_ = std::thread([this] { run(); });
  return {};
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::run() {
  now_ = steady_us();
  while (!stopping_) {
    wait();
    expire();
    visit_again();
    read_mailbox();
    if (!jobs_.empty()) core_.workers.push(jobs_);
    ended_.clear();
  }
  end_all();
  ended_.clear();
  mailbox()->close();
}

void Loop::wait() {
  std::array<epoll_event, kEventsAtOnce> events;
  const bool may_sleep = again_.empty() && mailbox()->before_sleep();
  const int count = epoll_wait(epoll_, events.data(), kEventsAtOnce, may_sleep ? timeout_ms() : 0);
  now_ = steady_us();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kMailboxTag) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const auto size = ::read(mailbox()->fd(), &wakes, sizeof wakes);
    } else if (event.data.u64 == kListenerTag) {
      if (listener_ != nullptr) listener_->accept_some(core_);
    } else {
      static_cast<Connection*>(event.data.ptr)->on_ready(event.events);
    }
  }
}

int Loop::timeout_ms() const {
  if (deadlines_.empty()) return -1;
  const std::int64_t left = deadlines_.begin()->first - steady_us();
  return static_cast<int>(std::clamp<std::int64_t>((left + 999) / 1000, 0, INT_MAX));
}

void Loop::expire() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
    Connection& connection = *deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    connection.notes.scheduled = kNever;
    if (connection.notes.deadline <= now_) {
      connection.notes.deadline = kNever;
      connection.on_deadline();
    } else {
      set_deadline(connection, connection.notes.deadline);  // it was put off meanwhile
    }
  }
}

void Loop::set_deadline(Connection& connection, std::int64_t deadline) {
  auto& notes = connection.notes;
  notes.deadline = deadline;
  if (deadline >= notes.scheduled) return;
  if (notes.scheduled != kNever) deadlines_.erase({notes.scheduled, &connection});
  notes.scheduled = deadline;
  deadlines_.insert({deadline, &connection});
}

void Loop::arm(Connection& connection, std::uint32_t events) {
  if (connection.notes.armed == events) return;
  connection.notes.armed = events;
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event);
}

void Loop::come_back(Connection& connection) {
  if (!std::exchange(connection.notes.again, true)) again_.push_back(&connection);
}

void Loop::visit_again() {
  std::vector<Connection*> now;
  now.swap(again_);
  for (Connection* connection : now) {
    connection->notes.again = false;
    connection->on_again();
  }
}

void Loop::submit(Job job) { jobs_.push_back(std::move(job)); }

void Loop::forget(Connection& connection) {
  if (connection.notes.scheduled != kNever) deadlines_.erase({connection.notes.scheduled, &connection});
  connection.notes.scheduled = kNever;
  core_.release(address_of(connection.remote()));
  --port_.connections;
  std::erase(again_, &connection);
  const auto found = connections_.find(connection.id());
  ended_.push_back(std::move(found->second));
  connections_.erase(found);
}

void Loop::read_mailbox() {
  mailbox()->take(messages_);
  for (Message& message : messages_) on_message(message);
  messages_.clear();
}

void Loop::on_message(Message& message) {
  switch (message.kind) {
    case Message::Kind::adopt: return adopt(message.fd, std::move(message.bytes));
    case Message::Kind::drain: return drain();
    case Message::Kind::abort: return end_all();
    case Message::Kind::stop: stopping_ = true; return;
    case Message::Kind::answer:
    case Message::Kind::resume: break;
  }
  const auto found = connections_.find(message.connection);
  if (found == connections_.end()) return;  // it ended before its answer
  if (message.kind == Message::Kind::answer) {
    found->second->on_answer(std::move(message));
  } else {
    found->second->on_resume();
  }
}

void Loop::adopt(int fd, std::string remote) {
  std::unique_ptr<TlsSession> tls;
  if (core_.options.tls) tls = TlsSession::accept(core_.tls(), fd);
  const std::string address = address_of(remote);
  const std::uint64_t id = next_id_++;
  auto connection = std::make_unique<Connection>(*this, id, fd, std::move(remote), std::move(tls));
  epoll_event event{};
  event.data.ptr = connection.get();
  const bool unusable = core_.options.tls && connection->is_plain();
  if (draining_ || unusable || epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    --port_.connections;
    return core_.release(address);
  }
  Connection& started = *connections_.emplace(id, std::move(connection)).first->second;
  started.start();
}

void Loop::drain() {
  draining_ = true;
  listener_.reset();
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  for (Connection* connection : all) connection->on_drain();
}

void Loop::end_all() {
  while (!connections_.empty()) connections_.begin()->second->end();
}

}  // namespace chuanyu::transport
