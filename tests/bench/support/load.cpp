#include "tests/bench/support/load.h"

#include <sched.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "tests/bench/support/link.h"

namespace chuanyu::bench {
namespace {

using Clock = std::chrono::steady_clock;

double thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Where an answer ends in the bytes that have come, 0 when it is not complete; `status` of it.
std::size_t answer_end(std::string_view bytes, int& status) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || bytes.size() < 12) return 0;
  status = std::atoi(bytes.data() + 9);
  std::size_t length = 0;
  constexpr std::string_view kName = "content-length:";
  for (std::size_t line = bytes.find("\r\n"); line < end; line = bytes.find("\r\n", line + 2)) {
    if (strncasecmp(bytes.data() + line + 2, kName.data(), kName.size()) == 0) {
      length = static_cast<std::size_t>(std::atoll(bytes.data() + line + 2 + kName.size()));
    }
  }
  return bytes.size() >= end + 4 + length ? end + 4 + length : 0;
}

struct Channel {
  Link link;
  unsigned index = 0;
  std::uint64_t number = 0;
  LoadRequest request;
  std::string out;
  std::size_t out_at = 0;
  std::string in;
  Clock::time_point sent;
  bool wants_write = false;
};

class Worker {
 public:
  Worker(const LoadOptions& options, ssl_ctx_st* context, int core)
      : options_(options), context_(context), core_(core) {}

  bool open(unsigned first, unsigned count);
  void run(Clock::time_point counted_from, Clock::time_point until);

  std::vector<float> latencies;
  std::map<int, std::uint64_t> statuses;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  double cpu_us = 0;

 private:
  void ask(Channel& channel);
  void flush(Channel& channel);
  void on_readable(Channel& channel);
  void on_answer(Channel& channel, int status);
  void reopen(Channel& channel);
  void watch(Channel& channel, int operation);

  const LoadOptions& options_;
  ssl_ctx_st* context_;
  int core_;
  int epoll_ = -1;
  bool counting_ = false;
  std::vector<std::unique_ptr<Channel>> channels_;
};

bool Worker::open(unsigned first, unsigned count) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (unsigned i = 0; i < count; ++i) {
    auto channel = std::make_unique<Channel>();
    channel->index = first + i;
    if (!channel->link.open(options_.target, context_)) return false;
    watch(*channel, EPOLL_CTL_ADD);
    channels_.push_back(std::move(channel));
  }
  return true;
}

void Worker::watch(Channel& channel, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | (channel.wants_write ? EPOLLOUT : 0U);
  event.data.ptr = &channel;
  epoll_ctl(epoll_, operation, channel.link.fd(), &event);
}

