// A server on port 0 with a handler of the test's own, and clients for it.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/log.h"
#include "gateway/base/metrics.h"
#include "gateway/transport/server.h"
#include "tests/support/pki.h"
#include "tests/support/raw_client.h"

namespace chuanyu::transport {

// The value of a metric, 0 when there is none; `labels` as Prometheus writes them, "" or {code="X"}.
double metric(const std::string& name, const std::string& labels = {});

// Waits until the metric has reached the value: what is counted just after the bytes that a test can see.
bool reaches(const std::string& name, const std::string& labels, double value);

// Answers 200 with "METHOD path query" and the body.
void echo(Request request, Responder responder);
Response text(int status, std::string body);
std::string code_of(const test::Answer& answer);  // of a problem answer

class ServerFixture : public testing::Test {
 protected:
  ServerFixture();
  ~ServerFixture() override;

  void start(Handler handler = echo);        // mutual TLS
  void start_plain(Handler handler = echo);  // the same loops without TLS: limits and framing
  std::unique_ptr<test::RawClient> plain() { return test::RawClient::plain(server->port()); }
  std::unique_ptr<test::RawClient> tls(const std::string& certificate = "agency",
                                       test::RawClient* session_of = nullptr);
  test::RawOptions files_of(const std::string& certificate) const;
  TlsFiles tls_files(const std::string& certificate) const;
  static test::Pki& pki();  // one for all tests of this program: server, agency; tests issue what else they need

  ServerOptions options;
  std::unique_ptr<Server> server;
};

// Counts down; wait() returns at zero.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}
  void arrive() {
    const std::lock_guard lock(mutex_);
    if (--count_ <= 0) changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_;
};

}  // namespace chuanyu::transport
