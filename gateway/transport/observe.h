// gateway/transport/observe.h: what the transport counts and logs. Private to the room.
//
// Refusals are logged one line each, up to kLinesPerSecond; beyond, only counted, and one line says how many were left
// out, so that a flood of bad clients fills no disk. Threads: any.
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "gateway/base/error.h"
#include "gateway/base/metrics.h"

namespace chuanyu::transport {

class Observe {
 public:
  Observe();

  void tls_refused(Code code, const std::string& remote, const std::string& detail);
  void request_refused(Code code, const std::string& remote);
  void connection_refused(const char* reason, const std::string& remote);  // limit | address | descriptors
  void connection_ended(const char* reason);                               // why we ended it: idle | write_timeout
  void answered(int status, double seconds);

  metrics::Gauge connections;
  metrics::Counter bytes_in;
  metrics::Counter bytes_out;

 private:
  static constexpr int kLinesPerSecond = 50;
  bool may_log();

  std::array<metrics::Counter, 6> answers_;  // by the first digit of the status
  metrics::Histogram seconds_;
  std::mutex mutex_;
  std::int64_t second_ = 0;
  int lines_ = 0;
  int left_out_ = 0;
};

}  // namespace chuanyu::transport
