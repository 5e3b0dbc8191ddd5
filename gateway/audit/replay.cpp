#include "gateway/audit/replay.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "gateway/audit/versions.h"
#include "gateway/exchange/projection.h"
#include "gateway/storage/page_check.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;
using exchange::State;

constexpr std::uint64_t kEntriesPerTxn = 4096;
constexpr std::size_t kUsccBytes = 18;

storage::Options state_options(const std::string& folder) {
  storage::Options options;
  options.folder = folder;
  options.tables = State::names();
  options.tables.emplace_back(journal::kPositionTable);
  return options;
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_((fs::temp_directory_path() / "chuanyu-replay-XXXXXX").string()) {
    made_ = mkdtemp(path_.data()) != nullptr;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code failed;
    if (made_) fs::remove_all(path_, failed);
  }
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

class Replaying {
 public:
  Replaying(const LogReader& log, const BodyOpener* bodies, ReplayReport& report)
      : log_(log), bodies_(bodies), report_(report), versions_(log, bodies), fates_(log) {
    for (const LogReader::Part& part : log.parts()) shards_.insert(part.log->base());
  }

  Status run(std::uint64_t size, const Progress& progress) {
    if (!folder_.made()) return error(Code::LOCAL_IO, "不能建立临时目录", folder_.path());
    storage::Options options = state_options(folder_.path() + "/state");
    options.durability = storage::Durability::lazy;
    CHUANYU_TRY(environment_, storage::Environment::open(options));
    projection_.open(*environment_);
    for (std::uint64_t from = 0; from < size; from += kEntriesPerTxn) {
      if (progress) progress(from, size);
      CHUANYU_CHECK(apply(from, std::min(size, from + kEntriesPerTxn)));
    }
    if (progress) progress(size, size);
    report_.size = size;
    report_.root = tree_.root();
    CHUANYU_TRY(report_.digest, journal::state_digest(*environment_, State::names()));
    return {};
  }

  // The state's tables, counted as people ask for them.
  Status count() {
    CHUANYU_TRY(const auto txn, environment_->read());
    const auto each = [&txn](storage::Table table, const auto& visit) {
      auto cursor = txn.cursor(table);
      for (bool more = cursor.first(); more; more = cursor.next()) visit(cursor.key(), cursor.value());
    };
    Status status;
    each(state_.record_table, [&](BytesView key, BytesView value) {
      const auto kind = kind_of(exchange::decode_record(value).index);
      if (!kind.ok()) status = kind.error();
      if (kind.ok()) ++report_.records[std::string(key.substr(exchange::kTokenBytes))][*kind];
    });
    CHUANYU_CHECK(status);
    each(state_.inbox_table,
         [&](BytesView key, BytesView) { ++report_.inbox[std::string(key.substr(0, kUsccBytes))]; });
    each(state_.quarantine_table,
         [&](BytesView key, BytesView) { ++report_.quarantine[std::string(key.substr(0, kUsccBytes))]; });
    each(state_.outbox_table,
         [&](BytesView key, BytesView) { ++report_.outbox[std::string(key.substr(0, key.find('\0')))]; });
    each(state_.exchange_table, [&](BytesView, BytesView value) {
      const exchange::ExchangeRow row = exchange::decode_exchange(value);
      ++report_.exchanges[std::string(to_string(row.verb))][std::string(to_string(row.status))];
    });
    if (const auto directory = versions_.latest_directory()) {
      for (const auto& [uscc, party] : directory->parties()) report_.names[uscc] = party.name;
    }
    return txn.status();
  }

 private:
  Status apply(std::uint64_t from, std::uint64_t to) {
    CHUANYU_TRY(auto txn, environment_->write());
    CHUANYU_CHECK(log_.for_each_hashed(from, to, [&](std::uint64_t index, BytesView bytes) -> Status {
      const auto entry = ledger::decode(bytes);
      if (!entry.ok()) return error(entry.error().code, entry.error().detail, place_of(index));
      if (shards_.contains(index)) tree_ = {};  // a shard is a tree of its own
      tree_.append(ledger::leaf_hash(bytes));
      versions_.see(index, *entry);
      report_.last_time = entry->time;
      auto body = open(*entry);
      const bool erased = !body.ok() && body.error().code == Code::LOCAL_PAYLOAD_ERASED;
      if (!body.ok() && !erased) return error(body.error().code, body.error().detail, place_of(index));
      if (erased && bodies_ != nullptr) {
        CHUANYU_TRY(const Fate fate, fates_.of(index, *entry));
        ++(fate.lost ? report_.lost : report_.erased);
        if (fate.lost) report_.findings.add(lost_payload(index));
      }
      projection_.apply(txn, {index, *entry, erased ? BytesView() : BytesView(*body), erased});
      return {};
    }));
    projection_.committed();
    return txn.commit();
  }

  // Without a key every sealed body is as good as erased.
  Result<Bytes> open(const ledger::Entry& entry) const {
    if (entry.slot == 0) return Bytes();
    if (bodies_ == nullptr) return error(Code::LOCAL_PAYLOAD_ERASED);
    return bodies_->body(entry);
  }

  Result<std::string> kind_of(std::uint64_t index) const {
    CHUANYU_TRY(const Bytes bytes, log_.entry(index));
    CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
    return entry.what;
  }

  const LogReader& log_;
  const BodyOpener* bodies_;
  ReplayReport& report_;
  Versions versions_;
  Fates fates_;
  std::set<std::uint64_t> shards_;  // where they begin
  TemporaryFolder folder_;
  std::unique_ptr<storage::Environment> environment_;
  State state_;
  exchange::Waiters waiters_{0};
  exchange::Projection projection_{state_, waiters_};
  ledger::Frontier tree_;
};

// How many entries come before the first one that is later.
Result<std::uint64_t> size_until(const LogReader& log, TimeUs until) {
  std::uint64_t size = log.size();
  const Status read = log.for_each_hashed(0, log.size(), [&](std::uint64_t index, BytesView bytes) -> Status {
    CHUANYU_TRY(const ledger::Entry entry, ledger::decode(bytes));
    if (entry.time <= until) return {};
    size = index;
    return error(Code::CLIENT_NOT_FOUND);  // enough
  });
  if (!read.ok() && read.error().code != Code::CLIENT_NOT_FOUND) return read.error();
  return size;
}

void compare(const LiveState* live, ReplayReport& report) {
  if (live == nullptr) return;
  const auto not_compared = [&](std::string why) { report.not_compared = std::move(why); };
  if (live->position.size != report.size) {
    return not_compared("现状已应用 " + std::to_string(live->position.size) + " 条，所重放的是前 " +
                        std::to_string(report.size) + " 条");
  }
  if (!report.bodies) return not_compared("没有密钥，状态不完整：请用 --kek");
  if (live->position.root != report.root || live->position.origin != report.origin) {
    return report.findings.add(error(Code::LOG_TAMPERED, "现状所应用的日志不是这一份", "state/"));
  }
  const bool same = live->digest == report.digest;
  const bool gone = report.erased + report.lost > 0;
  if (same || !gone) report.same = same;
  if (same) return;
  // The live state may still have what the erased bodies said, or the other way round.
  if (gone) return not_compared("有内容已删除或失去，重放不出当时的状态");
  report.findings.add(error(Code::LOG_DIFFERS, "由日志重放的状态与现状不同", "state/"));
}

}  // namespace

