// tests/bench/plugin: what the worker process costs: get_many() of 64 records through the example plug-in, in a worker
// and in process, in turns, in the same run.
//
//   plugin [--json] [--seconds S]
// Wall clock, because the work is in two processes; a figure is the best of the rounds, so that other work on the
// machine disturbs it little. worker_vs_in_process is the worker's records a second over those in process, on one core
// for both; ..._spread with a core for each process, where every batch also waits twice for an idle core to wake. The
// last line is one JSON object.
#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace {

using namespace chuanyu;
using nlohmann::json;

constexpr std::size_t kBatch = 64;
constexpr int kCallsPerRound = 50;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The example as it is declared, with the isolation that is wanted.
std::shared_ptr<const adapters::Adapter> load(const std::string& built, const std::string& folder,
                                              const char* isolation) {
  json declaration = json::parse(read_file(built + "/county.case.v1.plugin.json"), nullptr, true, true);
  declaration["isolation"] = isolation;
  std::ofstream(folder + "/allow.json") << json({{"in_process", {declaration["sha256"]}}});
  std::filesystem::create_directories(folder + "/adapters");
  for (const std::string name : {"county_fixed.so", "county_case.gb18030.txt"})
    std::filesystem::copy_file(built + "/" + name, folder + "/adapters/" + name,
                               std::filesystem::copy_options::overwrite_existing);
  std::ofstream(folder + "/adapters/county.case.v1.plugin.json") << declaration;
  auto loaded = adapters::Registry::load(folder + "/adapters", {folder + "/allow.json", CHUANYU_WORKER});
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
    for (const auto& error : *errors) std::fprintf(stderr, "%s\n", error.to_text().c_str());
    std::exit(1);
  }
  return std::get<std::shared_ptr<const adapters::Registry>>(loaded)->find("county.case.v1");
}

// This thread, and the processes it starts from now on, run on these cores only.
void run_on(const cpu_set_t& cores) {
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
    std::perror("sched_setaffinity");
    std::exit(1);
  }
}

cpu_set_t one_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &cores);
  return cores;
}

// Microseconds a record in one round.
double round_of(const adapters::Adapter& adapter, const std::vector<std::string_view>& records) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCallsPerRound; ++i) {
    for (const auto& got : adapter.get_many(records)) {
      if (!got.ok()) std::abort();
    }
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / kCallsPerRound / static_cast<double>(records.size());
}

}  // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  double seconds = 3;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      as_json = true;
    } else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else {
      std::fprintf(stderr, "usage: plugin [--json] [--seconds S]\n");
      return 2;
    }
  }
  std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return 1;
  const cpu_set_t one = one_core();
  const auto in_process = load(CHUANYU_PLUGIN, folder, "in-process");
  const auto spread = load(CHUANYU_PLUGIN, folder, "worker");
  run_on(one);
  const auto worker = load(CHUANYU_PLUGIN, folder, "worker");
  std::filesystem::remove_all(folder);

  const std::string document =
      read_file(CHUANYU_SOURCE_DIR "/adapters/examples/county_fixed/fixtures/county_case.gb18030.txt");
  std::vector<std::string_view> records;
  for (std::size_t line = 0; records.size() < kBatch; line = (line + 677) % document.size()) {
    records.push_back(std::string_view(document).substr(line, 675));
  }
  double best_in_process = 1e9;
  double best_worker = 1e9;
  double best_spread = 1e9;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (int rounds = 0; rounds < 5 || std::chrono::steady_clock::now() < end; ++rounds) {
    best_in_process = std::min(best_in_process, round_of(*in_process, records));
    best_worker = std::min(best_worker, round_of(*worker, records));
    run_on(all);
    best_spread = std::min(best_spread, round_of(*spread, records));
    run_on(one);
  }
  if (!as_json) {
    std::printf(
        "county.case.v1, %zu at once: in process %.2f us, worker %.2f us, on a core of its own %.2f us a record\n",
        records.size(), best_in_process, best_worker, best_spread);
  }
  std::printf(
      "{\"worker_vs_in_process\":%.2f,\"worker_vs_in_process_spread\":%.2f,\"in_process_us\":%.2f,\"worker_us\":%.2f,"
      "\"worker_spread_us\":%.2f}\n",
      best_in_process / best_worker, best_in_process / best_spread, best_in_process, best_worker, best_spread);
  return 0;
}
