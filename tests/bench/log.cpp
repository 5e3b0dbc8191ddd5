// tests/bench/log: appends of 64 callers beside a bare LMDB loop, and the auditor's verify beside SHA-256.
//
// In each round, one after another on the same disk: the median of a plain fdatasync, 64 callers that each wait for
// their acknowledgement (as the gateway's requests do: as many workers as cores, answers in a callback), and LMDB alone
// with entries of the same length in groups of the size that those callers formed (append_vs_raw_lmdb,
// ack_p99_in_flushes). Then a log of N entries is verified, and its file hashed as sha256sum does it (verify_vs_sha256:
// processor time for a byte of an entry; both are one thread). Memory is what the process has of its own while it
// verifies; mapped pages are the kernel's.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/audit/verify.h"
#include "gateway/base/log.h"
#include "gateway/crypto/digest.h"
#include "gateway/journal/journal.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/layout.h"
#include "tests/bench/support/server.h"

namespace chuanyu::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned kCallers = 64;
constexpr std::size_t kBodyBytes = 1500;
constexpr std::size_t kFlushes = 200;
constexpr std::size_t kGroup = 512;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Of this thread: what others do on the core meanwhile does not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// One small row an entry: what a lean projection costs.
class Lean final : public journal::Projection {
 public:
  std::vector<std::string> tables() const override { return {"last"}; }
  std::uint32_t version() const override { return 1; }
  void open(const storage::Environment& state) override { last_ = state.table("last"); }
  void apply(storage::WriteTxn& state, const journal::Applied& applied) override {
    Bytes key;
    append_u64(key, applied.index);
    state.append(last_, key, applied.entry.exchange.bytes());
  }

 private:
  storage::Table last_;
};

struct Log {
  explicit Log(std::string where) : folder(std::move(where)) {}

  std::string folder;
  std::shared_ptr<const crypto::SigningKey> key =
      std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  std::atomic<std::uint64_t> groups{0};
  Lean projection;

  // `after_answers` is called by the writer after it has answered a group.
  std::unique_ptr<journal::Journal> open(std::function<void()> after_answers = {}) {
    journal::Options options;
    options.folder = folder;
    options.origin = "chuanyu/bench/1";
    options.gateway = "sc";
    options.key_encryption_key = Secret(std::string(32, 'K'));
    options.log_key = key;
    options.around_answers = [this, after_answers = std::move(after_answers)](const std::function<void()>& all) {
      ++groups;
      all();
      if (after_answers) after_answers();
    };
    auto opened = journal::Journal::open(std::move(options), projection);
    if (!opened.ok()) give_up(opened.error().to_text());
    return *std::move(opened);
  }
};

journal::Draft draft() {
  journal::Draft made;
  made.entry.kind = ledger::EntryKind::published;
  made.entry.exchange = Uuid::make(SystemClock().now());
  made.entry.from = "11510000008282717J";
  made.entry.what = "case";
  made.entry.rule = "own-record";
  made.entry.allowed = true;
  made.body.assign(kBodyBytes, 'b');
  return made;
}

double flush_seconds(const std::string& folder) {
  const std::string path = folder + "/flush";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string page(4096, 'p');
  std::vector<double> times;
  for (std::size_t i = 0; i < kFlushes; ++i) {
    if (::pwrite(file, page.data(), page.size(), static_cast<off_t>(i * page.size())) < 0) give_up("pwrite");
    const auto start = Clock::now();
    if (::fdatasync(file) != 0) give_up("fdatasync");
    times.push_back(seconds_since(start));
  }
  ::close(file);
  ::unlink(path.c_str());
  return median(times);
}

struct Appends {
  double rate = 0;
  double p99 = 0;    // seconds from the call to the acknowledgement
  double group = 0;  // entries a commit
  std::size_t entry_bytes = 0;
};

// 64 callers that each call again as soon as they are answered. A caller is a request: it waits for a worker, which
// prepares the entry, and is answered by the writer's callback.
class Callers {
 public:
  explicit Callers(Log& log) : journal_(log.open(kept_together())), asked_(kCallers, Clock::now()) {
    for (unsigned caller = 0; caller < kCallers; ++caller) ready_.push_back(caller);
  }

