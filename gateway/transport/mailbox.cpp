#include "gateway/transport/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "gateway/transport/http.h"

namespace chuanyu::transport {
namespace {

// The answers a thread gathers: by mailbox (a loop each, so very few).
struct Gathered {
  bool active = false;
  std::chrono::steady_clock::time_point since;
  std::vector<std::pair<std::shared_ptr<Mailbox>, std::vector<Message>>> by_mailbox;

  void flush() {
    for (auto& [mailbox, messages] : by_mailbox) mailbox->post(messages);
    by_mailbox.clear();
  }
};

thread_local Gathered gathered;

// An answer never waits longer than this for others of its batch.
constexpr std::chrono::milliseconds kLongest{1};

}  // namespace

Mailbox::Mailbox() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
Mailbox::~Mailbox() {
  close();
  ::close(fd_);
}

void Mailbox::wake() {
  asleep_ = false;
  const std::uint64_t one = 1;
  // Cannot fail: the counter is never near its limit.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Mailbox::post(Message message) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    if (message.fd >= 0) ::close(message.fd);
    return;
  }
  messages_.push_back(std::move(message));
  if (asleep_) wake();
}

void Mailbox::post(std::vector<Message>& messages) {
  const std::lock_guard lock(mutex_);
  if (!closed_) {
    for (Message& message : messages) messages_.push_back(std::move(message));
    if (asleep_ && !messages.empty()) wake();
  }
  messages.clear();
}

void Mailbox::take(std::vector<Message>& out) {
  const std::lock_guard lock(mutex_);
  asleep_ = false;
  out.swap(messages_);
}

bool Mailbox::before_sleep() {
  const std::lock_guard lock(mutex_);
  asleep_ = messages_.empty();
  return asleep_;
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const Message& message : messages_) {
    if (message.fd >= 0) ::close(message.fd);
  }
  messages_.clear();
}

void post_answer(const std::shared_ptr<Mailbox>& mailbox, Message message) {
  if (!gathered.active) return mailbox->post(std::move(message));
  const auto now = std::chrono::steady_clock::now();
  if (gathered.by_mailbox.empty()) gathered.since = now;
  std::vector<Message>* messages = nullptr;
  for (auto& [known, waiting] : gathered.by_mailbox) {
    if (known == mailbox) messages = &waiting;
  }
  if (messages == nullptr) messages = &gathered.by_mailbox.emplace_back(mailbox, std::vector<Message>{}).second;
  messages->push_back(std::move(message));
  if (now - gathered.since > kLongest) gathered.flush();
}

AnswerBatch::AnswerBatch() : outermost_(!std::exchange(gathered.active, true)) {}

AnswerBatch::~AnswerBatch() {
  if (!outermost_) return;
  gathered.flush();
  gathered.active = false;
}

void AnswerBatch::flush() { gathered.flush(); }

}  // namespace chuanyu::transport
