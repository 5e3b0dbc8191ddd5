#include "gateway/journal/journal_impl.h"

namespace chuanyu::journal {

Result<storage::ReadTxn> Journal::state() const {
  impl_->await_state();
  return impl_->state->environment().read();
}

// Until the state has what was answered before this call.
void Journal::Impl::await_state() {
  refuse_writer_thread("state");
  const std::uint64_t wanted = answered;
  state_read = true;
  if (settled >= wanted) return;
  std::unique_lock lock(mutex);
  state_wanted = true;
  changed.notify_one();
  state_settled.wait(lock, [&] { return settled >= wanted || failed; });
}

Result<storage::ReadTxn> Journal::state_of_late() const { return impl_->state->environment().read(); }
const storage::Environment& Journal::state_environment() const {
  impl_->await_state();
  return impl_->state->environment();
}

Result<Stored> Journal::read(std::uint64_t index) const {
  CHUANYU_TRY(const Bytes bytes, impl_->shards->read(index));
  CHUANYU_TRY(ledger::Entry entry, ledger::decode(bytes));
  CHUANYU_TRY(Opened opened, impl_->vault->open(entry));
  return Stored{index, std::move(entry), std::move(opened.body), opened.erased};
}

Status Journal::destroy_keys(const std::vector<std::uint64_t>& slots) { return impl_->vault->keys().destroy(slots); }

std::uint64_t Journal::size() const { return impl_->shards->size(); }
crypto::Digest Journal::token(BytesView value) const {
  return crypto::hmac_sha256(impl_->vault->keys().token_key(), value);
}
crypto::Digest Journal::keyed_digest(BytesView value) const {
  return crypto::hmac_sha256(impl_->vault->keys().digest_key(), value);
}
std::string Journal::checkpoint() const {
  const std::lock_guard guard(impl_->published_mutex);
  return impl_->published;
}

std::uint64_t Journal::signed_size() const { return impl_->base + impl_->published_size; }

Result<std::string> Journal::cosigned_checkpoint() const {
  CHUANYU_TRY(const auto found, impl_->log->last_cosigned());
  return found ? found->note : std::string();
}

Result<ledger::Proof> Journal::consistency(std::uint64_t old_size, std::uint64_t size) const {
  return ledger::consistency_proof(old_size, size, ledger::node_reader(impl_->log->tiles()));
}

Result<ledger::ProvenEntry> Journal::prove(std::uint64_t index, const Accept& accept) const {
  const Shard& shard = impl_->shards->holding(index);
  const std::uint64_t place = index - shard.base;  // in its own tree
  CHUANYU_TRY(const auto checkpoint, shard.log->checkpoint_from(place + 1, accept));
  if (!checkpoint) return error(Code::CLIENT_NOT_FOUND, "还没有覆盖该条目的检查点");
  ledger::ProvenEntry made;
  made.index = place;
  CHUANYU_TRY(made.entry, shard.log->read(place));
  CHUANYU_TRY(made.proof, ledger::inclusion_proof(place, checkpoint->size, ledger::node_reader(shard.log->tiles())));
  made.checkpoint = checkpoint->note;
  return made;
}

Result<const Shard*> Journal::Impl::shard_of(const Origin& origin) const {
  if (!origin) return &shards->all().back();
  for (const Shard& shard : shards->all()) {
    if (shard.log->origin() == *origin) return &shard;
  }
  return error(Code::CLIENT_NOT_FOUND, "本日志没有以此为名的分卷", "origin");
}

// Entries under the shard's last stored checkpoint.
std::uint64_t Journal::Impl::signed_in(const Shard& shard) const {
  if (shard.log.get() == log) return published_size;
  return shard.log->checkpoint_at_open() ? shard.log->checkpoint_at_open()->size : 0;
}

Result<const LogStore*> Journal::Impl::covering(const Origin& origin, const ledger::TilePath& wanted) const {
  CHUANYU_TRY(const Shard* shard, shard_of(origin));
  const unsigned width = ledger::tile_width(wanted.tile, signed_in(*shard));
  if (wanted.width <= width) return shard->log.get();
  return error(Code::CLIENT_NOT_FOUND, "最新的检查点之下，这一块只有 " + std::to_string(width) + " 项");
}

Result<std::string> Journal::checkpoint_of(const Origin& origin) const {
  CHUANYU_TRY(const Shard* shard, impl_->shard_of(origin));
  std::string note;
  if (shard->log.get() == impl_->log) {
    note = checkpoint();
  } else if (const std::uint64_t size = impl_->signed_in(*shard); size > 0) {
    CHUANYU_TRY(const auto found, shard->log->checkpoint_from(size, {}));
    if (found) note = found->note;
  }
  if (note.empty()) return error(Code::CLIENT_NOT_FOUND, "尚无检查点");
  return note;
}

Result<Bytes> Journal::tile(const Origin& origin, const ledger::TilePath& wanted) const {
  CHUANYU_TRY(const LogStore* log, impl_->covering(origin, wanted));
  auto hashes = log->tile(wanted.tile);
  const std::size_t bytes = wanted.width * ledger::kHashBytes;
  const bool lacking = hashes.ok() ? hashes->size() < bytes : hashes.error().code == Code::LOG_INCOMPLETE;
  if (lacking) return error(Code::LOCAL_CORRUPT, "哈希块不完整", ledger::tile_path(wanted.tile, wanted.width));
  if (hashes.ok()) hashes->resize(bytes);
  return hashes;
}

Result<Bytes> Journal::bundle(const Origin& origin, const ledger::TilePath& wanted) const {
  CHUANYU_TRY(const LogStore* log, impl_->covering(origin, wanted));
  const std::uint64_t first = wanted.tile.number * ledger::kTileWidth;
  Bytes bundle;
  CHUANYU_CHECK(log->for_each(first, first + wanted.width, [&](std::uint64_t, BytesView entry) -> Status {
    ledger::append_to_bundle(bundle, entry);
    return {};
  }));
  return bundle;
}

void Journal::add_cosignatures(std::uint64_t size, std::vector<ledger::NoteSignature> lines) {
  const std::lock_guard guard(impl_->mutex);
  impl_->cosignatures.push_back({size, std::move(lines)});
  impl_->changed.notify_one();
}

void Journal::hold(std::optional<Hold> hold) {
  const std::lock_guard guard(impl_->mutex);
  impl_->held = std::move(hold);
}

std::uint64_t Journal::base() const { return impl_->base; }
std::string Journal::origin() const { return impl_->log->origin(); }
bool Journal::closed() const { return impl_->closed; }
Result<bool> Journal::complete() const { return impl_->complete(); }

TimeUs Journal::opened() const {
  const auto first = impl_->log->read(0);
  const auto entry = ledger::decode(first.ok() ? BytesView(*first) : BytesView());
  return entry.ok() ? entry->time : 0;
}

Outcome Journal::close_shard(const std::string& who) {
  Draft last;
  last.entry.kind = ledger::EntryKind::shard_close;
  last.entry.time = impl_->options.clock->now();
  last.entry.exchange = Uuid::make(last.entry.time);
  last.entry.basis = who;
  return append(std::move(last));
}

const crypto::SigningKey& Journal::signing_key() const {
  return impl_->options.old_log_key != nullptr ? *impl_->options.old_log_key : *impl_->options.log_key;
}
bool Journal::healthy() const {
  return !impl_->failed && impl_->signer->healthy() && impl_->vault->keys().healthy() &&
         (!impl_->sm3_signer || impl_->sm3_signer->healthy()) && (!impl_->scrubber || impl_->scrubber->healthy());
}

}  // namespace chuanyu::journal
