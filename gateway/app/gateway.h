// gateway/app/gateway.h: the running gateway: the one place that wires the rooms together.
//
// Threads: start(), reload(), drain() and the destructor on one control thread. Failure: start() reports every problem
// of the files it is given; reload() leaves in force what was there, part by part, and says what it refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/config/config.h"
#include "gateway/exchange/retention.h"

namespace chuanyu::app {

class Gateway {
 public:
  static std::variant<std::unique_ptr<Gateway>, std::vector<Error>> start(const config::Config& config,
                                                                          const std::string& who);
  ~Gateway();

  std::uint16_t port() const;
  std::uint16_t admin_port() const;
  // Certificates, CRL, directory, policy and mappings anew (SIGHUP).
  // `who` asked for it goes into the log.
  std::vector<Error> reload(const std::string& who);
  // Takes nothing new, answers what was received, delivers nothing more, closes the log (SIGTERM).
  void drain();

  // Erases contents that are older than the configuration wants them kept: for --retention, no socket is opened. `who`
  // approves. No gateway may be running on the data folder (LOCAL_IN_USE); a log that its witnesses have seen longer
  // takes nothing (LOCAL_LOG_BEHIND). CONFIG_VALUE when everything is to be kept.
  static std::variant<exchange::RetentionReport, std::vector<Error>> retain(const config::Config& config,
                                                                            const std::string& who, bool dry_run);

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads everything that start() would read and opens nothing: for --check-config.
std::vector<Error> check(const config::Config& config);

// What a rebuilt state is: for --rebuild-state. No gateway may be running on the data folder (LOCAL_IN_USE).
struct Rebuilt {
  std::uint64_t entries = 0;
  std::string digest;  // hex; equal states, equal digests
};
Result<Rebuilt> rebuild_state(const config::Config& config);

// Wraps every payload key anew under another key-encryption key: for --rotate-kek. How many there were. No gateway may
// be running on the data folder (LOCAL_IN_USE).
Result<std::uint64_t> rotate_kek(const config::Config& config, const std::string& new_kek,
                                 const std::function<void(std::uint64_t done, std::uint64_t all)>& progress);

}  // namespace chuanyu::app
