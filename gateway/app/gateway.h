// gateway/app/gateway.h: the running gateway: the one place that wires the rooms together.
//
// Threads: start(), reload(), drain() and the destructor on one control thread. Failure: start() reports every problem
// of the files it is given; reload() leaves in force what was there, part by part, and says what it refused.
#pragma once

#include <chrono>
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
  // `look`: called on any thread while a shard is being closed, whenever complete() may have become true.
  static std::variant<std::unique_ptr<Gateway>, std::vector<Error>> start(const config::Config& config,
                                                                          const std::string& who,
                                                                          std::function<void()> look = {});
  ~Gateway();

  std::uint16_t port() const;
  std::uint16_t admin_port() const;
  // Certificates, CRL, directory, policy and mappings anew (SIGHUP).
  // `who` asked for it goes into the log.
  std::vector<Error> reload(const std::string& who);
  // The log's shard gets its last entry; from then on commands are refused with LOCAL_SHARD_CLOSED until the checkpoint
  // stands and the gateway was started anew, which opens the next one.
  Status close_shard(const std::string& who);
  bool shard_complete() const;  // closed, signed and witnessed
  // Closes the shard when its quarter is over (log.shard) and no witness is missed. How long until it wants to look
  // again.
  std::chrono::seconds keep_shards(const std::string& who);
  // Takes nothing new, answers what was received, delivers nothing more, closes the log (SIGTERM).
  void drain();

  // Erases contents that are older than the configuration wants them kept: for --retention, no socket is opened. `who`
  // approves. No gateway may be running on the data folder (LOCAL_IN_USE); a log that its witnesses have seen longer
  // takes nothing (LOCAL_LOG_BEHIND). CONFIG_VALUE when everything is to be kept.
  static std::variant<exchange::RetentionReport, std::vector<Error>> retain(const config::Config& config,
                                                                            const std::string& who, bool dry_run);

 private:
  struct Impl;
  friend Result<std::string> recover(const config::Config&, const struct RecoveryOrder&, const std::string&);
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

// The log's shard gets its last entry and is signed: for --close-shard. Its origin. The next start has it witnessed and
// opens the next one. No gateway may be running on the data folder (LOCAL_IN_USE).
Result<std::string> close_shard(const config::Config& config, const std::string& who);

// Goes on after a restored backup: for --recover. Asks the witnesses first: CONFIG_VALUE when neither they nor the note
// show that the log was longer, or another. The origin of the new shard.
struct RecoveryOrder {
  std::string approver;
  std::string reason;
  std::string witness_note;  // file: the checkpoint of this log that a witness keeps; empty: none
};
Result<std::string> recover(const config::Config& config, const RecoveryOrder& order, const std::string& who);

// Wraps every payload key anew under another key-encryption key: for --rotate-kek. How many there were. No gateway may
// be running on the data folder (LOCAL_IN_USE).
Result<std::uint64_t> rotate_kek(const config::Config& config, const std::string& new_kek,
                                 const std::function<void(std::uint64_t done, std::uint64_t all)>& progress);

}  // namespace chuanyu::app
