// log_powercut: cuts the power of a recorded run of the journal at random moments, each time with another part of what
// was not flushed on the disk, and lets the journal and the auditor look at what is left.
//
// With --swallow the log's flushes never reached the disk, as LMDB's weaker flags would have it: then the same eyes
// must see loss, or they are blind.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>

#include "gateway/base/log.h"
#include "gateway/terminal/usage.h"
#include "tests/fault/log/disk.h"
#include "tests/fault/log/scene.h"

namespace chuanyu::fault {
namespace {

constexpr unsigned kSecondsAState = 60;  // then it hangs

enum class Swallow : std::uint8_t { nothing, meta, all };  // of the flushes of log/: default flags, NOMETASYNC, NOSYNC

// What reached the kernel and what callers were told, in one order.
class Recorder final : public Observer {
 public:
  int before(const FileCall&) override { return 0; }
  void after(const FileCall& call) override {
    const std::lock_guard guard(mutex_);
    calls_.push_back({call.kind, call.path, call.to, call.offset, Bytes(call.bytes), call.synchronous});
  }
  void acknowledge(const Acknowledged& told) {
    const std::lock_guard guard(mutex_);
    told_.push_back(told);
    told_after_.push_back(calls_.size());
  }

  const std::vector<Recorded>& calls() const { return calls_; }
  std::vector<Acknowledged> told_by(std::size_t calls) const {
    std::vector<Acknowledged> found;
    for (std::size_t i = 0; i < told_.size(); ++i) {
      if (told_after_[i] <= calls) found.push_back(told_[i]);
    }
    return found;
  }
  std::size_t told() const { return told_.size(); }

  void forget_flushes(Swallow swallowed) {
    if (swallowed == Swallow::nothing) return;
    const auto of_log = [](const Recorded& call) { return call.path.starts_with("log/"); };
    for (Recorded& call : calls_) {
      if (of_log(call)) call.synchronous = false;
      // A flush that never was: what follows in time stays where it was.
      if (swallowed == Swallow::all && of_log(call) && call.kind == FileCall::Kind::flush) call.path = "nothing";
    }
  }

 private:
  std::mutex mutex_;
  std::vector<Recorded> calls_;
  std::vector<Acknowledged> told_;
  std::vector<std::size_t> told_after_;  // how many calls were over by then
};

struct Arguments {
  std::uint64_t states = 300;
  std::uint64_t first = 0;
  std::uint64_t seed = 0;
  unsigned entries = 80;
  std::string swallow = "nothing";
};

// Made, filled, stopped, opened again, filled, stopped: the cuts fall into every part of it.
void record(const Scene& scene, const Arguments& arguments, Recorder& recorder) {
  observe(scene.folder, &recorder);
  for (const unsigned session : {0U, 1U}) {
    Run run;
    run.entries = arguments.entries / 8;
    run.seed = arguments.seed * 2 + session;
    run.acknowledged = [&](const Acknowledged& told) { recorder.acknowledge(told); };
    const Ended ended = run_journal(scene, run);
    if (ended.not_opened || !ended.refused.empty()) std::abort();
  }
  observe({}, nullptr);
}

std::string one_state(const Recorder& recorder, const Scene& recorded, std::uint64_t number, std::uint64_t seed) {
  Random random(seed * 1'000'003 + number);
  const std::size_t cut = random() % recorder.calls().size();
  Disk disk;
  for (std::size_t i = 0; i < cut; ++i) disk.apply(recorder.calls()[i]);
  disk.apply_unfinished(recorder.calls()[cut]);
  const std::string folder = recorded.folder + "-" + std::to_string(number);
  std::filesystem::create_directory(folder);
  disk.write_out(folder, random);
  const std::string wrong = judge({folder, recorded.key}, recorder.told_by(cut));
  std::filesystem::remove_all(folder);
  return wrong.empty() ? "" : "第 " + std::to_string(cut) + " 次调用时断电：" + wrong;
}

// States [from, to) in a process of their own, because a broken file may end it. One line a state on `out`.
[[noreturn]] void work(const Recorder& recorder, const Scene& scene, std::uint64_t from, std::uint64_t to,
                       std::uint64_t seed, int out) {
  for (std::uint64_t number = from; number < to; ++number) {
    alarm(kSecondsAState);
    const std::string line = one_state(recorder, scene, number, seed) + "\n";
    if (write(out, line.data(), line.size()) < 0) _exit(1);
  }
  _exit(0);
}

struct Tally {
  std::uint64_t states = 0;
  std::uint64_t wrong = 0;
  std::map<std::string, std::uint64_t> kinds;  // without numbers
  void add(std::uint64_t number, const std::string& complaint) {
    ++states;
    if (complaint.empty()) return;
    if (++wrong <= 10) std::printf("  状态 %llu：%s\n", static_cast<unsigned long long>(number), complaint.c_str());
    std::string kind;
    for (const char c : complaint.substr(complaint.find("：") + 3)) {
      if (c < '0' || c > '9') kind += c;
    }
    ++kinds[kind.substr(0, kind.find(" ("))];
  }
};

// Runs the states from `from` on until a worker ends; how many it finished.
std::uint64_t run_worker(const Recorder& recorder, const Scene& scene, std::uint64_t from, std::uint64_t to,
                         std::uint64_t seed, Tally& tally) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    work(recorder, scene, from, to, seed, ends[1]);
  }
  close(ends[1]);
  std::uint64_t next = from;
  FILE* lines = fdopen(ends[0], "r");
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t got = 0; (got = getline(&line, &room, lines)) > 0;) {
    tally.add(next++, std::string(line, static_cast<std::size_t>(got) - 1));
  }
  std::free(line);
  std::fclose(lines);
  int status = 0;
  waitpid(child, &status, 0);
  if (next < to) {
    std::filesystem::remove_all(scene.folder + "-" + std::to_string(next));
    tally.add(next++, "恢复时：进程因信号 " + std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : 0) + " 结束");
  }
  return next;
}

