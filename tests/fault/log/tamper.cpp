// log_tamper: flips bits of a small log's data file, one at a time, and asks the auditor.
//
// The rule: the verdict may be "clean" only when every row of every table still reads as before, so that the bit was
// one without meaning: of a free page, of unused space in a page. Anything else must have a finding; nothing may crash.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

#include "gateway/audit/verify.h"
#include "gateway/base/log.h"
#include "gateway/ledger/cosignature.h"
#include "gateway/ledger/layout.h"
#include "gateway/terminal/usage.h"
#include "tests/fault/log/scene.h"

namespace chuanyu::fault {
namespace {

constexpr unsigned kSecondsAFlip = 30;  // then it hangs

using Rows = std::map<std::string, crypto::Digest>;  // of each table, hashed

// Everything that can be read. Nothing when it cannot be read.
std::optional<Rows> rows_of(const std::string& folder) {
  storage::Options options;
  options.folder = folder + "/log";
  options.tables = ledger::layout::log_tables();
  options.read_only = true;
  const auto environment = storage::Environment::open(options);
  if (!environment.ok()) return std::nullopt;
  const auto txn = (*environment)->read();
  if (!txn.ok()) return std::nullopt;
  Rows rows;
  for (const std::string& table : options.tables) {
    Bytes all;
    auto cursor = txn->cursor((*environment)->table(table));
    for (bool more = cursor.first(); more; more = cursor.next()) {
      for (const BytesView part : {cursor.key(), cursor.value()}) {
        append_u64(all, part.size());
        all += part;
      }
    }
    rows[table] = crypto::sha256(all);
  }
  if (!txn->status().ok()) return std::nullopt;
  return rows;
}

std::string table_that_differs(const std::optional<Rows>& rows, const Rows& before) {
  if (!rows) return "unreadable";
  for (const auto& [table, digest] : before) {
    if (rows->at(table) != digest) return table;
  }
  return {};
}

// A witness whom the auditor knows cosigns every checkpoint.
class Witness {
 public:
  explicit Witness(const Scene& scene)
      : key_(crypto::SigningKey::generate()),
        policy_(ledger::WitnessPolicy::parse("log " + ledger::to_vkey(kOrigin, scene.key->verify_key()) +
                                             "\nwitness w " + ledger::to_vkey("w", key_.verify_key(), kType) +
                                             "\nquorum w\n")
                    .value()) {}
  const ledger::WitnessPolicy& policy() const { return policy_; }

  void cosign_all(const Scene& scene) const {
    storage::Options options;
    options.folder = scene.folder + "/log";
    options.tables = ledger::layout::log_tables();
    const auto environment = storage::Environment::open(options).value();
    const storage::Table checkpoints = environment->table(ledger::layout::kCheckpoints);
    std::map<Bytes, Bytes> lines;
    {
      const auto txn = environment->read().value();
      auto cursor = txn.cursor(checkpoints);
      for (bool more = cursor.first(); more; more = cursor.next()) {
        if (!ledger::layout::is_checkpoint_key(cursor.key())) continue;
        const auto line = ledger::cosign(ledger::parse_note(cursor.value())->text, "w", key_, kWhen);
        lines[ledger::layout::cosignature_key(read_u64(cursor.key()), line.key_id)] = ledger::to_line(line);
      }
    }
    auto txn = environment->write().value();
    for (const auto& [key, line] : lines) txn.put(checkpoints, key, line);
    if (!txn.commit().ok()) std::abort();
  }

 private:
  static constexpr const char* kOrigin = "chuanyu/fault/1";  // Scene's
  static constexpr auto kType = ledger::KeyType::cosignature;
  static constexpr std::uint64_t kWhen = 1'795'302'700;

  crypto::SigningKey key_;
  ledger::WitnessPolicy policy_;
};

// What the auditor says: codes; empty: clean.
std::string verdict(const Scene& scene, const Witness& witness) {
  const auto log = audit::LogReader::open(scene.folder);
  if (!log.ok()) return std::string(to_string(log.error().code));
  const auto* sm2 = scene.sm2_key != nullptr ? &scene.sm2_key->verify_key() : nullptr;
  const audit::LogReport report = audit::verify(**log, scene.key->verify_key(), {}, &witness.policy(), nullptr, sm2);
  if (report.findings.empty()) return {};
  const Error& first = report.findings.listed.front();
  return first.where.empty() && first.detail.empty() ? "无名" : std::string(to_string(first.code));
}

struct Flip {
  std::uint64_t byte = 0;
  int bit = 0;
};

void flip(const std::string& file, const Flip& what) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(what.byte));
  const char changed = static_cast<char>(stream.get() ^ (1 << what.bit));
  stream.seekp(static_cast<std::streamoff>(what.byte));
  stream.put(changed);
}

// One line for a flip: the code, "-" for clean with all rows as before, "!" and a table for clean with other rows.
std::string ask(const Scene& scene, const Witness& witness, const Flip& what, const Rows& rows) {
  const std::string file = scene.folder + "/log/data.mdb";
  flip(file, what);
  std::string said = verdict(scene, witness);
  if (said.empty()) {
    const std::string table = table_that_differs(rows_of(scene.folder), rows);
    said = table.empty() ? "-" : "!" + table;
  }
  flip(file, what);
  return said;
}

