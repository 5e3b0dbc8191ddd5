// tests/bench/support/load.h: makes HTTP/1.1 load over mutual TLS (or plain) on keep-alive connections, and measures
// it.
//
// One request at a time on each connection: the next is sent when the answer has come. A thread a core, each with its
// own share of the connections, epoll and OpenSSL without waiting: about 15 µs of CPU a request, so that it is not what
// is measured. Threads: run_load() blocks its caller and uses threads of its own; `next` is called on those, with one
// connection at a time. Failure: LoadReport::error says what; answers that are not wanted are counted as failures.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace chuanyu::bench {

struct Target {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = true;
  std::string chain;  // the client's certificate chain, PEM; empty: none
  std::string key;
  std::string trust;  // empty: the server's certificate is not looked at
};

struct LoadRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // besides Host and Content-Length
  std::string body;
};

struct LoadOptions {
  Target target;
  unsigned connections = 64;
  std::vector<int> cores;  // a thread pinned to each; empty: one thread, not pinned
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{3000};
  // Fills the request to send: `request` still holds what this connection sent last, so a constant one costs nothing.
  // `number` counts the requests of the connection from 0; together with `connection` it is unique in a run.
  std::function<void(unsigned connection, std::uint64_t number, LoadRequest& request)> next;
  std::function<bool(int status)> wanted = [](int status) { return status / 100 == 2; };
};

struct LoadReport {
  std::string error;  // empty: it ran
  double seconds = 0;
  std::uint64_t requests = 0;  // answered as wanted after the warm-up
  std::uint64_t failures = 0;  // other answers, and connections that broke (they are opened anew)
  std::map<int, std::uint64_t> statuses;
  double requests_per_second = 0;
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  double generator_cpu_us = 0;  // CPU of this generator for a request, to see that it was not the bottleneck
};

LoadReport run_load(const LoadOptions& options);

// Connections that do nothing, and connections that send a byte of a request now and then and never finish it. Those
// that the server ends are opened anew.
class Crowd {
 public:
  struct Options {
    Target target;
    unsigned idle = 2000;
    unsigned trickling = 200;
    std::chrono::milliseconds between_bytes{1000};
    int core = -1;  // pinned to it
  };
  explicit Crowd(Options options);  // returns when all are connected
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  unsigned connected() const;  // at the start
  std::uint64_t reopened() const { return reopened_; }

 private:
  struct Member;
  void run();
  Options options_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> reopened_{0};
  std::thread thread_;
};

// Descriptors this process may open, raised as far as allowed.
void raise_descriptor_limit();
void pin_to_core(int core);  // this thread; nothing for -1

}  // namespace chuanyu::bench
