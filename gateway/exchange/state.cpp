#include "gateway/exchange/state.h"

#include <algorithm>

namespace chuanyu::exchange {
namespace {

// Rows are made of u64 numbers and length-prefixed strings, in a fixed order.
class Writer {
 public:
  Writer& number(std::uint64_t value) { return append_u64(out_, value), *this; }
  Writer& text(BytesView value) {
    append_u32(out_, static_cast<std::uint32_t>(value.size()));
    out_.append(value);
    return *this;
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}
  std::uint64_t number() {
    const std::uint64_t value = read_u64(rest_);
    rest_.remove_prefix(8);
    return value;
  }
  Bytes text() {
    const std::uint32_t size = read_u32(rest_);
    Bytes value(rest_.substr(4, size));
    rest_.remove_prefix(4 + size);
    return value;
  }

 private:
  BytesView rest_;
};

// The keys that start with `prefix`, without their first `skip` bytes.
std::vector<Bytes> keys_from(storage::Cursor cursor, BytesView prefix, std::size_t skip, std::size_t limit) {
  std::vector<Bytes> found;
  for (bool more = cursor.seek(prefix); more && found.size() < limit && cursor.key().starts_with(prefix);
       more = cursor.next()) {
    found.emplace_back(cursor.key().substr(skip));
  }
  return found;
}

Bytes peer_prefix(std::string_view peer) {
  Bytes key(peer);
  key.push_back('\0');
  return key;
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::publish: return "publish";
    case Verb::import: return "import";
    case Verb::push: return "push";
    case Verb::query: return "query";
  }
  return "";
}

std::string_view to_string(ExchangeStatus status) {
  switch (status) {
    case ExchangeStatus::published: return "published";
    case ExchangeStatus::accepted: return "accepted";
    case ExchangeStatus::delivered: return "delivered";
    case ExchangeStatus::acknowledged: return "acknowledged";
    case ExchangeStatus::refused: return "refused";
    case ExchangeStatus::expired: return "expired";
    case ExchangeStatus::waiting: return "waiting";
    case ExchangeStatus::answered: return "answered";
  }
  return "";
}

Bytes encode(const ExchangeRow& row) {
  Writer w;
  w.number(static_cast<std::uint64_t>(row.verb))
      .number(static_cast<std::uint64_t>(row.status))
      .number(row.deferred ? 1 : 0)
      .number(row.replaced ? 1 : 0);
  w.text(row.from).text(row.to).text(row.what).text(row.error);
  w.number(row.opened).number(row.settled).number(row.inbox).number(row.entries.size());
  for (const std::uint64_t index : row.entries) w.number(index);
  return w.take();
}

ExchangeRow decode_exchange(BytesView bytes) {
  Reader r(bytes);
  ExchangeRow row;
  row.verb = static_cast<Verb>(r.number());
  row.status = static_cast<ExchangeStatus>(r.number());
  row.deferred = r.number() != 0;
  row.replaced = r.number() != 0;
  row.from = r.text();
  row.to = r.text();
  row.what = r.text();
  row.error = r.text();
  row.opened = r.number();
  row.settled = r.number();
  row.inbox = r.number();
  row.entries.resize(r.number());
  for (std::uint64_t& index : row.entries) index = r.number();
  return row;
}

Bytes encode(const RecordRow& row) {
  Bytes out;
  append_u64(out, row.index);
  append_u64(out, row.since);
  out.append(row.digest);
  for (const Bytes& term : row.terms) out.append(term);
  return out;
}

RecordRow decode_record(BytesView bytes) {
  RecordRow row;
  row.index = read_u64(bytes);
  row.since = read_u64(bytes.substr(8));
  row.digest = bytes.substr(16, kTokenBytes);
  for (std::size_t at = 16 + kTokenBytes; at < bytes.size(); at += kTokenBytes)
    row.terms.emplace_back(bytes.substr(at, kTokenBytes));
  return row;
}

Bytes encode(const Gap& gap) {
  Writer w;
  w.number(gap.count).number(gap.first).number(static_cast<std::uint64_t>(gap.first_time)).text(gap.sample);
  return w.take();
}

Gap decode_gap(BytesView key, BytesView bytes) {
  Gap gap;
  const std::size_t profile = key.find('\0');
  const std::size_t set = key.find('\0', profile + 1);
  gap.profile = key.substr(0, profile);
  gap.set = key.substr(profile + 1, set - profile - 1);
  Reader r(bytes);
  gap.count = r.number();
  gap.first = r.number();
  gap.first_time = static_cast<TimeUs>(r.number());
  gap.sample = r.text();
  return gap;
}

std::vector<std::string> State::names() {
  return {"meta",   "record",  "subject", "exchange",   "idem", "inbox",
          "outbox", "inbound", "gap",     "quarantine", "held", "erased"};
}

void State::open(const storage::Environment& environment) {
  meta_table = environment.table("meta");
  record_table = environment.table("record");
  subject_table = environment.table("subject");
  exchange_table = environment.table("exchange");
  idem_table = environment.table("idem");
  inbox_table = environment.table("inbox");
  outbox_table = environment.table("outbox");
  inbound_table = environment.table("inbound");
  gap_table = environment.table("gap");
  quarantine_table = environment.table("quarantine");
  held_table = environment.table("held");
  erased_table = environment.table("erased");
}

std::optional<ExchangeRow> State::exchange(const storage::ReadTxn& txn, const Uuid& id) const {
  const auto bytes = txn.get(exchange_table, id.bytes());
  if (!bytes) return std::nullopt;
  return decode_exchange(*bytes);
}

std::optional<RecordRow> State::record(const storage::ReadTxn& txn, BytesView token) const {
  const auto bytes = txn.get(record_table, token);
  if (!bytes) return std::nullopt;
  return decode_record(*bytes);
}

std::optional<Idem> State::idem(const storage::ReadTxn& txn, BytesView token) const {
  const auto bytes = txn.get(idem_table, token);
  if (!bytes) return std::nullopt;
  return Idem{Uuid::from_bytes(bytes->substr(0, 16)).value_or(Uuid{}), Bytes(bytes->substr(16))};
}

std::vector<Bytes> State::records_of(const storage::ReadTxn& txn, BytesView term, std::size_t limit) const {
  return keys_from(txn.cursor(subject_table), term, term.size(), limit);
}

std::vector<Bytes> State::records_with_id(const storage::ReadTxn& txn, BytesView id_token, std::size_t limit) const {
  return keys_from(txn.cursor(record_table), id_token, 0, limit);
}

std::vector<State::InboxItem> State::inbox(const storage::ReadTxn& txn, std::string_view uscc, std::uint64_t after,
                                           std::size_t limit) const {
  std::vector<InboxItem> items;
  storage::Cursor cursor = txn.cursor(inbox_table);
  for (bool more = cursor.seek(inbox_key(uscc, after + 1));
       more && items.size() < limit && cursor.key().starts_with(uscc); more = cursor.next()) {
    items.push_back({read_u64(cursor.key().substr(uscc.size())), Uuid::from_bytes(cursor.value()).value_or(Uuid{})});
  }
  return items;
}

std::vector<State::Outgoing> State::outbox(const storage::ReadTxn& txn, std::string_view peer, std::uint64_t after,
                                           std::size_t limit) const {
  std::vector<Outgoing> rows;
  const Bytes prefix = peer_prefix(peer);
  storage::Cursor cursor = txn.cursor(outbox_table);
  for (bool more = cursor.seek(outbox_key(peer, after + 1));
       more && rows.size() < limit && cursor.key().starts_with(prefix); more = cursor.next()) {
    rows.push_back({read_u64(cursor.key().substr(prefix.size())), read_u64(cursor.value())});
  }
  return rows;
}

std::optional<std::uint64_t> State::inbound(const storage::ReadTxn& txn, std::string_view peer, BytesView stream,
                                            std::uint64_t position) const {
  const auto bytes = txn.get(inbound_table, inbound_key(peer, stream, position));
  if (!bytes) return std::nullopt;
  return read_u64(*bytes);
}

std::vector<State::Held> State::quarantine(const storage::ReadTxn& txn, std::string_view agency, BytesView after,
                                           const Uuid& exchange, std::size_t limit) const {
  std::vector<Held> rows;
  storage::Cursor cursor = txn.cursor(quarantine_table);
  const BytesView start = std::max(BytesView(agency), after);
  for (bool more = start.empty() ? cursor.first() : cursor.seek(start); more && rows.size() < limit;
       more = cursor.next()) {
    const BytesView key = cursor.key();
    if (!key.starts_with(agency)) break;
    const Uuid id = Uuid::from_bytes(cursor.value().substr(0, 16)).value_or(Uuid{});
    if (key == after || (!exchange.is_nil() && id != exchange)) continue;
    rows.push_back({std::string(key.substr(0, key.size() - 8)), read_u64(key.substr(key.size() - 8)), id});
  }
  return rows;
}

std::vector<Gap> State::gaps(const storage::ReadTxn& txn) const {
  std::vector<Gap> rows;
  storage::Cursor cursor = txn.cursor(gap_table);
  for (bool more = cursor.first(); more; more = cursor.next()) rows.push_back(decode_gap(cursor.key(), cursor.value()));
  return rows;
}

std::vector<std::uint64_t> State::erased_slots(const storage::ReadTxn& txn) const {
  std::vector<std::uint64_t> slots;
  auto cursor = txn.cursor(erased_table);
  for (bool more = cursor.first(); more; more = cursor.next()) slots.push_back(read_u64(cursor.key()));
  return slots;
}

Bytes State::meta_value(const storage::ReadTxn& txn, std::string_view key) const {
  const auto bytes = txn.get(meta_table, key);
  return bytes ? Bytes(*bytes) : Bytes();
}

Bytes State::log_id(const storage::ReadTxn& txn, std::uint64_t index) const {
  constexpr std::size_t kIdBytes = 16;
  const Bytes earlier = meta_value(txn, "logs");
  for (BytesView rest = earlier; !rest.empty(); rest.remove_prefix(kIdBytes + 8)) {
    if (index < read_u64(rest.substr(kIdBytes))) return Bytes(rest.substr(0, kIdBytes));
  }
  return meta_value(txn, "log");
}

std::map<std::string, std::vector<State::Mapping>> State::mappings(const storage::ReadTxn& txn) const {
  static const Bytes kPrefix = "mapping/";
  std::map<std::string, std::vector<Mapping>> found;
  storage::Cursor cursor = txn.cursor(meta_table);
  for (bool more = cursor.seek(kPrefix); more && cursor.key().starts_with(kPrefix); more = cursor.next()) {
    auto& list = found[std::string(cursor.key().substr(kPrefix.size()))];
    for (BytesView rest = cursor.value(); !rest.empty(); rest.remove_prefix(16))
      list.push_back({read_u64(rest), read_u64(rest.substr(8))});
  }
  return found;
}

Bytes inbox_key(std::string_view uscc, std::uint64_t index) {
  Bytes key(uscc);
  append_u64(key, index);
  return key;
}

Bytes outbox_key(std::string_view peer, std::uint64_t position) {
  Bytes key = peer_prefix(peer);
  append_u64(key, position);
  return key;
}

Bytes quarantine_key(std::string_view uscc, std::uint64_t index) { return inbox_key(uscc, index); }

Bytes gap_key(std::string_view profile, std::string_view set, BytesView token) {
  Bytes key(profile);
  key.push_back('\0');
  key.append(set).push_back('\0');
  return key.append(token);
}

Bytes inbound_key(std::string_view peer, BytesView stream, std::uint64_t position) {
  Bytes key = peer_prefix(peer);
  key.append(stream);
  append_u64(key, position);
  return key;
}

}  // namespace chuanyu::exchange
