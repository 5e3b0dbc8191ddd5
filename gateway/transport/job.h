// gateway/transport/job.h: one request on its way from a loop to a worker, and the pool of workers. Private to the
// room.
//
// Threads: a pool's push() and stop() on any thread. Workers take several waiting jobs at a time and hand their answers
// back together: with many small requests, waking threads would otherwise cost more than the work.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gateway/transport/body_ring.h"
#include "gateway/transport/framing.h"
#include "gateway/transport/mailbox.h"
#include "gateway/transport/server.h"

namespace chuanyu::transport {

struct Job {
  RequestHead head;
  Bytes body;
  std::shared_ptr<BodyRing> ring;  // streaming routes
  std::string remote;
  std::shared_ptr<const crypto::VerifiedCertificate> peer;
  TimeUs arrived = 0;
  std::shared_ptr<Mailbox> mailbox;  // where the answer goes
  std::uint64_t connection = 0;
  std::uint64_t request = 0;
};

// Parses the head and runs the handler; every job ends with an answer.
void run(Job job, const Handler& handler);

class WorkerPool {
 public:
  WorkerPool(unsigned threads, std::size_t most_at_once, const Handler& handler);
  ~WorkerPool();
  void push(std::vector<Job>& jobs);                // empties it
  bool push_within(Job& job, std::size_t waiting);  // false, and the job untouched, when so many wait already
  void stop();  // waits for the handlers that run; jobs that wait get LOCAL_DRAINING

 private:
  void work();
  bool take(std::vector<Job>& out);

  const std::size_t count_;
  const std::size_t most_at_once_;
  const Handler& handler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  std::size_t busy_ = 0;  // not "idle": a worker that has not started yet is as good as one that waits
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace chuanyu::transport
