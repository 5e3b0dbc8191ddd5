#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/exchange/filing.h"
#include "gateway/exchange/gaps.h"
#include "gateway/exchange/publish.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kGroup = 256;  // rows converted and submitted at a time
constexpr std::size_t kAtOnce = 64;  // records given to an adapter in one call
constexpr std::size_t kGroupBytes = std::size_t{1} << 20;
constexpr std::size_t kConverters = 2;
constexpr std::size_t kInFlight = 1024;  // rows that may wait for their commit

// What became of the rows that were submitted; the document's thread waits here when it is too far ahead.
class Tally {
 public:
  // The rows under way report here, whatever ended the import.
  ~Tally() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return in_flight_ == 0; });
  }
  void submitted(std::size_t count) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return in_flight_ + count <= kInFlight; });
    in_flight_ += count;
  }
  void done(const journal::Outcome& outcome, bool refusal) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    if (!outcome.status.ok()) {
      if (failure_.ok()) failure_ = outcome.status;
    } else if (outcome.appended) {
      if (!refusal) ++accepted_;
      if (outcome.receipt.index > last_.index) last_ = outcome.receipt;
    } else {
      ++unchanged_;
    }
    // Once for a group, not for each row: who waits, waits for room for a group or for the end.
    if (in_flight_ == kInFlight - kGroup || in_flight_ == 0) room_.notify_all();
  }
  Status failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  Status finish(Imported& result) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return in_flight_ == 0; });
    result.accepted = accepted_;
    result.unchanged = unchanged_;
    result.receipt = last_;
    return failure_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t in_flight_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t unchanged_ = 0;
  journal::Receipt last_;
  Status failure_;
};

// A record of the document, and what is to be done about it.
struct Row {
  std::uint64_t number = 0;
  std::uint64_t line = 0;
  Bytes native{};
  std::optional<Error> error{};  // why it is rejected
  bool noted = false;
  std::optional<journal::Command> command{};
};

// A thread that converts groups of rows, one after the other.
class Converter {
 public:
  using Task = std::packaged_task<std::vector<Row>()>;

