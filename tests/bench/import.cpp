// tests/bench/import: an import of generated records (NDJSON, CSV, XML), beside what its parts cost alone.
//
// The gateway and the client share two cores. Beside each import, in the same round: Adapter::get() of the same records
// on one core (import_vs_mapping), and the records' bytes appended to an LMDB table with a durable commit for every 512
// (import_vs_lmdb). Memory is what the process has of its own, peak of a small import against peak of a large one.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include "adapters/adapter.h"
#include "gateway/base/bytes.h"
#include "gateway/storage/environment.h"
#include "tests/bench/support/load.h"
#include "tests/bench/support/records.h"
#include "tests/bench/support/server.h"
#include "tests/bench/support/upload.h"

namespace chuanyu::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kSmall = 10'000;
constexpr std::uint64_t kAlone = 20'000;  // records of a baseline
constexpr std::uint64_t kGroup = 512;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double mapping_rate(const adapters::Adapter& adapter, const Records& records) {
  std::string document(records.head());
  for (std::uint64_t i = 0; i < kAlone; ++i) records.append_row(i, document);
  document += records.tail();
  const auto start = Clock::now();
  const auto reader = adapter.reader();
  reader->feed(document, true);
  std::uint64_t count = 0;
  for (auto record = reader->next(); record.ok() && !record->bytes.empty(); record = reader->next()) {
    if (!adapter.get(record->bytes).ok()) give_up("a generated record does not convert");
    ++count;
  }
  if (count != kAlone) give_up("the generated document does not read back");
  return static_cast<double>(count) / seconds_since(start);
}

double lmdb_rate(const std::string& folder, const Records& records) {
  storage::Options options;
  options.folder = folder;
  options.tables = {"rows"};
  auto environment = storage::Environment::open(options);
  if (!environment.ok()) give_up(environment.error().to_text());
  const storage::Table rows = (*environment)->table("rows");
  const std::string record = records.record(1);
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < kAlone; i += kGroup) {
    auto txn = (*environment)->write();
    if (!txn.ok()) give_up(txn.error().to_text());
    for (std::uint64_t j = i; j < i + kGroup; ++j) {
      Bytes key;
      append_u64(key, j);
      txn->append(rows, key, record);
    }
    if (const Status status = txn->commit(); !status.ok()) give_up(status.error().to_text());
  }
  return static_cast<double>(kAlone) / seconds_since(start);
}

struct Row {
  std::string profile;
  std::vector<double> rates{}, vs_mapping{}, vs_lmdb{};
  double growth_mib = 0;  // peak of the large import less that of the small one
  double cpu_us = 0;
};

Row measure(const Workplace& place, const adapters::Registry& registry, const std::string& profile, std::uint64_t count,
            const Arguments& arguments) {
  const Records records = Records::of(profile);
  const auto adapter = registry.find(profile);
  if (!adapter) give_up("no adapter " + profile);
  Row row{.profile = profile};
  Process gateway(place.gateway(records.gateway(), profile), {}, place.folder() + "/log");
  const Target target = place.target(records.gateway(), records.agency(), ready_port(gateway));
  double peak = 0;
  const auto look = [&] { peak = std::max(peak, gateway.usage().anonymous_mib); };
  std::uint64_t first = 0;
  const auto import = [&](std::uint64_t rows) {
    peak = 0;
    const Uploaded done = upload(target, records, first, rows, look);
    look();
    first += rows;
    return static_cast<double>(rows) / done.seconds;
  };
  import(kSmall);  // the first fills pools and caches
  import(kSmall);
  const double small = peak;
  for (int round = 0; round < arguments.rounds; ++round) {
    const double mapping = mapping_rate(*adapter, records);
    const double lmdb = lmdb_rate(place.folder() + "/" + profile + "-lmdb-" + std::to_string(round), records);
    const double before = cpu_us(gateway.pid());
    const double rate = import(count);
    row.cpu_us = (cpu_us(gateway.pid()) - before) / static_cast<double>(count);
    row.growth_mib = std::max(row.growth_mib, peak - small);
    row.rates.push_back(rate);
    row.vs_mapping.push_back(rate / mapping);
    row.vs_lmdb.push_back(rate / lmdb);
    if (!arguments.json) {
      std::printf(
          "%-13s %4zu bytes  %7.0f records/s  %5.1f µs CPU  mapping alone %7.0f/s  LMDB alone %7.0f/s  memory %+.1f "
          "MiB\n",
          profile.c_str(), records.bytes(), rate, row.cpu_us, mapping, lmdb, peak - small);
    }
  }
  gateway.end(SIGTERM);
  return row;
}

int run(const Arguments& arguments) {
  const std::uint64_t count = arguments.full ? 1'000'000 : arguments.records > 0 ? arguments.records : 100'000;
  const auto loaded = adapters::Registry::load(std::string(CHUANYU_SOURCE_DIR) + "/adapters");
  const auto* registry = std::get_if<std::shared_ptr<const adapters::Registry>>(&loaded);
  if (registry == nullptr) give_up("the adapters do not load");
  const Workplace place(arguments.programs, arguments.folder);
  std::vector<Row> rows;
  for (const std::string profile : {"cq.credit.v1", "sc.credit.v1", "sc.case.v1"}) {
    if (arguments.profile.empty() || arguments.profile == profile)
      rows.push_back(measure(place, **registry, profile, count, arguments));
  }
  if (rows.empty()) give_up("no such profile: " + arguments.profile);
  const auto least = [&](auto value) {
    double found = value(rows[0]);
    for (const Row& row : rows) found = std::min(found, value(row));
    return found;
  };
  double growth = 0;
  std::string detail;
  for (const Row& row : rows) {
    growth = std::max(growth, row.growth_mib);
    char text[240];
    std::snprintf(text, sizeof text,
                  "%s\"%s\":{\"records_per_second\":%.0f,\"vs_mapping\":%.3f,\"vs_lmdb\":%.3f,\"cpu_us\":%.1f,\"rss_"
                  "growth_mib\":%.1f}",
                  detail.empty() ? "" : ",", row.profile.c_str(), median(row.rates), median(row.vs_mapping),
                  median(row.vs_lmdb), row.cpu_us, row.growth_mib);
    detail += text;
  }
  std::printf(
      "{\"import_records_per_second\":%.0f,\"import_rss_growth_mib\":%.1f,\"import_vs_mapping\":%.3f,\"import_vs_"
      "lmdb\":%.3f,"
      "\"records\":%llu,\"profiles\":{%s}}\n",
      least([](const Row& row) { return median(row.rates); }), growth,
      least([](const Row& row) { return median(row.vs_mapping); }),
      least([](const Row& row) { return median(row.vs_lmdb); }), static_cast<unsigned long long>(count),
      detail.c_str());
  return 0;
}

}  // namespace
}  // namespace chuanyu::bench

int main(int argc, char** argv) {
  using namespace chuanyu::bench;
  return run(
      read_arguments(argc, argv,
                     "import [--json] [--records N | --full] [--rounds N] [--profile P] [--programs DIR] [--dir DIR]\n"
                     "imports N records (100,000; --full a million) as NDJSON, CSV and XML, on all cores"));
}
