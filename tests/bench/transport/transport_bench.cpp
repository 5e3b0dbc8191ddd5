// What the transport costs by itself: a 1.5 KB PUT over mutual TLS on kept connections, with a handler that does
// nothing.
//
// The server runs in a process of its own on the first core, the load generator on the last. Two handlers: one answers
// at once, one hands its Responder to another thread that answers all that wait together, as a group commit does. With
// --crowd the same once more beside 2,000 idle connections and 200 that send a byte a second.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>

#include "gateway/base/log.h"
#include "gateway/transport/server.h"
#include "tests/bench/support/load.h"
#include "tests/support/pki.h"

namespace chuanyu {
namespace {

using transport::Request;
using transport::Responder;

struct Settings {
  unsigned connections = 64;
  int seconds = 3;
  unsigned workers = 1;
  bool json = false;
  bool crowd = false;
};

// Answers all that wait, together.
class Committer {
 public:
  Committer() : thread_([this] { run(); }) {}
  ~Committer() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void push(Responder responder) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(responder));
      if (waiting_.size() > 1) return;
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::vector<Responder> group;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
        if (stop_) return;
        group.swap(waiting_);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(500));  // the disk
      const transport::AnswerBatch together;
      for (Responder& responder : group) responder.send(transport::json(200, "{\"ok\":true}"));
      group.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Responder> waiting_;
  bool stop_ = false;
  std::thread thread_;
};

// Runs in the child: serves until the parent closes its end.
int serve(const test::Pki& pki, const Settings& settings, bool deferred, int report, int end) {
  bench::pin_to_core(0);
  log::set_level("error");
  transport::ServerOptions options;
  options.loops = 1;
  options.workers = settings.workers;
  options.files.certificate_chain = pki.chain("server");
  options.files.private_key = pki.key("server");
  options.files.trust = pki.trust();
  options.files.crl = pki.crl();
  options.limits.request = std::chrono::minutes(5);
  bench::raise_descriptor_limit();
  std::optional<Committer> committer;
  if (deferred) committer.emplace();
  auto server = transport::Server::start(options, [&](const Request&, Responder responder) {
    if (committer) return committer->push(std::move(responder));
    responder.send(transport::json(200, "{\"ok\":true}"));
  });
  if (!server.ok()) return 1;
  const std::uint16_t port = (*server)->port();
  if (::write(report, &port, sizeof port) != sizeof port) return 1;
  char byte = 0;
  while (::read(end, &byte, 1) > 0) {
  }
  return 0;
}

struct Measured {
  bench::LoadReport load;
  double cpu_us = 0;         // of the server, for a request
  double switches = 0;       // of its threads, for a request
  double kib_per_other = 0;  // resident memory for each connection of the crowd
};

double resident_kib(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * 4;
}

Measured measure(const test::Pki& pki, const Settings& settings, bool deferred, bool crowd) {
  std::array<int, 2> up{};
  std::array<int, 2> down{};
  if (pipe(up.data()) != 0 || pipe(down.data()) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    ::close(down[1]);
    _exit(serve(pki, settings, deferred, up[1], down[0]));
  }
  ::close(down[0]);
  std::uint16_t port = 0;
  Measured out;
  if (::read(up[0], &port, sizeof port) == sizeof port) {
    bench::LoadOptions load;
    load.target = {.port = port, .chain = pki.chain("agency"), .key = pki.key("agency"), .trust = pki.trust()};
    load.connections = settings.connections;
    load.cores = {static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1};
    load.warm_up = std::chrono::milliseconds(0);
    load.duration = std::chrono::seconds(settings.seconds);
    load.next = [](unsigned, std::uint64_t number, bench::LoadRequest& request) {
      if (number > 0) return;
      request.method = "PUT";
      request.target = "/v1/records/case/CQ-2026-000001";
      request.headers = {{"Content-Type", "application/json"},
                         {"Idempotency-Key", "019aa1c5-0000-7000-8000-000000000001"}};
      request.body = std::string(1500, 'x');
    };
    std::optional<bench::Crowd> others;
    if (crowd) {
      const double alone = resident_kib(child);
      others.emplace(bench::Crowd::Options{.target = load.target, .core = load.cores[0]});
      out.kib_per_other = (resident_kib(child) - alone) / others->connected();
    }
    clockid_t clock{};
    clock_getcpuclockid(child, &clock);
    timespec before{};
    timespec after{};
    clock_gettime(clock, &before);
    out.load = bench::run_load(load);
    clock_gettime(clock, &after);
    const double cpu_us = static_cast<double>(after.tv_sec - before.tv_sec) * 1e6 +
                          static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e3;
    out.cpu_us = cpu_us / static_cast<double>(out.load.requests);
  }
  ::close(down[1]);
  rusage usage{};
  wait4(child, nullptr, 0, &usage);
  out.switches = static_cast<double>(usage.ru_nvcsw + usage.ru_nivcsw) / static_cast<double>(out.load.requests);
  ::close(up[0]);
  ::close(up[1]);
  return out;
}

void print(const char* name, const Measured& measured) {
  const auto& load = measured.load;
  std::printf(
      "%-28s %8.0f requests/s  server %5.1f µs CPU/request %.2f switches  p50 %6.0f µs  p99 %6.0f µs  failures %llu  "
      "generator %4.1f µs %s\n",
      name, load.requests_per_second, measured.cpu_us, measured.switches, load.p50_us, load.p99_us,
      static_cast<unsigned long long>(load.failures), load.generator_cpu_us, load.error.c_str());
}

int run(const Settings& settings) {
  test::Pki pki;
  pki.issue("server");
  pki.issue("agency", {.server = false});
  const Measured direct = measure(pki, settings, false, false);
  const Measured deferred = measure(pki, settings, true, false);
  if (!settings.json) {
    print("answers at once", direct);
    print("answers by group", deferred);
  }
  double ratio = 0;
  if (settings.crowd) {
    const Measured beside = measure(pki, settings, true, true);
    ratio = beside.load.requests_per_second / deferred.load.requests_per_second;
    if (!settings.json) {
      print("beside 2,200 others", beside);
      std::printf("each of them takes %.1f KiB of the server\n", beside.kib_per_other);
    }
  }
  std::printf(
      "{\"transport_requests_per_second\":%.0f,\"transport_us_per_request\":%.1f,\"transport_us_per_request_by_group\":"
      "%.1f,"
      "\"transport_rate_beside_crowd\":%.2f}\n",
      direct.load.requests_per_second, direct.cpu_us, deferred.cpu_us, ratio);
  return direct.load.requests > 0 && deferred.load.requests > 0 ? 0 : 1;
}

}  // namespace
}  // namespace chuanyu

int main(int argc, char** argv) {
  chuanyu::Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const int value = i + 1 < argc ? std::atoi(argv[i + 1]) : 0;
    if (option == "--json") settings.json = true;
    if (option == "--crowd") settings.crowd = true;
    if (option == "--connections") settings.connections = static_cast<unsigned>(value);
    if (option == "--seconds") settings.seconds = value;
    if (option == "--workers") settings.workers = static_cast<unsigned>(value);
    if (option == "--help") {
      std::puts("transport_bench [--json] [--crowd] [--connections N] [--seconds N] [--workers N]");
      return 0;
    }
  }
  return chuanyu::run(settings);
}