  Converter() : thread_([this] { work(); }) {}
  ~Converter() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  void take(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

// One import on its way: rows are gathered as they are read, converted together and handed to the journal in order.
class Import {
 public:
  Import(Desk& desk, const ImportCommand& command, std::shared_ptr<const World> world, Stamp stamp,
         const Uuid& exchange)
      : desk_(desk),
        command_(command),
        world_(std::move(world)),
        owner_(command.command.principal->party()),
        entry_(desk.entry(EntryKind::published, command.command, *world_, exchange, adapters::to_string(command.kind))),
        stamp_(std::move(stamp)) {
    result_.exchange = exchange;
  }

  ledger::Entry& entry() { return entry_; }

  std::variant<Imported, Failure> run(const adapters::Adapter& adapter) {
    const std::unique_ptr<adapters::RecordReader> reader = adapter.reader();
    Status read = pump(adapter, *reader);
    convert_group(adapter);
    while (!converting_.empty()) hand_over();
    const Status stored = tally_.finish(result_);
    if (!stored.ok()) return Failure{stored.error(), result_.exchange, {}};
    if (!read.ok()) {
      result_.broken_off = true;
      result_.end = read.error();
    }
    return std::move(result_);
  }

 private:
  Status pump(const adapters::Adapter& adapter, adapters::RecordReader& reader) {
    while (true) {
      CHUANYU_TRY(const std::string_view chunk, command_.read());
      reader.feed(chunk, chunk.empty());
      while (true) {
        auto record = reader.next();
        if (!record.ok()) {
          if (reader.fatal()) return record.error();
          add({++result_.rows, 0, {}, record.error()});
        } else if (record->bytes.empty()) {
          break;
        } else {
          add({++result_.rows, record->line, Bytes(record->bytes)});
        }
        if (rows_.size() < kGroup && bytes_ < kGroupBytes) continue;
        convert_group(adapter);
        CHUANYU_CHECK(tally_.failure());
      }
      if (chunk.empty()) return {};
    }
  }

  void add(Row row) {
    bytes_ += row.native.size();
    rows_.push_back(std::move(row));
  }

  // Converting is most of an import's work and no row needs another, so groups are converted beside the reading; they
  // are handed over in their order. What is less than a group is not worth a thread.
  void convert_group(const adapters::Adapter& adapter) {
    const bool small = rows_.size() < kGroup && bytes_ < kGroupBytes && converting_.empty();
    bytes_ = 0;
    Converter::Task task([this, &adapter, rows = std::exchange(rows_, {})]() mutable {
      for (std::size_t i = 0; i < rows.size(); i += kAtOnce)
        convert(adapter, {rows.data() + i, std::min(kAtOnce, rows.size() - i)});
      return std::move(rows);
    });
    while (converting_.size() >= kConverters) hand_over();
    converting_.push_back(task.get_future());
    if (small) return task();
    std::unique_ptr<Converter>& converter = converters_[next_++ % kConverters];
    if (!converter) converter = std::make_unique<Converter>();
    converter->take(std::move(task));
  }

  void hand_over() {
    std::vector<Row> rows = converting_.front().get();
    converting_.pop_front();
    std::vector<journal::Command> commands;
    commands.reserve(rows.size());
    for (Row& row : rows) {
      if (row.noted) ++result_.noted;
      if (row.error) {
        ++result_.rejected;
        if (result_.rejections.size() < kListedRejections)
          result_.rejections.push_back({row.number, row.line, std::move(*row.error)});
      }
      commands.push_back(std::move(*row.command));
    }
    tally_.submitted(commands.size());
    desk_.journal.submit(std::move(commands));
  }

  // A plug-in's worker is asked for many records at once.
  void convert(const adapters::Adapter& adapter, std::span<Row> rows) const {
    std::vector<std::string_view> natives;
    for (const Row& row : rows) {
      if (!row.error) natives.emplace_back(row.native);
    }
    auto converted = adapter.get_many(natives, world_->checks_of(owner_.uscc));
    auto next = converted.begin();
    for (Row& row : rows) {
      if (row.error)
        refuse(row);
      else
        file(adapter.profile(), row, std::move(*next++));
    }
  }

  void file(const adapters::Profile& profile, Row& row, Result<adapters::Converted> converted) const {
    auto filed = converted.ok() ? file_converted(desk_, profile, owner_, std::move(*converted))
                                : Result<Filed>(std::move(converted).error());
    if (filed.ok()) return publish(row, std::move(*filed));
    row.error = filed.error();
    refuse(row);
  }

  void publish(Row& row, Filed filed) const {
    row.noted = !filed.notes.empty();
    ledger::Entry entry = entry_;
    entry.time = desk_.clock.now();
    entry.native_in = desk_.journal.keyed_digest(row.native);
    v1::LogBody body = body_of(row);
    filed = write_filed(desk_, std::move(filed), entry, body);
    journal::Command& job =
        row.command.emplace(journal::Command{desk_.journal.prepare({std::move(entry), serialise(body)}), {}, {}});
    job.decide = [this, token = std::move(filed.token),
                  digest = std::move(filed.digest)](const storage::ReadTxn& state) {
      const auto present = desk_.state.record(state, token);
      journal::Verdict verdict;
      if (present && digest.starts_with(present->digest)) verdict.act = journal::Verdict::Act::drop;
      return verdict;
    };
    job.done = [this](const journal::Outcome& outcome) { tally_.done(outcome, false); };
  }

  void refuse(Row& row) const {
    ledger::Entry entry = entry_;
    entry.kind = row.error->code == Code::CLIENT_NOT_OWNER ? EntryKind::denied : EntryKind::failed;
    entry.time = desk_.clock.now();
    entry.native_in = desk_.journal.keyed_digest(row.native);
    entry.allowed = false;
    entry.result = to_string(row.error->code);
    v1::LogBody body = body_of(row);
    body.clear_idempotency();
    add_gap(desk_, entry.mapping_in.id, *row.error, body);
    body.set_error_detail(row.error->detail);
    body.set_error_where(row.error->where);
    journal::Command& job =
        row.command.emplace(journal::Command{desk_.journal.prepare({std::move(entry), serialise(body)}), {}, {}});
    job.done = [this](const journal::Outcome& outcome) { tally_.done(outcome, true); };
  }

  // Takes the native bytes.
  v1::LogBody body_of(Row& row) const {
    v1::LogBody body = desk_.body(command_.command, stamp_);
    body.set_row(row.number);
    body.set_native_in(std::move(row.native));
    return body;
  }

  Desk& desk_;
  const ImportCommand& command_;
  std::shared_ptr<const World> world_;
  const identity::Party& owner_;
  ledger::Entry entry_;
  Stamp stamp_;
  Imported result_;
  mutable Tally tally_;    // has its own lock: the writer's thread reports to it
  std::vector<Row> rows_;  // read, not yet being converted
  std::size_t bytes_ = 0;
  std::deque<std::future<std::vector<Row>>> converting_;
  std::array<std::unique_ptr<Converter>, kConverters> converters_;
  std::size_t next_ = 0;
};

}  // namespace

std::variant<Imported, Failure> Publishing::import_records(const ImportCommand& command) {
  const auto world = desk_.world();
  const std::string_view what = adapters::to_string(command.kind);
  const identity::Party& owner = command.command.principal->party();
  // The document is not known yet, so a repeated key is told by what else the command says; the rows tell themselves.
  const Stamp stamp = desk_.stamp(command.command, "import/" + std::string(what), {});
  const auto earlier = desk_.repeated(stamp);
  if (!earlier.ok()) return Failure{earlier.error(), {}, {}};
  const Uuid exchange = *earlier ? **earlier : Uuid::make(desk_.clock.now());

  Import import(desk_, command, world, stamp, exchange);
  const auto refuse = [&](EntryKind kind, const Error& why) {
    ledger::Entry entry = import.entry();
    entry.kind = kind;
    entry.result = to_string(why.code);
    const journal::Outcome outcome = desk_.journal.append({std::move(entry), {}});
    return Failure{outcome.status.ok() ? why : outcome.status.error(), exchange, {}};
  };
  if (!desk_.decide(*world, policy::Verb::publish, what, owner, &owner, owner.home, command.command.purpose,
                    import.entry())) {
    return refuse(EntryKind::denied, error(Code::CLIENT_POLICY_DENIED, "策略不允许本机构为此事项发布这类记录"));
  }
  const auto adapter = world->adapter(owner, what);
  if (!adapter)
    return refuse(EntryKind::failed,
                  error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载"));
  import.entry().mapping_in = mapping_of(adapter->profile());
  return import.run(*adapter);
}

}  // namespace chuanyu::exchange
