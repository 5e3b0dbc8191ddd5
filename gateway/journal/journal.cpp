#include "gateway/journal/journal.h"

#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "gateway/base/log.h"
#include "gateway/journal/journal_impl.h"
#include "gateway/journal/restore.h"
#include "gateway/journal/rotate.h"
#include "gateway/storage/durable_folder.h"

namespace chuanyu::journal {
namespace {

constexpr std::size_t kGroupCommands = 512;
constexpr std::uint64_t kReaderLag = 10'000;  // commits: from here on a reader that stays costs disk
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;

// The state may be committed later than the log: nobody can tell, because a reader waits for it. Pages that many groups
// touch are then written once. So many entries at most, and not longer than this when nothing else happens.
constexpr std::uint64_t kStateLag = 1024;
constexpr std::chrono::milliseconds kStateIdle{10};

Error shard_closed() { return error(Code::LOCAL_SHARD_CLOSED, "日志正在换卷"); }

// Entries that end what was begun are taken also when the disk is nearly full.
bool closes(ledger::EntryKind kind) {
  using ledger::EntryKind;
  return ledger::is_own(kind) || kind == EntryKind::delivered || kind == EntryKind::refused ||
         kind == EntryKind::expired || kind == EntryKind::acknowledged;
}

}  // namespace

Prepared::Prepared(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Prepared::Prepared(Prepared&&) noexcept = default;
Prepared& Prepared::operator=(Prepared&&) noexcept = default;
Prepared::~Prepared() = default;
const ledger::Entry& Prepared::entry() const { return impl_->sealed.entry; }

ledger::VerifyKeys log_keys(const Options& options) {
  ledger::VerifyKeys keys(options.log_key->verify_key());
  if (options.old_log_key != nullptr) keys.add(options.old_log_key->verify_key());
  return keys;
}

// --- opening and stopping -------------------------------------------------------------------------------------------

Result<std::unique_ptr<Journal>> Journal::open(Options options, Projection& projection) {
  auto impl = std::make_unique<Impl>(std::move(options), projection);
  Options& o = impl->options;
  if (o.clock == nullptr) o.clock = &impl->system_clock;
  if (o.log_key == nullptr) return error(Code::LOCAL_KEY_FILE, "缺少日志签名密钥");
  if (o.profile == ledger::Profile::sm && o.sm2_log_key == nullptr) {
    return error(Code::LOCAL_KEY_FILE, "国密配置缺少 SM2 日志签名密钥");
  }
  CHUANYU_CHECK(check_restored(o.folder));
  CHUANYU_CHECK(storage::make_durable_folder(o.folder + "/blobs"));
  CHUANYU_CHECK(storage::flush_names(o.folder + "/blobs"));  // folders of an earlier process that was killed
  ::chmod(o.folder.c_str(), 0700);

  CHUANYU_CHECK(impl->open_shards());
  CHUANYU_CHECK(settle_rotation(o.folder));
  CHUANYU_TRY(auto keys, KeyStore::open(o.folder + "/keys", std::move(o.key_encryption_key), o.key_epoch, o.profile));
  impl->vault = std::make_unique<Vault>(o.folder, std::move(keys));
  CHUANYU_TRY(impl->state, StateStore::open(o.folder + "/state", projection, *impl->shards, *impl->vault));
  impl->answered = impl->settled = impl->log->size();
  impl->metrics.size.set(static_cast<double>(impl->shards->size()));
  impl->metrics.healthy.set(1);
  CHUANYU_CHECK(impl->start_signers());
  impl->disk = std::make_unique<DiskWatch>(o.folder, o.disk_refuse_percent, o.ballast_bytes, [raw = impl.get()] {
    const int dead = raw->shards->check_readers() + raw->state->check_readers() + raw->vault->keys().check_readers();
    if (dead > 0) log::warn("journal.dead_readers", {{"count", dead}});
    raw->metrics.bytes.set(static_cast<double>(raw->shards->used_bytes()));
    const std::uint64_t lag = raw->log->reader_lag();
    raw->metrics.reader_lag.set(static_cast<double>(lag));
    if (lag > kReaderLag) log::warn("journal.reader_lag", {{"transactions", lag}});
  });
  impl->scrubber = std::make_unique<Scrubber>(*impl->shards, o.folder, o.scrub_entries_per_second);
  impl->writer = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

// A shard that is closed is followed by the next as soon as its last checkpoint stands.
Status Journal::Impl::open_shards() {
  const Shards::Place place{options.folder, options.origin, log_keys(options), options.log_map_bytes};
  CHUANYU_TRY(shards, Shards::open(place));
  const auto take_last = [this]() -> Status {
    log = &shards->last();
    base = shards->base();
    CHUANYU_TRY(closed, shards->closed());
    return {};
  };
  CHUANYU_CHECK(take_last());
  CHUANYU_TRY(const bool ended, complete());
  if (!ended || !options.opens_next) return {};
  CHUANYU_CHECK(shards->open_next(place, {options.gateway, options.who, options.clock->now()}, {}));
  log::info("journal.shard_opened", {{"origin", shards->last().origin()}, {"base", shards->base()}});
  return take_last();
}

// Its last entry is under a checkpoint that is accepted, and under one of the second tree where there is one.
Result<bool> Journal::Impl::complete() const {
  if (!closed) return false;
  CHUANYU_TRY(const auto last, log->checkpoint_from(log->size(), options.closes_with));
  if (!last) return false;
  if (options.profile != ledger::Profile::sm) return true;
  CHUANYU_TRY(const auto second, log->last_sm3_checkpoint());
  return second && second->size == log->size();
}

Status Journal::Impl::start_signers() {
  const auto for_writer = [this](auto& waiting) {
    return [this, &waiting](auto made) {
      const std::lock_guard guard(mutex);
      waiting = std::move(made);
      changed.notify_one();
    };
  };
  if (options.profile == ledger::Profile::sm) {
    CHUANYU_TRY(sm3_signer, Sm3Signer::start(*log, options.sm2_log_key, for_writer(sm3)));
  }
  if (const auto& last = log->checkpoint_at_open()) publish(*last);
  CHUANYU_TRY(signer,
              Signer::start(*log, {options.log_key, options.old_log_key, options.sm2_log_key}, for_writer(note)));
  return {};
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() { stop(); }
void Journal::stop() {
  std::call_once(impl_->stopped, [this] { impl_->stop(); });
}

void Journal::Impl::stop() {
  {
    const std::lock_guard guard(mutex);
    draining = true;
  }
  changed.notify_all();
  if (writer.joinable()) writer.join();
  signer->stop();
  disk.reset();
  scrubber.reset();
  if (failed) return;
  store_last_notes();
  if (const Status flushed = state->close_cleanly(); !flushed.ok()) {
    log::warn("journal.state_not_flushed", {{"detail", flushed.error().detail}});
  }
}

// The writer has ended: this thread may write.
void Journal::Impl::store_last_notes() {
  const auto store = [this](const auto& put) {
    Status stored = log->begin();
    if (stored.ok()) {
      put();
      stored = log->commit();
    }
    if (!stored.ok()) log::error("journal.checkpoint_not_stored", {{"detail", stored.error().detail}});
    return stored.ok();
  };
  if (note && store([this] { log->put_checkpoint(*note); })) publish(*note);
  if (!sm3_signer) return;
  sm3_signer->stop();
  if (sm3) store([this] { log->put_sm3(*sm3); });
}

// --- request threads ------------------------------------------------------------------------------------------------

Sealed Journal::Impl::seal(Draft draft) const {
  if (draft.entry.time == 0) draft.entry.time = options.clock->now();
  if (draft.entry.gateway.empty()) draft.entry.gateway = options.gateway;
  return vault->seal(std::move(draft.entry), std::move(draft.body));
}

Prepared Journal::prepare(Draft draft) const {
  return Prepared(std::make_unique<Prepared::Impl>(Prepared::Impl{impl_->seal(std::move(draft))}));
}

void Journal::submit(Command command) {
  std::vector<Command> one;
  one.push_back(std::move(command));
  submit(std::move(one));
}

// These three with the lock held.
std::optional<Error> Journal::Impl::refuses_all() const {
  if (failed) return error(Code::LOCAL_LOG_UNAVAILABLE, "交换日志已停止写入");
  if (draining) return error(Code::LOCAL_DRAINING);
  if (held && held->whole) return held->why;
  if (closed) return shard_closed();
  return std::nullopt;
}

// What opens an exchange; what ends one is taken.
std::optional<Error> Journal::Impl::refuses_new() const {
  if (held) return held->why;
  if (disk->full()) return error(Code::LOCAL_DISK_FULL, "磁盘空间低于保留值");
  return std::nullopt;
}

// Why none of the commands may be queued.
std::optional<Error> Journal::Impl::refusal(const std::vector<Command>& commands) const {
  if (auto why = refuses_all()) return why;
  if (!queue.empty() && queue.size() + commands.size() > options.queue_commands) {
    return error(Code::LOCAL_OVERLOADED, "等待写入日志的请求过多");
  }
  const bool opens = std::any_of(commands.begin(), commands.end(),
                                 [](const Command& command) { return !closes(command.prepared.entry().kind); });
  return opens ? refuses_new() : std::nullopt;
}

std::optional<Error> Journal::refuses() const {
  const std::lock_guard guard(impl_->mutex);
  auto why = impl_->refuses_all();
  return why ? why : impl_->refuses_new();
}

void Journal::submit(std::vector<Command> commands) {
  if (commands.empty()) return;
  std::optional<Error> refused;
  {
    const std::lock_guard guard(impl_->mutex);
    refused = impl_->refusal(commands);
    if (!refused) {
      std::move(commands.begin(), commands.end(), std::back_inserter(impl_->queue));
      impl_->metrics.queue.set(static_cast<double>(impl_->queue.size()));
    }
  }
  if (!refused) {
    impl_->changed.notify_one();
    return;
  }
  impl_->metrics.refused.add(static_cast<double>(commands.size()));
  for (Command& command : commands) {
    if (command.done) command.done(Outcome{*refused, false, false, {}});
  }
}

void Journal::Impl::refuse_writer_thread(const char* what) const {
  if (std::this_thread::get_id() != writer.get_id()) return;
  std::fprintf(stderr, "Journal::%s on the writer thread would wait for itself\n", what);
  std::abort();
}

Outcome Journal::append(Draft draft) {
  impl_->refuse_writer_thread("append");
  std::promise<Outcome> promise;
  submit(Command{prepare(std::move(draft)), {}, [&promise](const Outcome& outcome) { promise.set_value(outcome); }});
  return promise.get_future().get();
}

// --- the writer thread ----------------------------------------------------------------------------------------------

// Waits until there is something to do; false when there is nothing left and the journal stops. While one commit runs,
// the next group forms.
bool Journal::Impl::take_group(Group& group) {
  group = {};
  // On a busy core the requests that are being made ready come first: a commit costs the same for one and for fifty.
  std::this_thread::yield();
  std::unique_lock lock(mutex);
  const auto something = [this] {
    return !queue.empty() || note || sm3 || !cosignatures.empty() || draining || state_wanted;
  };
  if (settled == answered) {
    changed.wait(lock, something);
  } else if (!changed.wait_for(lock, kStateIdle, something)) {
    state_wanted = true;
  }
  group.note = std::exchange(note, std::nullopt);
  group.sm3 = std::exchange(sm3, std::nullopt);
  group.cosignatures = std::exchange(cosignatures, {});
  group.settle = std::exchange(state_wanted, false);
  std::size_t bytes = 0;
  while (!queue.empty() && group.commands.size() < kGroupCommands && bytes < kGroupBytes) {
    bytes += queue.front().prepared.impl_->sealed.encoded.size();
    group.commands.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  metrics.queue.set(static_cast<double>(queue.size()));
  return !group.empty();
}

void Journal::Impl::run() {
  ::pthread_setname_np(::pthread_self(), "log-writer");
  Group group;
  while (take_group(group)) {
    if (const Status committed = commit_group(group); !committed.ok()) return fail(committed.error(), group);
    if (group.commands.empty()) continue;
    const auto answer_all = [&] { answer(group); };
    options.around_answers ? options.around_answers(answer_all) : answer_all();
  }
  if (const Status last = settle_state(); !last.ok()) fail(last.error(), group);
}

Status Journal::Impl::commit_group(Group& group) {
  const std::uint64_t before = log->size();
  std::uint64_t appended = 0;
  if (group.writes()) {
    CHUANYU_CHECK(state->begin());  // first: it may be open still, and two locks are taken in one order
    CHUANYU_CHECK(log->begin());
    group.outcomes.assign(group.commands.size(), Outcome{});
    for (std::size_t i = 0; i < group.commands.size(); ++i) {
      appended += decide(group.commands[i], group.outcomes[i]) ? 1 : 0;
    }
    CHUANYU_CHECK(state->txn().status());  // before anything is durable
    CHUANYU_CHECK(commit_log(group, appended));
  }
  // The entries are durable whatever happens to the state: recovery would apply them again. Where there are readers
  // they shall not have to wait for the state.
  const bool readers = state_read.exchange(false) || group.settle;
  if (readers || before + appended - settled >= kStateLag) CHUANYU_CHECK(settle_state());
  answered = before + appended;
  metrics.unsigned_entries.set(static_cast<double>(before + appended - std::min(before, signer->signed_size())));
  metrics.healthy.set(signer->healthy() ? 1 : 0);
  return {};
}

Status Journal::Impl::commit_log(Group& group, std::uint64_t appended) {
  if (appended == 0 && !group.signs()) {
    log->abort();
    return {};
  }
  if (group.note) log->put_checkpoint(*group.note);
  if (group.sm3) log->put_sm3(*group.sm3);
  for (const Cosignatures& of : group.cosignatures) {
    for (const ledger::NoteSignature& line : of.lines) log->put_cosignature(of.size, line);
  }
  const auto start = std::chrono::steady_clock::now();
  CHUANYU_CHECK(log->commit());
  metrics.commit.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (closing) closed = true;
  if (group.note) publish(*group.note);
  if (sm3_signer) metrics.sm3_size.set(static_cast<double>(sm3_signer->size()));
  if (group.signs() && options.on_checkpoint) options.on_checkpoint();
  if (appended == 0) return {};
  signer->grown();
  metrics.entries.add(static_cast<double>(appended));
  metrics.group.observe(static_cast<double>(appended));
  metrics.size.set(static_cast<double>(base + log->size()));
  return {};
}

// Commits the state up to the durable end of the log.
Status Journal::Impl::settle_state() {
  const std::uint64_t size = log->size();
  if (settled != size) CHUANYU_CHECK(state->commit(base + size, log->root()));
  state->abort();  // what a group without entries began; this thread's lock must not outlive it
  {
    const std::lock_guard guard(mutex);
    settled = size;
  }
  state_settled.notify_all();
  return {};
}

void Journal::Impl::answer(const Group& group) {
  projection.committed();
  for (std::size_t i = 0; i < group.commands.size(); ++i) {
    if (group.commands[i].done) group.commands[i].done(group.outcomes[i]);
  }
}

// True when an entry was appended.
bool Journal::Impl::decide(Command& command, Outcome& outcome) {
  Sealed& prepared = command.prepared.impl_->sealed;
  if (!prepared.status.ok()) {
    outcome.status = prepared.status;
    return false;
  }
  if (closed || closing) {  // by a command before it
    outcome.status = shard_closed();
    return false;
  }
  Verdict verdict;
  if (command.decide) verdict = command.decide(state->txn());
  if (verdict.act == Verdict::Act::drop) return false;
  if (verdict.act == Verdict::Act::append) {
    append(prepared, outcome);
    return true;
  }
  const Sealed replacement = seal(std::move(verdict.draft));
  outcome.status = replacement.status;
  if (!replacement.status.ok()) return false;
  outcome.replaced = true;
  append(replacement, outcome);
  return true;
}

void Journal::Impl::append(const Sealed& sealed, Outcome& outcome) {
  const std::uint64_t index = base + log->append(sealed.encoded, sealed.leaf);
  if (sealed.entry.kind == ledger::EntryKind::shard_close) closing = true;
  state->apply(Applied{index, sealed.entry, sealed.body, false});
  outcome.appended = true;
  outcome.receipt = Receipt{index, sealed.leaf, sealed.entry.time};
}

// A commit that failed may or may not be on disk, and a second try may seem to succeed on lost pages: only a new
// process that goes through recovery can tell.
void Journal::Impl::fail(const Error& cause, Group& group) {
  log::error("journal.failed", {{"code", to_string(cause.code)}, {"detail", cause.detail}});
  metrics.healthy.set(0);
  std::vector<Command> waiting = std::move(group.commands);
  {
    const std::lock_guard guard(mutex);
    failed = true;
    std::move(queue.begin(), queue.end(), std::back_inserter(waiting));
    queue.clear();
  }
  state_settled.notify_all();
  log->abort();
  state->abort();
  const Outcome outcome{error(Code::LOCAL_LOG_UNAVAILABLE, "交换日志写入失败"), false, false, {}};
  for (Command& command : waiting) {
    if (command.done) command.done(outcome);
  }
  if (options.on_fatal) options.on_fatal(cause);
}

void Journal::Impl::publish(const SignedNote& stored) {
  {
    const std::lock_guard guard(published_mutex);
    published = stored.note;
    published_size = stored.size;
  }
  if (sm3_signer) sm3_signer->follow(stored.size);
}

}  // namespace chuanyu::journal
