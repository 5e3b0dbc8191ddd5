// tests/bench/rederive: `chuanyu-audit rederive` beside the mapping engine's own get + create of the same records.
//
//   rederive [--json] [--records N] [--rounds N]
// A log of N pushes (the Sichuan fixtures in turn, each read in sc.* and written in cq.*) is recorded once. Each round
// converts the same records by the adapters alone, then derives the whole log again: versions, key, body, decision,
// both conversions, comparison. rederive_vs_mapping is by the clock (rederive reads ahead on a second thread),
// rederive_cpu_vs_mapping by processor time of both threads; medians over the rounds.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "gateway/audit/rederive.h"
#include "tests/support/recorded_log.h"

namespace {

using namespace chuanyu;
using testing::RecordedLog;

struct Took {
  double clock = 0;
  double cpu = 0;  // of the process

  static Took now() {
    const auto seconds = [](clockid_t id) {
      timespec time{};
      clock_gettime(id, &time);
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    return {seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
  }
  Took since(const Took& start) const { return {clock - start.clock, cpu - start.cpu}; }
};

struct Pair {
  std::shared_ptr<const adapters::Adapter> in, out;
};

Pair adapters_of(adapters::Kind kind) {
  const std::string what(adapters::to_string(kind));
  return {RecordedLog::mappings().find("sc." + what + ".v1"), RecordedLog::mappings().find("cq." + what + ".v1")};
}

Took convert(const std::vector<RecordedLog::Push>& records, std::size_t count) {
  const Took start = Took::now();
  for (std::size_t i = 0; i < count; ++i) {
    const RecordedLog::Push& push = records[i % records.size()];
    const Pair pair = adapters_of(push.kind);
    const auto canonical = pair.in->get(push.native);
    if (!canonical.ok() || !pair.out->create(canonical->bytes).ok()) std::abort();
  }
  return Took::now().since(start);
}

Took derive(const std::string& folder, const std::string& kek, std::size_t count) {
  const auto log = audit::LogReader::open(folder).value();
  const auto bodies = audit::BodyOpener::open(*log, kek).value();
  const Took start = Took::now();
  const audit::RederiveReport report = audit::rederive(*log, &bodies, {});
  const Took took = Took::now().since(start);
  if (report.same != count || !report.findings.empty()) std::abort();
  return took;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  std::size_t count = 20'000;
  int rounds = 7;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      as_json = true;
    } else if (std::strcmp(argv[i], "--records") == 0 && i + 1 < argc) {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: rederive [--json] [--records N] [--rounds N]\n");
      return 2;
    }
  }
  std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-rederive-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const std::string data = folder + "/data";
  const auto records = RecordedLog::fixtures();
  std::string kek;
  {
    RecordedLog log(data);
    for (std::size_t i = 0; i < count; ++i) log.push(records[i % records.size()]);
    log.close();
    kek = log.kek_file();
  }
  std::vector<double> ratios, cpu_ratios;
  double engine = 0;
  double whole = 0;
  for (int i = 0; i < rounds; ++i) {
    const Took alone = convert(records, count);
    const Took again = derive(data, kek, count);
    ratios.push_back(alone.clock / again.clock);
    cpu_ratios.push_back(alone.cpu / again.cpu);
    engine += alone.clock;
    whole += again.clock;
  }
  std::filesystem::remove_all(folder);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double per = 1e6 / static_cast<double>(count) / rounds;
  if (!as_json) std::printf("mapping engine %.2f us a record, rederive %.2f us\n", engine * per, whole * per);
  std::printf(
      "{\"rederive_vs_mapping\":%.2f,\"rederive_cpu_vs_mapping\":%.2f,\"mapping_us\":%.2f,\"rederive_us\":%.2f,"
      "\"records\":%zu,\"max_rss_mib\":%ld}\n",
      median(ratios), median(cpu_ratios), engine * per, whole * per, count, usage.ru_maxrss / 1024);
  return 0;
}
