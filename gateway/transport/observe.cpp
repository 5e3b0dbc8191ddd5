#include "gateway/transport/observe.h"

#include <algorithm>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"

namespace chuanyu::transport {

Observe::Observe()
    : connections(metrics::gauge("chuanyu_connections", "Open connections")),
      bytes_in(metrics::counter("chuanyu_http_bytes_total", "Bytes of HTTP", {{"direction", "in"}})),
      bytes_out(metrics::counter("chuanyu_http_bytes_total", "Bytes of HTTP", {{"direction", "out"}})),
      seconds_(metrics::histogram(
          "chuanyu_http_request_seconds", "From the first byte of a request to the last of its answer",
          {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30})) {
  for (std::size_t i = 1; i < answers_.size(); ++i) {
    answers_[i] = metrics::counter("chuanyu_http_requests_total", "Requests answered, by class of status",
                                   {{"status", std::to_string(i) + "xx"}});
  }
  answers_[0] = answers_[5];
}

void Observe::tls_refused(Code code, const std::string& remote, const std::string& detail) {
  metrics::counter("chuanyu_tls_refused_total", "Connections refused in the TLS handshake",
                   {{"code", std::string(to_string(code))}})
      .add();
  if (may_log()) log::warn("tls.refused", {{"code", to_string(code)}, {"remote", remote}, {"detail", detail}});
}

void Observe::request_refused(Code code, const std::string& remote) {
  metrics::counter("chuanyu_http_refused_total", "Requests refused before a handler",
                   {{"code", std::string(to_string(code))}})
      .add();
  if (may_log()) log::warn("http.refused", {{"code", to_string(code)}, {"remote", remote}});
}

void Observe::connection_refused(const char* reason, const std::string& remote) {
  metrics::counter("chuanyu_connections_refused_total", "Connections closed at accept", {{"reason", reason}}).add();
  if (may_log())
    log::warn("connection.refused", {{"code", "LOCAL_OVERLOADED"}, {"reason", reason}, {"remote", remote}});
}

void Observe::connection_ended(const char* reason) {
  metrics::counter("chuanyu_connections_ended_total", "Connections ended by a limit", {{"reason", reason}}).add();
}

void Observe::answered(int status, double seconds) {
  answers_[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))].add();
  seconds_.observe(seconds);
}

bool Observe::may_log() {
  const std::int64_t second = SystemClock{}.now() / 1'000'000;
  int left_out = 0;
  bool may = true;
  {
    const std::lock_guard lock(mutex_);
    if (second != second_) {
      second_ = second;
      lines_ = 0;
      left_out = std::exchange(left_out_, 0);
    }
    may = ++lines_ <= kLinesPerSecond;
    if (!may) ++left_out_;
  }
  if (left_out > 0) log::warn("transport.refusals_left_out", {{"count", left_out}});
  return may;
}

}  // namespace chuanyu::transport
