#include "gateway/exchange/projection.h"

#include <algorithm>
#include <utility>

#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kMappingVersionBytes = 16;  // u64 fingerprint ‖ u64 log index

void add_index(ExchangeRow& row, std::uint64_t index) {
  if (row.verb == Verb::import && row.entries.size() == 2) {
    row.entries[1] = index;
  } else if (row.entries.size() < kMaxListed) {
    row.entries.push_back(index);
  }
}

}  // namespace

void Projection::apply(storage::WriteTxn& txn, const journal::Applied& applied) {
  const ledger::Entry& entry = applied.entry;
  thread_local v1::LogBody body;  // parsing clears it; its strings keep their room
  body.ParseFromArray(applied.body.data(), static_cast<int>(applied.body.size()));
  if (ledger::is_own(entry.kind)) {
    body.Clear();  // of these it is the content, when that is long
  } else if (body.has_rerun_of()) {
    // What fails again stays; it was counted and listed when it failed first.
    const bool over = (entry.kind != EntryKind::failed && entry.kind != EntryKind::denied) ||
                      entry.result == to_string(Code::CLIENT_STATE_CONFLICT);
    if (over) release(txn, quarantine_key(entry.from, body.rerun_of().index()));
  } else {
    if (body.notes_size() > 0) count_gaps(txn, applied, body);
    if (entry.result == to_string(Code::RECORD_QUARANTINED)) quarantine(txn, applied, body);
  }
  switch (entry.kind) {
    case EntryKind::published: return published(txn, applied, body);
    case EntryKind::accepted:
      open_exchange(txn, applied, body, Verb::push,
                    entry.peer.empty() ? ExchangeStatus::delivered : ExchangeStatus::accepted);
      return entry.peer.empty() ? to_inbox(txn, entry.to, applied, applied.index) : to_outbox(txn, applied);
    case EntryKind::queried:
      open_exchange(txn, applied, body, Verb::query, ExchangeStatus::waiting);
      return to_outbox(txn, applied);
    case EntryKind::answered:
      came_in(txn, applied);
      open_exchange(txn, applied, body, Verb::query, ExchangeStatus::answered);
      if (!entry.peer.empty()) to_outbox(txn, applied);
      return;
    case EntryKind::received: return received(txn, applied, body);
    case EntryKind::deferred:
      if (auto row = state_.exchange(txn, entry.exchange)) {
        row->deferred = true;
        if (row->status == ExchangeStatus::answered) {
          row->inbox = row->settled;
          to_inbox(txn, row->from, applied, row->settled);
        }
        update(txn, applied, *row);
      }
      return;
    case EntryKind::delivered:
    case EntryKind::refused:
    case EntryKind::expired: return settled(txn, applied);
    case EntryKind::acknowledged: came_in(txn, applied); return acknowledged(txn, applied);
    case EntryKind::denied:
    case EntryKind::failed:
      came_in(txn, applied);
      // An answer that could not be put into the asker's format ends the query that waits for it.
      if (auto row = entry.stream == 0 ? std::nullopt : state_.exchange(txn, entry.exchange)) {
        if (row->status == ExchangeStatus::waiting) settle(txn, applied, *row, ExchangeStatus::refused);
      }
      return;
    case EntryKind::shard_open: return shard_opened(txn, applied);
    case EntryKind::policy: return txn.put(state_.meta_table, "policy", crypto::view(entry.policy));
    case EntryKind::directory: return txn.put(state_.meta_table, "directory", crypto::view(entry.directory));
    case EntryKind::erasure: return erased(txn, applied);
    case EntryKind::key:
    case EntryKind::admin: {
      const BytesView content = entry.content.empty() ? applied.body : BytesView(entry.content);
      return txn.put(state_.meta_table, entry.what, crypto::view(crypto::sha256(content)));
    }
    case EntryKind::mapping: {
      const Bytes key = "mapping/" + entry.mapping_in.id;
      Bytes versions = state_.meta_value(txn, key);
      // Recorded again at the beginning of a shard: the same version, nearer.
      const std::size_t last = versions.size() - std::min(versions.size(), kMappingVersionBytes);
      if (!versions.empty() && read_u64(BytesView(versions).substr(last)) == entry.mapping_in.fingerprint)
        versions.resize(last);
      append_u64(versions, entry.mapping_in.fingerprint);
      append_u64(versions, applied.index);
      return txn.put(state_.meta_table, key, versions);
    }
    default: return;
  }
}

// A shard after the first records what is in force again, so that it can be read by itself. After a recovery the log
// has another id; what was sent before still counts in the old one.
void Projection::shard_opened(storage::WriteTxn& txn, const journal::Applied& applied) {
  const Bytes before = state_.meta_value(txn, "log");
  if (before != applied.entry.exchange.bytes() && !before.empty()) {
    Bytes earlier = state_.meta_value(txn, "logs") + before;
    append_u64(earlier, applied.index);
    txn.put(state_.meta_table, "logs", earlier);
  }
  txn.put(state_.meta_table, "log", applied.entry.exchange.bytes());
  if (applied.entry.content.empty()) return;
  for (const char* in_force : {"policy", "directory", "key", "config"}) txn.erase(state_.meta_table, in_force);
}

