// log_calls: lets a run of the journal end at every one of its calls that change a file, once for each call and way:
// killed before it, killed after it, the call failing with EIO, with ENOSPC. Then the judge looks at the folder.
//
// --once DIR runs it once and undisturbed, and says what it counted: for strace, to count and to disturb from outside.
// --judge DIR looks at the folder afterwards; the lines of acknowledgements come on stdin.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include "gateway/base/log.h"
#include "gateway/terminal/usage.h"
#include "tests/fault/log/file_calls.h"
#include "tests/fault/log/scene.h"

namespace chuanyu::fault {
namespace {

enum class Way : std::uint8_t { kill_before, kill_after, io_error, no_space };
constexpr Way kWays[] = {Way::kill_before, Way::kill_after, Way::io_error, Way::no_space};

const char* name_of(Way way) {
  switch (way) {
    case Way::kill_before: return "调用之前 kill -9";
    case Way::kill_after: return "调用之后 kill -9";
    case Way::io_error: return "调用返回 EIO";
    case Way::no_space: return "调用返回 ENOSPC";
  }
  return "";
}

// What the child did, in memory that outlives it.
struct Shared {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<bool> hit{false};
  char hit_kind[16] = {};
  char hit_path[256] = {};
  std::atomic<std::size_t> told{0};
  Acknowledged acknowledged[256];
};

class Disturber final : public Observer {
 public:
  Disturber(Shared& shared, std::uint64_t at, Way way) : shared_(shared), at_(at), way_(way) {}

  int before(const FileCall& call) override {
    current_ = shared_.calls++;
    if (current_ != at_) return 0;
    std::snprintf(shared_.hit_kind, sizeof shared_.hit_kind, "%s", to_string(call.kind));
    std::snprintf(shared_.hit_path, sizeof shared_.hit_path, "%s", call.path.c_str());
    shared_.hit = true;
    if (way_ == Way::kill_before) end();
    if (way_ == Way::io_error) return EIO;
    if (way_ == Way::no_space) return ENOSPC;
    return 0;
  }
  void after(const FileCall&) override {
    if (current_ == at_ && way_ == Way::kill_after) end();
  }

 private:
  [[noreturn]] static void end() {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }

  Shared& shared_;
  const std::uint64_t at_;
  const Way way_;
  std::uint64_t current_ = 0;
};

constexpr unsigned kEntries = 6;

Run small_run() {
  Run run;
  run.callers = 3;
  run.entries = kEntries;
  run.seed = 20;
  return run;
}

Run small_run(Shared& shared) {
  Run run = small_run();
  run.acknowledged = [&shared](const Acknowledged& told) {
    const std::size_t place = shared.told;
    shared.acknowledged[place] = told;
    shared.told = place + 1;
  };
  return run;
}

// What callers heard after a call failed. Empty: as it should be.
std::string heard(const Ended& ended, const Shared& shared) {
  const bool of_log = std::string_view(shared.hit_path).starts_with("log/");
  if (ended.not_opened) return {};  // the process would end with this
  if (ended.refused.empty() || !of_log) return {};
  for (const Error& answer : ended.refused) {
    if (answer.code != Code::LOCAL_LOG_UNAVAILABLE) return "调用者听到的是 " + answer.to_text();
  }
  if (ended.fatal != 1) return "on_fatal 被调用了 " + std::to_string(ended.fatal) + " 次";
  return ended.healthy ? "日志写入失败后仍自称健康" : "";
}

// In the child.
[[noreturn]] void play(const Scene& scene, std::uint64_t at, Way way, Shared& shared) {
  Disturber disturber(shared, at, way);
  observe(scene.folder, &disturber);
  const Ended ended = run_journal(scene, small_run(shared));
  observe({}, nullptr);
  const std::string wrong = heard(ended, shared);
  if (!wrong.empty()) std::fprintf(stderr, "%s\n", wrong.c_str());
  _exit(wrong.empty() ? 0 : 1);
}

struct Tally {
  std::uint64_t hits = 0;
  std::uint64_t wrong = 0;
};

// One run with its end at call `at`. False: the run has no such call.
bool one(const WorkFolder& work, const std::shared_ptr<const crypto::SigningKey>& key, std::uint64_t at, Way way,
         Shared& shared, Tally& tally) {
  const Scene scene{work.path() + "/run", key};
  std::filesystem::create_directory(scene.folder);
  std::destroy_at(&shared);
  std::construct_at(&shared);
  const pid_t child = fork();
  if (child == 0) play(scene, at, way, shared);
  int status = 0;
  waitpid(child, &status, 0);
  std::string wrong;
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  const bool kills = way == Way::kill_before || way == Way::kill_after;
  if (shared.hit && kills && !killed && way == Way::kill_before) wrong = "没有被杀死";
  if (!killed && status != 0) wrong = "运行以状态 " + std::to_string(status) + " 结束";
  if (wrong.empty()) wrong = judge(scene, {shared.acknowledged, shared.acknowledged + shared.told});
  std::filesystem::remove_all(scene.folder);
  if (!wrong.empty()) {
    ++tally.wrong;
    std::printf("  %s，第 %llu 次（%s %s）：%s\n", name_of(way), static_cast<unsigned long long>(at), shared.hit_kind,
                shared.hit_path, wrong.c_str());
  }
  if (shared.hit) ++tally.hits;
  return shared.hit;
}

int sweep(std::uint64_t every) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  Shared& shared = *std::construct_at(static_cast<Shared*>(memory));
  const WorkFolder work;
  const auto key = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < std::size(kWays); ++i) {
    Tally tally;
    // Each way begins at another call, so that a coarse sweep hits different ones.
    for (std::uint64_t at = i % every; one(work, key, at, kWays[i], shared, tally); at += every) {
    }
    std::printf("%s：%llu 处（%s），%llu 处不对\n", name_of(kWays[i]), static_cast<unsigned long long>(tally.hits),
                every == 1 ? "每一次调用" : ("每 " + std::to_string(every) + " 次取一").c_str(),
                static_cast<unsigned long long>(tally.wrong));
    wrong += tally.wrong + (tally.hits == 0 ? 1 : 0);
  }
  return wrong == 0 ? 0 : 1;
}

