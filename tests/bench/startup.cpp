// tests/bench/startup: from exec to the ready line, after kill -9 with many entries in the log, beside an empty log.
//
// The log is filled by an import and the gateway killed as soon as that is answered. Every later start ends in kill -9
// too, so that each goes through recovery.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include "tests/bench/support/load.h"
#include "tests/bench/support/records.h"
#include "tests/bench/support/server.h"
#include "tests/bench/support/upload.h"

namespace chuanyu::bench {
namespace {

double start_seconds(const Workplace& place, const std::string& data) {
  const auto command = place.gateway("sc", data);
  const auto start = std::chrono::steady_clock::now();
  Process gateway(command, {}, place.folder() + "/log");
  ready_port(gateway);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  gateway.end(SIGKILL);
  return seconds;
}

int run(const Arguments& arguments) {
  const std::uint64_t count = arguments.full ? 1'000'000 : arguments.records > 0 ? arguments.records : 200'000;
  const Workplace place(arguments.programs, arguments.folder);
  const Records records = Records::of("sc.credit.v1");
  {
    Process gateway(place.gateway("sc", "long"), {}, place.folder() + "/log");
    const Target target = place.target("sc", records.agency(), ready_port(gateway));
    upload(target, records, 0, count, [] {});
    gateway.end(SIGKILL);
  }
  start_seconds(place, "short");  // makes the empty log
  std::vector<double> after, empty, ratios;
  for (int round = 0; round < arguments.rounds; ++round) {
    empty.push_back(start_seconds(place, "short"));
    after.push_back(start_seconds(place, "long"));
    ratios.push_back(after.back() / empty.back());
    if (!arguments.json) {
      std::printf("empty log %.3f s, %llu entries %.3f s\n", empty.back(), static_cast<unsigned long long>(count),
                  after.back());
    }
  }
  std::printf(
      "{\"startup_seconds_after_kill9\":%.3f,\"startup_seconds_empty\":%.3f,\"startup_vs_empty\":%.2f,"
      "\"startup_seconds_first_after_kill9\":%.3f,\"entries\":%llu}\n",
      median(after), median(empty), median(ratios), after.front(), static_cast<unsigned long long>(count));
  return 0;
}

}  // namespace
}  // namespace chuanyu::bench

int main(int argc, char** argv) {
  using namespace chuanyu::bench;
  return run(
      read_arguments(argc, argv,
                     "startup [--json] [--records N | --full] [--rounds N] [--programs DIR] [--dir DIR]\n"
                     "time to the ready line after kill -9 with N entries (200,000; --full a million) in the log"));
}
