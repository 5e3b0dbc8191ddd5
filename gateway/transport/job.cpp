#include "gateway/transport/job.h"

#include <algorithm>
#include <exception>

#include "gateway/base/log.h"
#include "gateway/transport/head_parser.h"
#include "gateway/transport/response_bytes.h"

namespace chuanyu::transport {
namespace {

// A handler that takes longer than this is no small one: the next jobs' answers are not held back for each other.
constexpr std::chrono::milliseconds kSmall{1};
constexpr int kAloneAfterSlow = 64;

Responder make_responder(const Job& job) {
  const AnswerForm form{!job.head.keep_alive, job.head.http10, job.head.method == "HEAD"};
  return Responder([mailbox = job.mailbox, connection = job.connection, request = job.request, ring = job.ring,
                    form](const Response& response) {
    AnswerForm now = form;
    // A body that the handler did not want to the end cannot be skipped: the connection ends with this answer.
    now.close = now.close || mailbox->draining || (ring != nullptr && !ring->finished());
    Message message;
    message.kind = Message::Kind::answer;
    message.connection = connection;
    message.request = request;
    message.close = now.close;
    message.status = response.status;
    message.bytes = to_bytes(response, now);
    post_answer(mailbox, std::move(message));
  });
}

}  // namespace

void run(Job job, const Handler& handler) {
  Responder responder = make_responder(job);
  Request request;
  if (Status parsed = parse_head(std::move(job.head), request); !parsed.ok()) {
    return responder.send(problem(parsed.error()));
  }
  request.body = std::move(job.body);
  request.stream = job.ring.get();
  request.remote = std::move(job.remote);
  request.peer = std::move(job.peer);
  request.arrived = job.arrived;
  try {
    handler(std::move(request), std::move(responder));
  } catch (const std::exception& failure) {
    // The responder that the handler took has answered LOCAL_INTERNAL when it died.
    log::error("http.handler_threw", {{"what", failure.what()}});
  }
  if (job.ring != nullptr) job.ring->abandon();
}

WorkerPool::WorkerPool(unsigned threads, std::size_t most_at_once, const Handler& handler)
    : count_(threads), most_at_once_(most_at_once), handler_(handler) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::push(std::vector<Job>& jobs) {
  {
    const std::lock_guard lock(mutex_);
    for (Job& job : jobs) waiting_.push_back(std::move(job));
    jobs.clear();
    if (busy_ == count_) return;
  }
  changed_.notify_one();  // a worker that leaves jobs behind wakes the next
}

bool WorkerPool::push_within(Job& job, std::size_t waiting) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting + (count_ - busy_)) return false;
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

bool WorkerPool::take(std::vector<Job>& out) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  if (stopping_) return false;
  ++busy_;
  const std::size_t share = waiting_.size() / count_;
  const std::size_t count = std::min(waiting_.size(), std::clamp<std::size_t>(share, 1, most_at_once_));
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  const bool more = !waiting_.empty() && busy_ < count_;
  lock.unlock();
  if (more) changed_.notify_one();
  return true;
}

void WorkerPool::work() {
  std::vector<Job> jobs;
  int alone = 0;  // jobs to run without holding answers back
  while (take(jobs)) {
    AnswerBatch batch;
    for (Job& job : jobs) {
      const auto start = std::chrono::steady_clock::now();
      run(std::move(job), handler_);
      if (std::chrono::steady_clock::now() - start > kSmall) alone = kAloneAfterSlow;
      if (alone > 0) {
        --alone;
        batch.flush();
      }
    }
    jobs.clear();
    // Before the batch dies and its answers go: who has one may send the next request.
    const std::lock_guard lock(mutex_);
    --busy_;
  }
}

void WorkerPool::stop() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  for (Job& job : left) make_responder(job).send(problem(error(Code::LOCAL_DRAINING)));
}

}  // namespace chuanyu::transport