void Projection::open_exchange(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body,
                               Verb verb, ExchangeStatus status) {
  const ledger::Entry& entry = applied.entry;
  ExchangeRow row;
  row.verb = verb;
  row.status = status;
  row.from = entry.from;
  row.to = entry.to;
  row.what = entry.what;
  row.opened = applied.index;
  if (status == ExchangeStatus::answered) row.settled = applied.index;
  if (status == ExchangeStatus::delivered) row.inbox = applied.index;
  update(txn, applied, std::move(row));
  if (!body.idempotency().empty()) {
    Bytes value(entry.exchange.bytes());
    value.append(body.request_digest());
    txn.put(state_.idem_table, body.idempotency(), value);
    // Sent again with its key instead of being run again: it has taken effect.
    if (const auto held = txn.get(state_.held_table, body.idempotency())) release(txn, Bytes(*held));
  }
}

void Projection::update(storage::WriteTxn& txn, const journal::Applied& applied, ExchangeRow row) {
  add_index(row, applied.index);
  txn.put(state_.exchange_table, applied.entry.exchange.bytes(), encode(row));
  // What is published is settled from the start: nobody waits for it.
  if (row.verb == Verb::push || row.verb == Verb::query) {
    changed_.push_back(Waiters::exchange_topic(applied.entry.exchange));
  }
}

void Projection::published(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body) {
  const v1::RecordIndex& index = body.index();
  const auto old = applied.erased ? std::nullopt : state_.record(txn, index.token());
  if (body.row() == 0) {
    open_exchange(txn, applied, body, Verb::publish, ExchangeStatus::published);
  } else if (auto opened = state_.exchange(txn, applied.entry.exchange)) {
    add_index(*opened, applied.index);
    txn.put(state_.exchange_table, applied.entry.exchange.bytes(), encode(*opened));
  } else {
    open_exchange(txn, applied, body, Verb::import, ExchangeStatus::published);
  }
  if (applied.erased) return;
  if (old && body.row() == 0) {
    auto opened = *state_.exchange(txn, applied.entry.exchange);
    opened.replaced = true;
    txn.put(state_.exchange_table, applied.entry.exchange.bytes(), encode(opened));
  }
  const std::uint64_t since = body.has_rerun_of() ? body.rerun_of().index() : applied.index;
  RecordRow row{applied.index, since, index.digest(), {index.terms().begin(), index.terms().end()}};
  if (old) {
    for (const Bytes& term : old->terms) {
      if (std::find(row.terms.begin(), row.terms.end(), term) == row.terms.end())
        txn.erase(state_.subject_table, term + index.token());
    }
  }
  for (const Bytes& term : row.terms) txn.put(state_.subject_table, term + index.token(), {});
  txn.put(state_.record_table, index.token(), encode(row));
}

void Projection::received(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body) {
  came_in(txn, applied);
  auto row = state_.exchange(txn, applied.entry.exchange);
  if (!row) {  // a push of the other side's
    open_exchange(txn, applied, body, Verb::push, ExchangeStatus::delivered);
    return to_inbox(txn, applied.entry.to, applied, applied.index);
  }
  settle(txn, applied, *row, ExchangeStatus::answered);
}

// The end of what an exchange waited for. Who was told to look into the inbox finds it there, a refusal too.
void Projection::settle(storage::WriteTxn& txn, const journal::Applied& applied, ExchangeRow row,
                        ExchangeStatus status) {
  row.status = status;
  row.settled = applied.index;
  if (status == ExchangeStatus::refused || status == ExchangeStatus::expired) row.error = applied.entry.result;
  if (row.deferred) {
    row.inbox = applied.index;
    to_inbox(txn, row.from, applied, applied.index);
  }
  update(txn, applied, std::move(row));
}

void Projection::settled(storage::WriteTxn& txn, const journal::Applied& applied) {
  const ledger::Entry& entry = applied.entry;
  txn.erase(state_.outbox_table, outbox_key(entry.peer, entry.stream));
  auto row = state_.exchange(txn, entry.exchange);
  if (!row) return;
  // The receipt for an acknowledgement or an answer settles only the stream position.
  const bool open = row->status == ExchangeStatus::accepted || row->status == ExchangeStatus::waiting;
  if (!open || (entry.kind == EntryKind::delivered && row->verb == Verb::query)) return update(txn, applied, *row);
  settle(txn, applied, *row,
         entry.kind == EntryKind::delivered ? ExchangeStatus::delivered
         : entry.kind == EntryKind::expired ? ExchangeStatus::expired
                                            : ExchangeStatus::refused);
}

