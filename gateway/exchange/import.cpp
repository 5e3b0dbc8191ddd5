#include <condition_variable>
#include <mutex>
#include <utility>

#include "gateway/exchange/filing.h"
#include "gateway/exchange/publish.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kGroup = 256;      // rows submitted at a time
constexpr std::size_t kInFlight = 1024;  // rows that may wait for their commit

// What became of the rows that were submitted; the document's thread waits here when it is too far ahead.
class Tally {
 public:
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

// One import on its way: rows are converted here and handed to the journal in groups.
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
    submit_group();
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
          reject(record.error(), {}, 0);
          continue;
        }
        if (record->bytes.empty()) break;
        row(adapter, *record);
        CHUANYU_CHECK(tally_.failure());
      }
      if (chunk.empty()) return {};
    }
  }

  void row(const adapters::Adapter& adapter, const adapters::RecordReader::Record& record) {
    auto filed = file_record(desk_, adapter, world_->checks_of(owner_.uscc), owner_, record.bytes);
    if (!filed.ok()) return reject(filed.error(), record.bytes, record.line);
    ++result_.rows;
    if (!filed->notes.empty()) ++result_.noted;
    ledger::Entry entry = entry_;
    entry.time = desk_.clock.now();
    entry.native_in = desk_.journal.keyed_digest(record.bytes);
    v1::LogBody body = row_body();
    body.set_native_in(std::string(record.bytes));
    *filed = write_filed(std::move(*filed), entry, body);
    journal::Command job{desk_.journal.prepare({std::move(entry), serialise(body)}), {}, {}};
    job.decide = [this, token = filed->token, digest = filed->digest](const storage::ReadTxn& state) {
      const auto present = desk_.state.record(state, token);
      journal::Verdict verdict;
      if (present && digest.starts_with(present->digest)) verdict.act = journal::Verdict::Act::drop;
      return verdict;
    };
    job.done = [this](const journal::Outcome& outcome) { tally_.done(outcome, false); };
    add(std::move(job));
  }

  void reject(const Error& why, std::string_view native, std::uint64_t line) {
    ++result_.rows;
    ++result_.rejected;
    if (result_.rejections.size() < kListedRejections) result_.rejections.push_back({result_.rows, line, why});
    ledger::Entry entry = entry_;
    entry.kind = why.code == Code::CLIENT_NOT_OWNER ? EntryKind::denied : EntryKind::failed;
    entry.time = desk_.clock.now();
    entry.native_in = desk_.journal.keyed_digest(native);
    entry.allowed = false;
    entry.result = to_string(why.code);
    v1::LogBody body = row_body();
    body.clear_idempotency();
    body.set_native_in(std::string(native));
    body.set_error_detail(why.detail);
    body.set_error_where(why.where);
    journal::Command job{desk_.journal.prepare({std::move(entry), serialise(body)}), {}, {}};
    job.done = [this](const journal::Outcome& outcome) { tally_.done(outcome, true); };
    add(std::move(job));
  }

  v1::LogBody row_body() const {
    v1::LogBody body = desk_.body(command_.command, stamp_);
    body.set_row(result_.rows);
    return body;
  }

  void add(journal::Command job) {
    group_.push_back(std::move(job));
    if (group_.size() >= kGroup) submit_group();
  }

  void submit_group() {
    if (group_.empty()) return;
    tally_.submitted(group_.size());
    desk_.journal.submit(std::exchange(group_, {}));
  }

  Desk& desk_;
  const ImportCommand& command_;
  std::shared_ptr<const World> world_;
  const identity::Party& owner_;
  ledger::Entry entry_;
  Stamp stamp_;
  Imported result_;
  Tally tally_;
  std::vector<journal::Command> group_;
};

}  // namespace

std::variant<Imported, Failure> Publishing::import_records(ImportCommand command) {
  const auto world = desk_.world();
  const std::string_view what = adapters::to_string(command.kind);
  const identity::Party& owner = command.command.principal->party();
  // The document is not known yet, so a repeated key is told by what else the command says; the rows tell themselves.
  const Stamp stamp = desk_.stamp(command.command, "import/" + std::string(what), {});
  const auto earlier = desk_.repeated(stamp);
  if (!earlier.ok()) return Failure{earlier.error(), {}, {}};
  const Uuid exchange = *earlier ? **earlier : Uuid::make(desk_.clock.now());

  Import import(desk_, command, world, stamp, exchange);
  const auto refuse = [&](EntryKind kind, Error why) {
    ledger::Entry entry = import.entry();
    entry.kind = kind;
    entry.result = to_string(why.code);
    const journal::Outcome outcome = desk_.journal.append({std::move(entry), {}});
    return Failure{outcome.status.ok() ? std::move(why) : outcome.status.error(), exchange, {}};
  };
  if (!desk_.decide(*world, policy::Verb::publish, what, owner, &owner, owner.home, command.command.purpose,
                    import.entry())) {
    return refuse(EntryKind::denied, error(Code::CLIENT_POLICY_DENIED, "策略不允许本机构为此事项发布这类记录"));
  }
  const auto adapter = world->adapter(owner, what);
  if (!adapter)
    return refuse(EntryKind::failed,
                  error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载"));
  return import.run(*adapter);
}

}  // namespace chuanyu::exchange
