// gateway/federation/witnessing.h: has this gateway's log witnessed, and writes down what it witnessed itself (见证).
//
// Every round takes the newest checkpoint and asks each witness of the policy to cosign it (C2SP add-checkpoint). When
// the cosignatures are a quorum, everything up to that size is *witnessed*. Without a quorum for the whole of the grace
// period, new exchanges are refused; a log that is shorter than, or different from, what its witnesses have seen (a
// backup that was restored) takes nothing at all until the gateway is started with the right one. A witness that alone
// disputes what a quorum confirms is reported, not believed. What this gateway cosigned for the other province goes
// into its own log: to rewrite one log, two must be forged.
//
// Checkpoints are of the log's newest shard; what is said to the outside counts through all shards, and those before
// the newest count as witnessed: without that it would not have been opened.
//
// Threads: one of its own; everything public on any thread, first_round(), start(), stop() and reload() on the control
// thread. Ownership: borrows desk and book; they outlive it. Failure: none of its own: metrics, log lines, and the
// journal's hold.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/exchange/desk.h"
#include "gateway/ledger/witness_policy.h"
#include "gateway/transport/client.h"
#include "gateway/witness/book.h"

namespace chuanyu::federation {

struct WitnessingOptions {
  ledger::WitnessPolicy policy;
  // For every witness of the policy that has a URL: how to reach it (the URL's path is the submission prefix).
  std::map<std::string, transport::ClientOptions> clients;
  std::chrono::milliseconds every{1'000};  // between rounds, while the log grows
  std::chrono::seconds grace{4 * 3'600};
  std::chrono::seconds entangle{60};  // between entries about what was cosigned for others
};

class Witnessing {
 public:
  Witnessing(exchange::Desk& desk, witness::Book* book, WitnessingOptions options);
  ~Witnessing();  // stop()

  // One round, before anything is taken: finds that a restored log is behind.
  void first_round();
  void start();
  void stop();
  void reload(ledger::WitnessPolicy policy, std::map<std::string, transport::ClientOptions> clients);
  struct WitnessState {
    std::string name;
    std::uint64_t size = 0;  // the longest that it cosigned
    std::string trouble;     // empty: none
    std::uint64_t seen = 0;  // of this shard, when that is more than is here
  };
  struct View {
    bool asked = false;  // the policy asks for a quorum
    std::uint64_t witnessed = 0;
    std::uint64_t since = 0;  // seconds; when that quorum was there
    bool confirmed = false;   // a quorum has answered since the start
    std::string held;         // why nothing new is taken; empty: it is
    std::vector<WitnessState> witnesses;
  };
  View view() const;
  // The entry with its proof under the first checkpoint that a quorum cosigned. CLIENT_NOT_FOUND: not yet.
  Result<ledger::ProvenEntry> prove(std::uint64_t index) const;

 private:
  enum class Verdict : std::uint8_t { cosigned, away, disputed };
  struct Asked {
    const ledger::Witness witness;
    transport::ClientOptions options;
    std::shared_ptr<transport::Client> client;
    std::uint64_t known = 0;  // the size that it has seen
    std::chrono::steady_clock::time_point retry{};
    std::chrono::milliseconds backoff{0};
    std::string trouble;
    std::uint64_t seen = 0;  // what it said when it disputed
  };
  void watch();
  void run();
  void round();
  Verdict ask(Asked& asked, const std::string& note, std::uint64_t size, ledger::Note& cosigned);
  Result<transport::Response> post(Asked& asked, const std::string& note, std::uint64_t size);
  Verdict take(Asked& asked, const transport::Response& answer, ledger::Note& cosigned) const;
  Verdict dispute(Asked& asked, std::string trouble) const;
  void away(Asked& asked, std::string trouble) const;
  void settle(const ledger::Note& cosigned, std::uint64_t size, std::size_t lines_before, const std::string& disputed);
  void judge_time();
  void hold(std::optional<journal::Hold> why);
  void entangle();
  void build(std::map<std::string, transport::ClientOptions> clients);

  exchange::Desk& desk_;
  witness::Book* const book_;
  WitnessingOptions options_;
  std::vector<Asked> asked_;
  std::map<std::string, std::uint64_t> entangled_;  // origin -> size in our log
  std::chrono::steady_clock::time_point entangle_at_;
  std::uint64_t tried_ = 0;  // the newest size that a round was about

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool changed_ = true;
  bool stopping_ = false;
  std::optional<WitnessingOptions> next_;
  std::shared_ptr<transport::Client> calling_;
  View view_;
  // When there was last nothing to wait for: a clock that is set while the gateway runs makes nobody late.
  std::chrono::steady_clock::time_point pending_since_;
  std::optional<journal::Hold> held_;
  std::thread thread_;
};

}  // namespace chuanyu::federation
