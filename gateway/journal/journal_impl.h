// Private to gateway/journal: what a Journal is made of. journal.cpp is the way in, journal_read.cpp the way out.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/metrics.h"
#include "gateway/journal/disk_watch.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/log_store.h"
#include "gateway/journal/scrubber.h"
#include "gateway/journal/shards.h"
#include "gateway/journal/signer.h"
#include "gateway/journal/sm3_signer.h"
#include "gateway/journal/state_store.h"
#include "gateway/journal/vault.h"

namespace chuanyu::journal {

struct JournalMetrics {
  metrics::Counter entries = metrics::counter("chuanyu_log_entries_total", "Entries made durable");
  metrics::Histogram group =
      metrics::histogram("chuanyu_log_group_entries", "Entries a commit", {1, 2, 4, 8, 16, 32, 64, 128, 256, 512});
  metrics::Histogram commit = metrics::histogram("chuanyu_log_commit_seconds", "Commit of the log, flushes included",
                                                 {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1});
  metrics::Gauge queue = metrics::gauge("chuanyu_log_queue_commands", "Commands that wait for the writer");
  metrics::Gauge size = metrics::gauge("chuanyu_log_size_entries", "Length of the log");
  metrics::Gauge bytes = metrics::gauge("chuanyu_log_used_bytes", "Size of the log's file");
  metrics::Gauge sm3_size = metrics::gauge("chuanyu_log_sm3_entries", "Entries in the SM3 tree (SM profile only)");
  metrics::Gauge unsigned_entries =
      metrics::gauge("chuanyu_log_unsigned_entries", "Entries beyond the last checkpoint");
  metrics::Gauge healthy =
      metrics::gauge("chuanyu_log_healthy", "1 while the log commits and its signer has found nothing wrong");
  metrics::Gauge reader_lag =
      metrics::gauge("chuanyu_log_reader_lag_transactions", "Commits since the log's oldest open reader began");
  metrics::Counter refused =
      metrics::counter("chuanyu_log_refused_commands_total", "Commands refused: queue, disk or stop");
};

struct Prepared::Impl {
  Sealed sealed;
};

// Of one checkpoint, as witnesses gave them.
struct Cosignatures {
  std::uint64_t size = 0;
  std::vector<ledger::NoteSignature> lines;
};

// What the writer does in one go.
struct Group {
  std::vector<Command> commands;
  std::vector<Outcome> outcomes;
  std::optional<SignedNote> note;
  std::vector<Cosignatures> cosignatures;
  std::optional<Sm3Progress> sm3;
  bool settle = false;  // a reader waits for the state

  bool writes() const { return !commands.empty() || signs(); }
  bool signs() const { return note || sm3 || !cosignatures.empty(); }
  bool empty() const { return !writes() && !settle; }
};

struct Journal::Impl {
  Impl(Options given, Projection& made) : options(std::move(given)), projection(made) {}

  Options options;
  Projection& projection;
  SystemClock system_clock;
  JournalMetrics metrics;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Command> queue;
  std::optional<SignedNote> note;          // signed, waits to be stored
  std::vector<Cosignatures> cosignatures;  // wait to be stored
  std::optional<Sm3Progress> sm3;          // waits to be stored
  std::optional<Hold> held;                // why nothing new is taken
  bool draining = false;
  std::atomic<bool> closed{false};  // the newest shard has its last entry, durable
  bool closing = false;             // the writer's: it has appended it
  bool state_wanted = false;
  std::atomic<bool> failed{false};

  std::condition_variable state_settled;
  std::atomic<std::uint64_t> answered{
      0};                                 // entries of the newest shard whose commands were answered, or are just being
  std::atomic<std::uint64_t> settled{0};  // entries in the committed state
  std::atomic<bool> state_read{false};    // since the last group

  mutable std::mutex published_mutex;
  std::string published;  // the newest stored checkpoint
  std::atomic<std::uint64_t> published_size{0};

  std::unique_ptr<Shards> shards;
  LogStore* log = nullptr;  // the newest shard
  std::uint64_t base = 0;   // its first entry's number
  std::unique_ptr<Vault> vault;
  std::unique_ptr<StateStore> state;
  std::unique_ptr<Signer> signer;
  std::unique_ptr<Sm3Signer> sm3_signer;  // SM profile only
  std::unique_ptr<DiskWatch> disk;
  std::unique_ptr<Scrubber> scrubber;
  std::thread writer;
  std::once_flag stopped;

  Status open_shards();
  Result<const Shard*> shard_of(const Origin& origin) const;
  std::uint64_t signed_in(const Shard& shard) const;
  Result<const LogStore*> covering(const Origin& origin, const ledger::TilePath& wanted) const;
  Result<bool> complete() const;
  Status start_signers();
  Sealed seal(Draft draft) const;
  std::optional<Error> refusal(const std::vector<Command>& commands) const;
  std::optional<Error> refuses_all() const;
  std::optional<Error> refuses_new() const;
  void refuse_writer_thread(const char* what) const;
  void await_state();
  bool take_group(Group& group);
  void run();
  Status commit_group(Group& group);
  Status commit_log(Group& group, std::uint64_t appended);
  Status settle_state();
  void answer(const Group& group);
  bool decide(Command& command, Outcome& outcome);
  void append(const Sealed& sealed, Outcome& outcome);
  void fail(const Error& cause, Group& group);
  void store_last_notes();
  void publish(const SignedNote& stored);
  void stop();
};

}  // namespace chuanyu::journal