void Worker::ask(Channel& channel) {
  options_.next(channel.index, channel.number++, channel.request);
  const LoadRequest& request = channel.request;
  std::string& out = channel.out;
  out.assign(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: gateway\r\n");
  for (const auto& [name, value] : request.headers) out.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty() || request.method != "GET") {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  out.append("\r\n").append(request.body);
  channel.out_at = 0;
  channel.sent = Clock::now();
  flush(channel);
}

void Worker::flush(Channel& channel) {
  while (channel.out_at < channel.out.size()) {
    const long count = channel.link.write(channel.out.data() + channel.out_at, channel.out.size() - channel.out_at);
    if (count < 0) return reopen(channel);
    if (count == 0) {
      channel.wants_write = true;
      return watch(channel, EPOLL_CTL_MOD);
    }
    channel.out_at += static_cast<std::size_t>(count);
  }
  if (std::exchange(channel.wants_write, false)) watch(channel, EPOLL_CTL_MOD);
}

void Worker::reopen(Channel& channel) {
  if (counting_) ++failures;
  channel.in.clear();
  channel.wants_write = false;
  if (!channel.link.open(options_.target, context_)) return;  // stays broken: fewer connections, and it shows
  watch(channel, EPOLL_CTL_ADD);
  ask(channel);
}

void Worker::on_readable(Channel& channel) {
  std::array<char, 16384> buffer;
  do {
    const long count = channel.link.read(buffer.data(), buffer.size());
    if (count < 0) return reopen(channel);
    if (count == 0) return;
    channel.in.append(buffer.data(), static_cast<std::size_t>(count));
  } while (channel.link.pending());
  int status = 0;
  const std::size_t end = answer_end(channel.in, status);
  if (end == 0) return;
  channel.in.erase(0, end);
  on_answer(channel, status);
  ask(channel);
}

void Worker::on_answer(Channel& channel, int status) {
  if (!counting_) return;
  ++statuses[status];
  if (!options_.wanted(status)) {
    ++failures;
    return;
  }
  ++requests;
  latencies.push_back(std::chrono::duration<float, std::micro>(Clock::now() - channel.sent).count());
}

void Worker::run(Clock::time_point counted_from, Clock::time_point until) {
  pin_to_core(core_);
  for (auto& channel : channels_) ask(*channel);
  double cpu_before = 0;
  std::array<epoll_event, 128> events;
  while (true) {
    const auto now = Clock::now();
    if (now >= until) break;
    if (!counting_ && now >= counted_from) {
      counting_ = true;
      cpu_before = thread_cpu_us();
    }
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      auto& channel = *static_cast<Channel*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0 && channel.wants_write) flush(channel);
      if ((event.events & ~EPOLLOUT) != 0) on_readable(channel);
    }
  }
  cpu_us = thread_cpu_us() - cpu_before;
  channels_.clear();
  ::close(epoll_);
}

LoadReport summarise(std::vector<std::unique_ptr<Worker>>& workers, double seconds) {
  LoadReport report;
  report.seconds = seconds;
  std::vector<float> all;
  double cpu_us = 0;
  for (auto& worker : workers) {
    all.insert(all.end(), worker->latencies.begin(), worker->latencies.end());
    report.requests += worker->requests;
    report.failures += worker->failures;
    for (const auto& [status, count] : worker->statuses) report.statuses[status] += count;
    cpu_us += worker->cpu_us;
  }
  report.requests_per_second = static_cast<double>(report.requests) / seconds;
  if (all.empty()) return report;
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  report.p50_us = at(0.5);
  report.p90_us = at(0.9);
  report.p99_us = at(0.99);
  report.p999_us = at(0.999);
  report.max_us = all.back();
  report.generator_cpu_us = cpu_us / static_cast<double>(report.requests);
  return report;
}

}  // namespace

LoadReport run_load(const LoadOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  LoadReport failed;
  std::shared_ptr<ssl_ctx_st> context;
  if (options.target.tls && (context = make_client_context(options.target)) == nullptr) {
    failed.error = "cannot load the client's certificate, key or trust";
    return failed;
  }
  const std::vector<int> cores = options.cores.empty() ? std::vector<int>{-1} : options.cores;
  std::vector<std::unique_ptr<Worker>> workers;
  unsigned opened = 0;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const unsigned share =
        options.connections / static_cast<unsigned>(cores.size()) + (i < options.connections % cores.size() ? 1 : 0);
    workers.push_back(std::make_unique<Worker>(options, context.get(), cores[i]));
    if (!workers.back()->open(opened, share)) {
      failed.error = "cannot connect to " + options.target.address + ":" + std::to_string(options.target.port);
      return failed;
    }
    opened += share;
  }
  const auto counted_from = Clock::now() + options.warm_up;
  const auto until = counted_from + options.duration;
  std::vector<std::thread> threads;
  for (auto& worker : workers) threads.emplace_back([&] { worker->run(counted_from, until); });
  for (auto& thread : threads) thread.join();
  return summarise(workers, std::chrono::duration<double>(options.duration).count());
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void pin_to_core(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace chuanyu::bench
