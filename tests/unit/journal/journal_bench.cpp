// journal_bench DIR ENTRIES [THREADS=2] [BATCH=64] [BODY=1500]: fills a journal and ends as if killed; again with
// ENTRIES 0 it says how long opening takes. Prints one JSON object.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "gateway/journal/journal.h"

namespace {

using namespace chuanyu;
using Steady = std::chrono::steady_clock;

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

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

// Submits in batches, with at most a few in flight, and waits for the last.
void fill(journal::Journal& journal, std::size_t entries, std::size_t batch, std::size_t body_bytes) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t in_flight = 0;
  const SystemClock clock;
  const auto wait_below = [&](std::size_t limit) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return in_flight < limit; });
  };
  for (std::size_t sent = 0; sent < entries;) {
    wait_below(1024);
    std::vector<journal::Command> commands;
    for (; commands.size() < batch && sent < entries; ++sent) {
      journal::Draft draft;
      draft.entry.kind = ledger::EntryKind::published;
      draft.entry.exchange = Uuid::make(clock.now());
      draft.entry.from = "11510000008282717J";
      draft.entry.what = "case";
      draft.entry.rule = "own-record";
      draft.entry.allowed = true;
      draft.body.assign(body_bytes, 'b');
      commands.push_back({journal.prepare(std::move(draft)), {}, [&](const journal::Outcome&) {
                            const std::lock_guard guard(mutex);
                            --in_flight;
                            changed.notify_one();
                          }});
    }
    {
      const std::lock_guard guard(mutex);
      in_flight += commands.size();
    }
    journal.submit(std::move(commands));
  }
  wait_below(1);
}

// Processor seconds, by thread name.
std::map<std::string, std::pair<double, double>> cpu_by_thread() {
  std::map<std::string, std::pair<double, double>> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream stat(task.path() / "stat");
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos) continue;
    std::istringstream rest(text.substr(close + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) rest >> skipped;
    double user = 0, system = 0;
    rest >> user >> system;
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    auto& [u, s] = found[text.substr(open + 1, close - open - 1)];
    u += user / ticks;
    s += system / ticks;
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "journal_bench DIR ENTRIES [THREADS=2] [BATCH=64] [BODY=1500]\n");
    return 2;
  }
  const auto number = [&](int place, std::size_t otherwise) {
    return argc > place ? std::strtoull(argv[place], nullptr, 10) : otherwise;
  };
  const std::string folder = argv[1];
  const std::size_t entries = number(2, 0);
  const std::size_t threads = number(3, 2);
  const std::size_t batch = number(4, 64);
  const std::size_t body = number(5, 1500);

  const std::string key_file = folder + ".key";
  auto key = crypto::SigningKey::from_pem_file(key_file);
  if (!key.ok()) {
    key = crypto::SigningKey::generate();
    if (const Status written = key->write_pem_file(key_file); !written.ok()) return 1;
  }
  Lean projection;
  journal::Options options;
  options.folder = folder;
  options.origin = "chuanyu/bench/1";
  options.gateway = "sc";
  options.key_encryption_key = Secret(std::string(32, 'K'));
  options.log_key = std::make_shared<const crypto::SigningKey>(*key);

  const auto open_start = Steady::now();
  auto journal = journal::Journal::open(std::move(options), projection);
  const double opened = seconds_since(open_start);
  if (!journal.ok()) {
    std::fprintf(stderr, "%s\n", journal.error().to_text().c_str());
    return 1;
  }
  const std::uint64_t before = (*journal)->size();
  const auto start = Steady::now();
  std::vector<std::thread> fillers;
  for (std::size_t t = 0; t < threads; ++t) {
    fillers.emplace_back([&] { fill(**journal, entries / threads, batch, body); });
  }
  for (std::thread& filler : fillers) filler.join();
  const double filled = seconds_since(start);
  for (const auto& [name, seconds] : cpu_by_thread()) {
    if (entries > 0)
      std::fprintf(stderr, "%-14s user %.2f s  system %.2f s\n", name.c_str(), seconds.first, seconds.second);
  }
  std::printf("{\"entries_before\":%llu,\"open_seconds\":%.4f,\"appended\":%llu,\"appends_per_second\":%.0f}\n",
              static_cast<unsigned long long>(before), opened,
              static_cast<unsigned long long>((*journal)->size() - before),
              entries == 0 ? 0.0 : static_cast<double>((*journal)->size() - before) / filled);
  std::fflush(stdout);
  _exit(0);  // as kill -9 would: nothing is closed
}
