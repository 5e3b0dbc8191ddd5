// tests/bench/idle: what 64 busy connections lose when 2,000 idle ones and 200 that send a byte a second are there too.
//
// The gateway has one core, the generator and the crowd another. Rounds alternate alone and beside the crowd; the ratio
// is the median of the rounds' ratios.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "tests/bench/support/load.h"
#include "tests/bench/support/records.h"
#include "tests/bench/support/server.h"

namespace chuanyu::bench {
namespace {

std::uint64_t taken = 0;

LoadReport busy(const Target& target, const Records& records, int core, int seconds) {
  LoadOptions load;
  load.target = target;
  load.cores = {core};
  load.duration = std::chrono::seconds(seconds);
  load.next = [&](unsigned, std::uint64_t number, LoadRequest& request) {
    if (number == 0) {
      request.method = "PUT";
      request.headers = records.headers();
      request.headers.emplace_back("Idempotency-Key", "");
    }
    const std::uint64_t own = ++taken;
    request.target = "/v1/records/case/" + records.id(own);
    request.headers.back().second = "bench-" + std::to_string(own);
    request.body = records.record(own);
  };
  LoadReport report = run_load(load);
  if (!report.error.empty() || report.requests == 0) give_up("no answers: " + report.error);
  return report;
}

int run(const Arguments& arguments) {
  const Workplace place(arguments.programs, arguments.folder);
  const Records records = Records::of("cq.case.v1");
  Process gateway(place.gateway("cq", "cq"), {0}, place.folder() + "/log");
  const Target target = place.target("cq", records.agency(), ready_port(gateway));
  const int core = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1;
  busy(target, records, core, 1);

  std::vector<double> ratios, cpu_ratios, alone_rates, crowd_rates, alone_p99, crowd_p99, kib;
  std::uint64_t failures = 0, reopened = 0;
  unsigned connected = 0;
  for (int round = 0; round < arguments.rounds; ++round) {
    double before = cpu_us(gateway.pid());
    const LoadReport alone = busy(target, records, core, arguments.seconds);
    const double alone_cpu = (cpu_us(gateway.pid()) - before) / static_cast<double>(alone.requests);
    const double memory = gateway.usage().anonymous_mib;
    Crowd crowd({.target = target, .core = core});
    connected = crowd.connected();
    kib.push_back((gateway.usage().anonymous_mib - memory) * 1024 / std::max(1U, connected));
    before = cpu_us(gateway.pid());
    const LoadReport beside = busy(target, records, core, arguments.seconds);
    const double beside_cpu = (cpu_us(gateway.pid()) - before) / static_cast<double>(beside.requests);
    ratios.push_back(beside.requests_per_second / alone.requests_per_second);
    cpu_ratios.push_back(alone_cpu / beside_cpu);
    alone_rates.push_back(alone.requests_per_second);
    crowd_rates.push_back(beside.requests_per_second);
    alone_p99.push_back(alone.p99_us);
    crowd_p99.push_back(beside.p99_us);
    failures += alone.failures + beside.failures;
    reopened += crowd.reopened();
    if (!arguments.json) {
      std::printf(
          "alone %7.0f requests/s %6.1f µs CPU p99 %6.0f µs | beside %u others %7.0f requests/s %6.1f µs CPU p99 %6.0f "
          "µs\n",
          alone.requests_per_second, alone_cpu, alone.p99_us, connected, beside.requests_per_second, beside_cpu,
          beside.p99_us);
    }
  }
  gateway.end(SIGTERM);
  std::printf(
      "{\"busy_rate_with_idle_and_slow\":%.3f,\"busy_cpu_with_idle_and_slow\":%.3f,\"busy_per_second\":%.0f,"
      "\"busy_per_second_with_crowd\":%.0f,\"busy_p99_us\":%.0f,\"busy_p99_us_with_crowd\":%.0f,\"crowd_connections\":%"
      "u,"
      "\"kib_per_connection\":%.1f,\"reopened\":%llu,\"failures\":%llu}\n",
      median(ratios), median(cpu_ratios), median(alone_rates), median(crowd_rates), median(alone_p99),
      median(crowd_p99), connected, median(kib), static_cast<unsigned long long>(reopened),
      static_cast<unsigned long long>(failures));
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace chuanyu::bench

int main(int argc, char** argv) {
  using namespace chuanyu::bench;
  return run(read_arguments(argc, argv,
                            "idle [--json] [--seconds S] [--rounds N] [--programs DIR] [--dir DIR]\n"
                            "64 busy connections alone, and beside 2,000 idle and 200 slow ones"));
}