Result<LiveState> read_live_state(const std::string& folder) {
  if (!fs::exists(folder + "/state/data.mdb")) {
    return error(Code::CLIENT_NOT_FOUND, "目录中没有状态（导出的目录，或只有日志的副本）", folder);
  }
  if (const Status whole = storage::check_pages(folder + "/state"); !whole.ok()) {
    return error(Code::CLIENT_NOT_FOUND, "状态的数据文件已损坏（可由日志重建）：" + whole.error().detail, folder);
  }
  storage::Options options = state_options(folder + "/state");
  options.read_only = true;
  auto environment = storage::Environment::open(options);
  if (!environment.ok()) return error(Code::CLIENT_NOT_FOUND, "状态不能读取：" + environment.error().detail, folder);
  constexpr int kAttempts = 3;
  for (int i = 0; i < kAttempts; ++i) {
    CHUANYU_TRY(auto before, journal::state_position(**environment));
    CHUANYU_TRY(const auto digest, journal::state_digest(**environment, State::names()));
    CHUANYU_TRY(const auto after, journal::state_position(**environment));
    if (!before) return error(Code::CLIENT_NOT_FOUND, "状态是空的", folder);
    if (before != after) continue;
    State none;
    exchange::Waiters waiters(0);
    if (before->projection != exchange::Projection(none, waiters).version())
      return error(Code::LOG_VERSION, "状态由另一版本的网关写成，不能比较", folder);
    return LiveState{*std::move(before), digest};
  }
  return error(Code::LOCAL_IN_USE, "网关正在运行，状态一直在变：请在停止后，或用副本比较", folder);
}

ReplayReport replay(const LogReader& log, const BodyOpener* bodies, const LiveState* live,
                    const ReplayOptions& options) {
  ReplayReport report;
  report.folder = log.folder();
  report.origin = log.origin();
  report.bodies = bodies != nullptr;
  const auto run = [&]() -> Status {
    std::uint64_t size = live != nullptr ? std::min(live->position.size, log.size()) : log.size();
    if (options.size) size = std::min(*options.size, log.size());
    if (options.until) {
      CHUANYU_TRY(size, size_until(log, *options.until));
    }
    Replaying replaying(log, bodies, report);
    CHUANYU_CHECK(replaying.run(size, options.progress));
    return replaying.count();
  };
  if (const Status done = run(); !done.ok()) {
    report.findings.add(done.error());
  } else {
    compare(live, report);
  }
  return report;
}

}  // namespace chuanyu::audit