void Projection::acknowledged(storage::WriteTxn& txn, const journal::Applied& applied) {
  const ledger::Entry& entry = applied.entry;
  auto row = state_.exchange(txn, entry.exchange);
  if (!row) return;
  if (entry.stream == 0) {  // by an agency of this gateway
    txn.erase(state_.inbox_table, inbox_key(entry.from, row->inbox));
    if (!entry.peer.empty()) to_outbox(txn, applied);
  }
  if (row->verb == Verb::push) row->status = ExchangeStatus::acknowledged;
  update(txn, applied, *row);
}

void Projection::to_inbox(storage::WriteTxn& txn, std::string_view uscc, const journal::Applied& applied,
                          std::uint64_t index) {
  txn.put(state_.inbox_table, inbox_key(uscc, index), applied.entry.exchange.bytes());
  changed_.push_back(Waiters::inbox_topic(uscc));
}

void Projection::to_outbox(storage::WriteTxn& txn, const journal::Applied& applied) {
  const std::string& peer = applied.entry.peer;
  const Bytes last = state_.meta_value(txn, "out/" + peer);
  const std::uint64_t position = (last.empty() ? 0 : read_u64(last)) + 1;
  Bytes next;
  append_u64(next, position);
  txn.put(state_.meta_table, "out/" + peer, next);
  Bytes index;
  append_u64(index, applied.index);
  txn.put(state_.outbox_table, outbox_key(peer, position), index);
  changed_.push_back(Waiters::outbox_topic(peer));
}

// A record of an agency here that was refused but kept. A newer attempt of the same command takes the place of the
// older.
void Projection::quarantine(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body) {
  const ledger::Entry& entry = applied.entry;
  if (entry.from.empty() || entry.stream != 0 || body.native_in().empty()) return;
  const Bytes key = quarantine_key(entry.from, applied.index);
  if (!body.idempotency().empty()) {
    if (const auto earlier = txn.get(state_.held_table, body.idempotency())) release(txn, Bytes(*earlier));
    txn.put(state_.held_table, body.idempotency(), key);
  }
  txn.put(state_.quarantine_table, key, Bytes(entry.exchange.bytes()) + body.idempotency());
}

void Projection::release(storage::WriteTxn& txn, BytesView key) {
  const auto row = txn.get(state_.quarantine_table, key);
  if (!row) return;
  const Bytes token(row->substr(16));
  txn.erase(state_.quarantine_table, key);
  if (!token.empty()) txn.erase(state_.held_table, token);
}

// The payloads are gone, or will be in a moment: so is every way that led to them.
void Projection::erased(storage::WriteTxn& txn, const journal::Applied& applied) {
  v1::LogBody body;
  body.ParseFromArray(applied.body.data(), static_cast<int>(applied.body.size()));
  for (const v1::ErasedEntry& gone : body.erased()) {
    Bytes erasure;
    append_u64(erasure, applied.index);
    Bytes slot;
    append_u64(slot, gone.slot());
    txn.put(state_.erased_table, slot, erasure);
    if (!gone.idempotency().empty()) txn.erase(state_.idem_table, gone.idempotency());
    if (!gone.agency().empty()) release(txn, quarantine_key(gone.agency(), gone.index()));
    if (gone.record().empty()) continue;
    for (const Bytes& term : gone.terms()) txn.erase(state_.subject_table, term + gone.record());
    const auto row = state_.record(txn, gone.record());
    if (row && row->index == gone.index()) txn.erase(state_.record_table, gone.record());
  }
}

// A profile whose code sets know next to nothing must not fill the state: beyond kMaxGaps values are only counted.
void Projection::count_gaps(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body) {
  const std::string& profile = applied.entry.mapping_in.id;
  for (const v1::ConversionNote& note : body.notes()) {
    if (note.code_set().empty()) continue;
    Bytes key = gap_key(profile, note.code_set(), note.gap());
    Gap gap{profile, note.code_set(), note.sample(), 0, applied.index, applied.entry.time};
    auto known = txn.get(state_.gap_table, key);
    if (!known) {
      const std::string counter = "gaps/" + profile;
      const auto value = txn.get(state_.meta_table, counter);
      const std::uint64_t rows = value ? read_u64(*value) : 0;
      if (rows < kMaxGaps) {
        Bytes next;
        append_u64(next, rows + 1);
        txn.put(state_.meta_table, counter, next);
      } else {
        key = gap_key(profile, kOtherGaps, {});
        gap.sample = kOtherGaps;
        known = txn.get(state_.gap_table, key);
      }
    }
    if (known) gap = decode_gap(key, *known);
    ++gap.count;
    txn.put(state_.gap_table, key, encode(gap));
  }
}

// Remembers what an envelope became, so that a repeated one is answered with the same receipt and takes no effect.
void Projection::came_in(storage::WriteTxn& txn, const journal::Applied& applied) {
  const ledger::Entry& entry = applied.entry;
  if (entry.stream == 0) return;
  Bytes index;
  append_u64(index, applied.index);
  txn.put(state_.inbound_table, inbound_key(entry.peer, entry.peer_log.bytes(), entry.stream), index);
}

void Projection::committed() {
  if (!changed_.empty()) waiters_.changed(changed_);
  changed_.clear();
}

}  // namespace chuanyu::exchange
