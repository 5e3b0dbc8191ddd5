#include "tests/fault/log/scene.h"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "gateway/audit/verify.h"
#include "gateway/base/uuid.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::fault {
namespace {

constexpr unsigned kEnoughRefusals = 3;  // then a caller gives up

// How many entries the log has, and a digest of each.
class Counting final : public journal::Projection {
 public:
  std::vector<std::string> tables() const override { return {"count"}; }
  std::uint32_t version() const override { return 1; }
  void open(const storage::Environment& state) override { count_ = state.table("count"); }
  void apply(storage::WriteTxn& state, const journal::Applied& applied) override {
    Bytes row;
    append_u64(row, applied.index + 1);
    state.put(count_, "entries", row);
    state.put(count_, applied.entry.exchange.bytes(), crypto::view(crypto::sha256(applied.body)));
  }
  std::uint64_t entries(const storage::ReadTxn& state) const {
    const auto row = state.get(count_, "entries");
    return row ? read_u64(*row) : 0;
  }

 private:
  storage::Table count_;
};

journal::Draft draft_of(Bytes body) {
  journal::Draft draft;
  draft.entry.kind = ledger::EntryKind::accepted;
  draft.entry.exchange = Uuid::make(SystemClock().now());
  draft.entry.from = "11510000008282717J";
  draft.entry.what = "case";
  draft.body = std::move(body);
  return draft;
}

// As Journal::append(), but what was acknowledged is known before the caller wakes.
Status append(journal::Journal& journal, const Run& run, const Bytes& body) {
  std::promise<Status> answer;
  journal.submit({journal.prepare(draft_of(body)), {}, [&](const journal::Outcome& outcome) {
                    if (outcome.status.ok() && run.acknowledged) {
                      run.acknowledged({outcome.receipt.index, outcome.receipt.leaf, crypto::sha256(body)});
                    }
                    answer.set_value(outcome.status);
                  }});
  return answer.get_future().get();
}

std::string first_of(const audit::Findings& findings) {
  return findings.listed.empty() ? "" : findings.listed.front().to_text();
}

// Before anything has been repaired: is there a log, and is it right as far as it goes?
std::string audit_as_found(const Scene& scene, bool acknowledged) {
  const auto log = audit::LogReader::open(scene.folder);
  // The commit that the fault hit: nothing of it was acknowledged.
  if (!log.ok() && log.error().code == Code::LOG_INCOMPLETE && log.error().where.starts_with("page#")) return {};
  if (!log.ok()) return acknowledged ? "审计不能打开：" + log.error().to_text() : "";
  const audit::LogReport report = audit::verify(**log, scene.key->verify_key(), {});
  for (const Error& found : report.findings.listed) {
    const bool unsigned_yet = found.code == Code::LOG_INCOMPLETE && report.checkpoints == 0;
    if (!unsigned_yet) return "审计：" + found.to_text();
  }
  return {};
}

std::string audit_at_the_end(const Scene& scene) {
  const auto log = audit::LogReader::open(scene.folder);
  if (!log.ok()) return "恢复后审计不能打开：" + log.error().to_text();
  const audit::LogReport report = audit::verify(**log, scene.key->verify_key(), {});
  if (!report.findings.empty()) return "恢复后审计：" + first_of(report.findings);
  return report.signed_size == report.size ? "" : "恢复后没有签到末尾";
}

std::string compare(const journal::Journal& journal, const Acknowledged& told) {
  const std::string place = "第 " + std::to_string(told.index) + " 条";
  const auto stored = journal.read(told.index);
  if (!stored.ok()) return "已确认的" + place + "丢失：" + stored.error().to_text();
  if (ledger::leaf_hash(ledger::encode(stored->entry)) != told.leaf) return "已确认的" + place + "变了";
  return crypto::sha256(stored->body) == told.body ? "" : "已确认的" + place + "正文变了";
}

std::string look_inside(const Scene& scene, const std::vector<Acknowledged>& acknowledged) {
  Counting projection;
  auto opened = journal::Journal::open(scene.options(), projection);
  if (!opened.ok()) return "日志不能打开：" + opened.error().to_text();
  journal::Journal& journal = **opened;
  for (const Acknowledged& told : acknowledged) {
    if (std::string wrong = compare(journal, told); !wrong.empty()) return wrong;
  }
  for (std::uint64_t index = 0; index < journal.size(); ++index) {
    if (const auto stored = journal.read(index); !stored.ok()) return "有残缺的条目：" + stored.error().to_text();
  }
  if (const Status more = append(journal, {}, "after"); !more.ok()) return "不能再追加：" + more.error().to_text();
  const auto state = journal.state();
  if (!state.ok() || projection.entries(*state) != journal.size()) return "状态与日志的长度不同";
  return {};
}

}  // namespace

WorkFolder::WorkFolder() {
  std::string name = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  name += "/chuanyu-fault-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

journal::Options Scene::options() const {
  journal::Options made;
  made.folder = folder;
  made.origin = "chuanyu/fault/1";
  made.gateway = "sc";
  made.key_encryption_key = Secret(std::string(32, 'K'));
  made.log_key = key;
  made.sm2_log_key = sm2_key;
  if (sm2_key != nullptr) made.profile = ledger::Profile::sm;
  made.disk_refuse_percent = 101;  // what a full disk does shall be seen, not avoided
  return made;
}

Ended run_journal(const Scene& scene, const Run& run) {
  Ended ended;
  std::atomic<int> fatal{0};
  std::atomic<std::uint64_t> groups{0};
  Counting projection;
  journal::Options options = scene.options();
  options.on_fatal = [&](const Error&) { ++fatal; };
  options.around_answers = [&](const std::function<void()>& all) {
    ++groups;
    all();
  };
  auto opened = journal::Journal::open(std::move(options), projection);
  if (!opened.ok()) {
    ended.not_opened = opened.error();
    return ended;
  }
  std::mutex mutex;
  std::vector<std::thread> callers;
  for (unsigned caller = 0; caller < run.callers; ++caller) {
    callers.emplace_back([&, caller] {
      std::mt19937_64 random(run.seed * 1000 + caller);
      unsigned refusals = 0;
      for (unsigned i = 0; i < run.entries && refusals < kEnoughRefusals; ++i) {
        const std::size_t size = random() % 20 == 0 ? 40'000 : random() % 2'000 + 1;
        const Status answer = append(**opened, run, Bytes(size, static_cast<char>('a' + random() % 26)));
        if (answer.ok()) continue;
        ++refusals;
        const std::lock_guard guard(mutex);
        ended.refused.push_back(answer.error());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  ended.healthy = (*opened)->healthy();
  (*opened)->stop();
  opened->reset();
  ended.fatal = fatal;
  ended.groups = groups;
  return ended;
}

std::string judge(const Scene& scene, const std::vector<Acknowledged>& acknowledged) {
  if (std::string wrong = audit_as_found(scene, !acknowledged.empty()); !wrong.empty()) return wrong;
  if (std::string wrong = look_inside(scene, acknowledged); !wrong.empty()) return wrong;
  return audit_at_the_end(scene);
}

}  // namespace chuanyu::fault