class Counter final : public Observer {
 public:
  int before(const FileCall& call) override { return ++counts_[to_string(call.kind)], 0; }
  void after(const FileCall&) override {}
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

Scene scene_with_key(const std::string& folder, const std::string& key_file) {
  auto key = crypto::SigningKey::from_pem_file(key_file);
  if (!key.ok()) {
    key = crypto::SigningKey::generate();
    if (!key->write_pem_file(key_file).ok()) std::abort();
  }
  return {folder, std::make_shared<const crypto::SigningKey>(*key)};
}

// Every acknowledgement is a line, written at once; the last line is JSON.
int once(const Scene& scene, unsigned entries) {
  Counter counter;
  Run run = small_run();
  run.entries = entries;
  run.acknowledged = [](const Acknowledged& told) {
    const std::string line = std::to_string(told.index) + " " + to_hex(crypto::view(told.leaf)) + " " +
                             to_hex(crypto::view(told.body)) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
  };
  observe(scene.folder, &counter);
  const Ended ended = run_journal(scene, run);
  observe({}, nullptr);
  std::string out = "{\"groups\": " + std::to_string(ended.groups);
  for (const auto& [kind, count] : counter.counts()) out += ", \"" + kind + "\": " + std::to_string(count);
  out += ", \"fatal\": " + std::to_string(ended.fatal) + ", \"refused\": [";
  for (std::size_t i = 0; i < ended.refused.size(); ++i) {
    out += std::string(i == 0 ? "\"" : ", \"") + std::string(to_string(ended.refused[i].code)) + "\"";
  }
  std::printf("%s]}\n", out.c_str());
  return ended.not_opened || !ended.refused.empty() ? 1 : 0;
}

int judge_lines(const Scene& scene) {
  std::vector<Acknowledged> told;
  std::string leaf, body;
  for (Acknowledged one; std::cin >> one.index >> leaf >> body; told.push_back(one)) {
    const auto leaf_bytes = from_hex(leaf), body_bytes = from_hex(body);
    if (!leaf_bytes || !body_bytes || leaf_bytes->size() != 32 || body_bytes->size() != 32) return 2;
    std::copy(leaf_bytes->begin(), leaf_bytes->end(), one.leaf.begin());
    std::copy(body_bytes->begin(), body_bytes->end(), one.body.begin());
  }
  const std::string wrong = judge(scene, told);
  std::printf("%zu 条确认：%s\n", told.size(), wrong.empty() ? "都在" : wrong.c_str());
  return wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace chuanyu::fault

int main(int argc, char** argv) {
  using namespace chuanyu;
  std::uint64_t every = 1;
  unsigned entries = fault::kEntries;
  std::string folder, judged, key;
  CLI::App app("log_calls：在每一次文件调用处杀死进程或令其失败，核对已确认的条目", "log_calls");
  terminal::begin(app);
  app.add_option("--every", every, "每 N 次调用取一次")->check(terminal::between(1, 1000));
  app.add_option("--once", folder, "不加干扰地运行一次，数据放在 DIR（绝对路径），说出调用次数")->type_name("DIR");
  app.add_option("--entries", entries, "用于 --once：每个调用者追加多少条");
  app.add_option("--judge", judged, "核对 DIR；标准输入是 --once 打印的确认")->type_name("DIR");
  app.add_option("--key", key, "用于 --once、--judge：日志密钥文件，没有则生成")->type_name("FILE");
  if (const auto exit = terminal::parse(app, argc, argv, std::cout, std::cerr)) return *exit;
  log::set_level("error");
  if (folder.empty() && judged.empty()) return fault::sweep(every);
  if (key.empty()) return terminal::misused(app, "--once、--judge 须同时给出 --key", std::cerr);
  const fault::Scene scene = fault::scene_with_key(folder.empty() ? judged : folder, key);
  return folder.empty() ? fault::judge_lines(scene) : fault::once(scene, entries);
}