struct Tally {
  std::map<std::string, std::uint64_t> said;
  std::uint64_t wrong = 0;
  void add(const Flip& what, const std::string& answer) {
    ++said[answer];
    const bool missed = answer.starts_with('!');
    if (!missed && answer != "crash") return;
    if (++wrong > 20) return;
    std::printf("  第 %llu 页第 %llu 字节第 %d 位：%s\n", static_cast<unsigned long long>(what.byte / 4096),
                static_cast<unsigned long long>(what.byte % 4096), what.bit,
                missed ? ("表 " + answer.substr(1) + " 的内容变了而结论为完好").c_str() : "核验程序崩溃或不结束");
  }
};

// Flips [from, …) in a process of their own; how many have been answered when it ends.
std::size_t run_worker(const Scene& scene, const Witness& witness, const std::vector<Flip>& flips, std::size_t from,
                       const Rows& rows, Tally& tally) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    for (std::size_t i = from; i < flips.size(); ++i) {
      alarm(kSecondsAFlip);
      const std::string line = ask(scene, witness, flips[i], rows) + "\n";
      if (write(ends[1], line.data(), line.size()) < 0) _exit(1);
    }
    _exit(0);
  }
  close(ends[1]);
  FILE* lines = fdopen(ends[0], "r");
  char answer[64];
  while (from < flips.size() && std::fscanf(lines, "%63s", answer) == 1) tally.add(flips[from++], answer);
  std::fclose(lines);
  int status = 0;
  waitpid(child, &status, 0);
  if (from == flips.size()) return from;
  flip(scene.folder + "/log/data.mdb", flips[from]);  // as it was
  tally.add(flips[from++], "crash");
  return from;
}

struct Arguments {
  std::uint64_t sample = 0;
  std::uint64_t seed = 0;
  unsigned entries = 2;
  bool sm = false;
};

std::vector<Flip> choose(std::uint64_t bytes, const Arguments& arguments) {
  std::vector<Flip> all;
  if (arguments.sample == 0) {
    for (std::uint64_t byte = 0; byte < bytes; ++byte) {
      for (int bit = 0; bit < 8; ++bit) all.push_back({byte, bit});
    }
    return all;
  }
  std::mt19937_64 random(arguments.seed);
  for (std::uint64_t i = 0; i < arguments.sample; ++i)
    all.push_back({random() % bytes, static_cast<int>(random() % 8)});
  return all;
}

int run(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const WorkFolder work;
  Scene scene{work.path() + "/run", std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate())};
  if (arguments.sm) {
    scene.sm2_key = std::make_shared<const crypto::Sm2SigningKey>(crypto::Sm2SigningKey::generate());
  }
  Run fill;
  fill.entries = arguments.entries;
  fill.seed = 5;
  run_journal(scene, fill);
  const Witness witness(scene);
  witness.cosign_all(scene);
  const auto rows = rows_of(scene.folder);
  if (!rows || !verdict(scene, witness).empty()) {
    std::printf("未改动的日志即不完好：%s\n", verdict(scene, witness).c_str());
    return 1;
  }
  const std::uint64_t bytes = std::filesystem::file_size(scene.folder + "/log/data.mdb");
  const std::vector<Flip> flips = choose(bytes, arguments);
  std::printf("数据文件 %llu 字节，改动 %zu 位，每次一位；种子 %llu\n", static_cast<unsigned long long>(bytes),
              flips.size(), static_cast<unsigned long long>(arguments.seed));
  Tally tally;
  for (std::size_t next = 0; next < flips.size();) next = run_worker(scene, witness, flips, next, *rows, tally);
  for (const auto& [answer, count] : tally.said) {
    const char* means = answer == "-" ? "（没有意义的位：各行读出与原来相同，结论为完好）" : "";
    std::printf("  %8llu  %s%s\n", static_cast<unsigned long long>(count), answer.c_str(), means);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("改动 %zu 位：%llu 位有误（%.0f 秒）\n", flips.size(), static_cast<unsigned long long>(tally.wrong),
              seconds);
  return tally.wrong == 0 && verdict(scene, witness).empty() ? 0 : 1;
}

}  // namespace
}  // namespace chuanyu::fault

int main(int argc, char** argv) {
  using namespace chuanyu;
  fault::Arguments arguments;
  CLI::App app("log_tamper：逐位改动数据文件，看核验程序是否发现", "log_tamper");
  terminal::begin(app);
  app.add_option("--sample", arguments.sample, "随机取 N 位；缺省为每一字节的每一位");
  app.add_option("--seed", arguments.seed, "取样的种子；缺省取当前时间");
  app.add_option("--entries", arguments.entries, "四个调用者各追加多少条")->check(terminal::between(1, 1000));
  app.add_flag("--sm", arguments.sm, "国密配置的日志：SM2 签名行、SM3 第二棵树");
  if (const auto exit = terminal::parse(app, argc, argv, std::cout, std::cerr)) return *exit;
  if (app.count("--seed") == 0) arguments.seed = static_cast<std::uint64_t>(SystemClock().now()) % 1'000'000;
  log::set_level("error");
  return fault::run(arguments);
}
