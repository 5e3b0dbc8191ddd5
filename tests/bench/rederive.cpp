// tests/bench/rederive: `chuanyu-audit rederive` beside the mapping engine's own get + create of the same records.
//
//   rederive [--json] [--records N] [--rounds N]
// A log of N pushes (the Sichuan fixtures in turn, each read in sc.* and written in cq.*) is recorded once. Each round
// converts the same records by the adapters alone, then derives the whole log again: versions, key, body, decision,
// both conversions, comparison. CPU time of this thread; the ratio is the median over the rounds.
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

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Pair {
  std::shared_ptr<const adapters::Adapter> in, out;
};

Pair adapters_of(adapters::Kind kind) {
  const std::string what(adapters::to_string(kind));
  return {RecordedLog::mappings().find("sc." + what + ".v1"), RecordedLog::mappings().find("cq." + what + ".v1")};
}

double convert(const std::vector<RecordedLog::Push>& records, std::size_t count) {
  const double start = cpu_seconds();
  for (std::size_t i = 0; i < count; ++i) {
    const RecordedLog::Push& push = records[i % records.size()];
    const Pair pair = adapters_of(push.kind);
    const auto canonical = pair.in->get(push.native);
    if (!canonical.ok() || !pair.out->create(canonical->bytes).ok()) std::abort();
  }
  return cpu_seconds() - start;
}

double derive(const std::string& folder, const std::string& kek, std::size_t count) {
  const auto log = audit::LogReader::open(folder).value();
  const auto bodies = audit::BodyOpener::open(*log, kek).value();
  const double start = cpu_seconds();
  const audit::RederiveReport report = audit::rederive(*log, &bodies, {});
  const double seconds = cpu_seconds() - start;
  if (report.same != count || !report.findings.empty()) std::abort();
  return seconds;
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
  std::vector<double> ratios;
  double engine = 0;
  double whole = 0;
  for (int i = 0; i < rounds; ++i) {
    const double alone = convert(records, count);
    const double again = derive(data, kek, count);
    ratios.push_back(alone / again);
    engine += alone;
    whole += again;
  }
  std::filesystem::remove_all(folder);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double per = 1e6 / static_cast<double>(count) / rounds;
  if (!as_json) std::printf("mapping engine %.2f us a record, rederive %.2f us\n", engine * per, whole * per);
  std::printf(
      "{\"rederive_vs_mapping\":%.2f,\"mapping_us\":%.2f,\"rederive_us\":%.2f,\"records\":%zu,\"max_rss_mib\":%ld}\n",
      median(ratios), engine * per, whole * per, count, usage.ru_maxrss / 1024);
  return 0;
}