  void run(double seconds) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(2U, std::thread::hardware_concurrency()); ++i) {
      workers.emplace_back([this, end] {
        while (const auto caller = next(end)) ask(*caller);
      });
    }
    for (std::thread& worker : workers) worker.join();
    journal_->stop();  // those that are asked still are answered
  }

  const journal::Journal& journal() const { return *journal_; }
  const std::vector<double>& seconds() const { return taken_; }  // from the call to the acknowledgement

 private:
  // The callers of a group become ready at once.
  std::function<void()> kept_together() {
    return [this] {
      {
        const std::lock_guard guard(mutex_);
        ready_.insert(ready_.end(), answered_.begin(), answered_.end());
      }
      answered_.clear();
      changed_.notify_all();
    };
  }

  // Nobody when the time is up.
  std::optional<unsigned> next(Clock::time_point end) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty(); });
    if (Clock::now() >= end) return std::nullopt;
    const unsigned caller = ready_.front();
    ready_.pop_front();
    return caller;
  }

  void ask(unsigned caller) {
    journal_->submit({journal_->prepare(draft()), {}, [this, caller](const journal::Outcome& outcome) {
                        if (!outcome.status.ok()) give_up("an append was refused");
                        const auto now = Clock::now();
                        taken_.push_back(std::chrono::duration<double>(now - asked_[caller]).count());
                        asked_[caller] = now;
                        answered_.push_back(caller);
                      }});
  }

  std::unique_ptr<journal::Journal> journal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<unsigned> ready_;
  // The writer's own.
  std::vector<Clock::time_point> asked_;
  std::vector<unsigned> answered_;
  std::vector<double> taken_;
};

Appends append_all(Log& log, double seconds) {
  const std::uint64_t groups_before = log.groups;
  Callers callers(log);
  const auto start = Clock::now();
  callers.run(seconds);
  const double took = seconds_since(start);
  std::vector<double> all = callers.seconds();
  std::sort(all.begin(), all.end());
  Appends found;
  found.rate = static_cast<double>(all.size()) / took;
  found.p99 = all[all.size() * 99 / 100];
  found.group = static_cast<double>(all.size()) / static_cast<double>(log.groups - groups_before);
  found.entry_bytes = ledger::encode(callers.journal().read(0)->entry).size();
  return found;
}

double raw_rate(const std::string& folder, const Appends& like, double seconds) {
  storage::Options options;
  options.folder = folder;
  options.tables = {"entry"};
  auto environment = storage::Environment::open(options);
  if (!environment.ok()) give_up(environment.error().to_text());
  const storage::Table table = (*environment)->table("entry");
  const Bytes entry(like.entry_bytes, 'e');
  const auto group = static_cast<std::uint64_t>(like.group + 0.5);
  std::uint64_t next = 0;
  const auto start = Clock::now();
  while (seconds_since(start) < seconds) {
    auto txn = (*environment)->write();
    if (!txn.ok()) give_up(txn.error().to_text());
    for (std::uint64_t i = 0; i < group; ++i) txn->append(table, ledger::layout::number_key(next++), entry);
    if (const Status status = txn->commit(); !status.ok()) give_up(status.error().to_text());
  }
  return static_cast<double>(next) / seconds_since(start);
}

void fill(Log& log, std::uint64_t entries) {
  const auto journal = log.open();
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t in_flight = 0;
  for (std::uint64_t sent = 0; sent < entries;) {
    std::vector<journal::Command> commands;
    for (; commands.size() < kGroup && sent < entries; ++sent) {
      commands.push_back({journal->prepare(draft()), {}, [&](const journal::Outcome&) {
                            const std::lock_guard guard(mutex);
                            --in_flight;
                            changed.notify_one();
                          }});
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return in_flight <= 2 * kGroup; });
    in_flight += commands.size();
    lock.unlock();
    journal->submit(std::move(commands));
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return in_flight == 0; });
}

double own_mib() {
  double kib = 0;
  if (std::FILE* status = std::fopen("/proc/self/status", "re")) {
    char line[128];
    while (std::fgets(line, sizeof line, status) != nullptr) std::sscanf(line, "RssAnon: %lf kB", &kib);
    std::fclose(status);
  }
  return kib / 1024;
}

// The auditor's own program on the log: its processor time.
double verify_cpu_seconds(const std::string& programs, const Log& log) {
  std::string program = programs + "/chuanyu-audit";
  std::string verb = "verify", folder = log.folder, option = "--key", json = "--json";
  std::string key = ledger::to_vkey("chuanyu/bench/1", log.key->verify_key());
  char* const words[] = {program.data(), verb.data(), folder.data(), option.data(), key.data(), json.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), &actions, nullptr, words, environ) != 0) give_up(program);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  if (status != 0) give_up("chuanyu-audit verify");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// How much memory of its own this process takes at most for a pass.