int run(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const WorkFolder work_folder;
  Scene scene{work_folder.path() + "/run", std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate())};
  Recorder recorder;
  std::filesystem::create_directory(scene.folder);
  record(scene, arguments, recorder);
  const Swallow swallow = arguments.swallow == "nothing" ? Swallow::nothing
                          : arguments.swallow == "meta"  ? Swallow::meta
                                                         : Swallow::all;
  recorder.forget_flushes(swallow);
  std::printf("记录：%zu 次文件调用，%zu 条确认；种子 %llu；不刷写：%s\n", recorder.calls().size(), recorder.told(),
              static_cast<unsigned long long>(arguments.seed), arguments.swallow.c_str());
  Tally tally;
  const std::uint64_t end = arguments.first + arguments.states;
  for (std::uint64_t next = arguments.first; next < end;) {
    next = run_worker(recorder, scene, next, end, arguments.seed, tally);
  }
  for (const auto& [kind, count] : tally.kinds) {
    std::printf("  %6llu  %s\n", static_cast<unsigned long long>(count), kind.c_str());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("断电 %llu 个状态：%llu 个有丢失或损坏（每个状态 %.1f 毫秒）\n",
              static_cast<unsigned long long>(tally.states), static_cast<unsigned long long>(tally.wrong),
              seconds * 1000 / static_cast<double>(tally.states));
  return (tally.wrong > 0) == (swallow != Swallow::nothing) ? 0 : 1;
}

}  // namespace
}  // namespace chuanyu::fault

int main(int argc, char** argv) {
  using namespace chuanyu;
  fault::Arguments arguments;
  CLI::App app("log_powercut：模拟断电，核对已确认的条目", "log_powercut");
  terminal::begin(app);
  app.add_option("--states", arguments.states, "多少个断电后的磁盘状态")->check(terminal::between(1, 10'000'000));
  app.add_option("--first", arguments.first, "从第几个状态起（重现某一个：--first N --states 1）");
  app.add_option("--seed", arguments.seed, "运行与断电的种子；缺省取当前时间");
  app.add_option("--entries", arguments.entries, "运行中追加多少条");
  app.add_option("--swallow", arguments.swallow, "假装日志的刷写没有到达磁盘：此时必须发现丢失，否则退出码 1")
      ->check(terminal::one_of({"nothing", "meta", "all"}));
  if (const auto exit = terminal::parse(app, argc, argv, std::cout, std::cerr)) return *exit;
  if (app.count("--seed") == 0) arguments.seed = static_cast<std::uint64_t>(SystemClock().now()) % 1'000'000;
  log::set_level("error");
  return fault::run(arguments);
}