double verify_growth_mib(const Log& log) {
  double grown = 0;
  const double before = own_mib();
  auto reader = audit::LogReader::open(log.folder);
  if (!reader.ok()) give_up(reader.error().to_text());
  const audit::LogReport report =
      audit::verify(**reader, log.key->verify_key(), [&](std::uint64_t done, std::uint64_t) {
        if (done % (std::uint64_t{1} << 16) == 0) grown = std::max(grown, own_mib() - before);
      });
  if (!report.findings.empty()) give_up(report.findings.listed.front().to_text());
  return grown;
}

// SHA-256 of the log's own file, as sha256sum would: processor time for as many bytes as the entries have.
double hash_cpu_seconds(const Log& log, std::uint64_t bytes) {
  const int file = ::open((log.folder + "/log/data.mdb").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) give_up("the log's file");
  Bytes piece(std::size_t{1} << 20, '\0');
  std::uint64_t hashed = 0;
  const double before = cpu_seconds();
  for (ssize_t got = 0; (got = ::read(file, piece.data(), piece.size())) > 0;) {
    const BytesView part = BytesView(piece).substr(0, static_cast<std::size_t>(got));
    if (crypto::sha256(part) == crypto::Digest{}) give_up("SHA-256");
    hashed += part.size();
  }
  const double took = cpu_seconds() - before;
  ::close(file);
  return took * static_cast<double>(bytes) / static_cast<double>(hashed);
}

int run(const Arguments& arguments) {
  log::set_level("error");
  const std::string folder = arguments.folder + "/chuanyu-bench-log-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  std::vector<double> rates, raws, ratios, acks, flushes, groups;
  std::size_t entry_bytes = 0;
  for (int round = 0; round < arguments.rounds; ++round) {
    Log log(folder + "/append");
    flushes.push_back(flush_seconds(folder));
    const Appends appends = append_all(log, arguments.seconds);
    entry_bytes = appends.entry_bytes;
    rates.push_back(appends.rate);
    groups.push_back(appends.group);
    raws.push_back(raw_rate(folder + "/raw", appends, arguments.seconds));
    ratios.push_back(rates.back() / raws.back());
    acks.push_back(appends.p99 / flushes.back());
    if (!arguments.json) {
      std::printf("append %.0f/s in groups of %.1f, LMDB alone %.0f/s; p99 %.2f ms, a flush %.2f ms\n", rates.back(),
                  groups.back(), raws.back(), appends.p99 * 1000, flushes.back() * 1000);
    }
    std::filesystem::remove_all(folder + "/append");
    std::filesystem::remove_all(folder + "/raw");
  }

  const std::uint64_t entries = arguments.full ? 10'000'000 : arguments.records > 0 ? arguments.records : 200'000;
  Log log(folder + "/verify");
  fill(log, entries);
  std::vector<double> verifies;
  for (int round = 0; round < arguments.rounds; ++round) {
    const double verified = verify_cpu_seconds(arguments.programs, log);
    verifies.push_back(hash_cpu_seconds(log, entries * entry_bytes) / verified);
    if (!arguments.json) {
      std::printf("verify %.2f us an entry, %.2f of SHA-256\n", verified / static_cast<double>(entries) * 1e6,
                  verifies.back());
    }
  }
  const double grown = verify_growth_mib(log);
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"append_vs_raw_lmdb\":%.2f,\"ack_p99_in_flushes\":%.1f,\"verify_vs_sha256\":%.2f,\"verify_rss_growth_mib\":%."
      "1f,"
      "\"appends_per_second\":%.0f,\"raw_lmdb_per_second\":%.0f,\"group_entries\":%.1f,\"flush_ms\":%.3f,"
      "\"entry_bytes\":%zu,\"verified_entries\":%llu}\n",
      median(ratios), median(acks), median(verifies), grown, median(rates), median(raws), median(groups),
      median(flushes) * 1000, entry_bytes, static_cast<unsigned long long>(entries));
  return 0;
}

}  // namespace
}  // namespace chuanyu::bench

int main(int argc, char** argv) {
  using namespace chuanyu::bench;
  return run(
      read_arguments(argc, argv,
                     "log [--json] [--records N | --full] [--seconds S] [--rounds N] [--programs DIR] [--dir DIR]\n"
                     "64 callers append for S seconds beside LMDB alone; a log of N entries (200,000; --full ten\n"
                     "million, 20 GB) is verified beside SHA-256 of as many bytes"));
}
