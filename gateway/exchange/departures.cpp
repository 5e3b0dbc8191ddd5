#include "gateway/exchange/departures.h"

#include <utility>

#include "gateway/base/log.h"
#include "gateway/exchange/signing.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical/peer.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kSweep = 256;  // rows read at a time
constexpr std::size_t kParcelBytes = 4 * 1024 * 1024;

v1::Envelope::Type type_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::queried: return v1::Envelope::QUERY;
    case EntryKind::answered: return v1::Envelope::ANSWER;
    case EntryKind::acknowledged: return v1::Envelope::ACK;
    default: return v1::Envelope::PUSH;
  }
}

}  // namespace

Result<Departures::Parcel> Departures::next(std::size_t limit) {
  std::vector<State::Outgoing> rows;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    rows = desk_.state.outbox(txn, peer_, 0, limit);
  }
  CHUANYU_TRY(rows, expire(rows));
  Parcel parcel;
  v1::EnvelopeBatch batch;
  std::size_t bytes = 0;
  for (const State::Outgoing& row : rows) {
    CHUANYU_TRY(Bytes envelope_bytes, envelope(row));
    bytes += envelope_bytes.size();
    if (bytes > kParcelBytes && !parcel.rows.empty()) break;
    v1::SignedEnvelope& signed_envelope = *batch.add_envelopes();
    signed_envelope.set_signature(desk_.journal.signing_key().sign(kEnvelopeContext, envelope_bytes));
    signed_envelope.set_envelope(std::move(envelope_bytes));
    parcel.rows.push_back(row);
  }
  if (!parcel.rows.empty()) parcel.batch = batch.SerializeAsString();
  return parcel;
}

Status Departures::sweep() {
  for (std::uint64_t after = 0;;) {
    std::vector<State::Outgoing> rows;
    {
      CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
      rows = desk_.state.outbox(txn, peer_, after, kSweep);
    }
    if (rows.empty()) return {};
    after = rows.back().position;
    if (const auto alive = expire(rows); !alive.ok()) return alive.error();
  }
}

// Pushes and queries carry their own time; answers and acknowledgements are owed however late.
Result<std::vector<State::Outgoing>> Departures::expire(const std::vector<State::Outgoing>& rows) {
  const TimeUs now = desk_.clock.now();
  std::vector<State::Outgoing> alive;
  for (const State::Outgoing& row : rows) {
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(row.index));
    v1::LogBody body;
    body.ParseFromString(stored.body);
    const bool timed = stored.entry.kind == EntryKind::accepted || stored.entry.kind == EntryKind::queried;
    if (!timed || body.expires_at() == 0 || body.expires_at() > now) {
      alive.push_back(row);
      continue;
    }
    ledger::Entry entry = about(stored, EntryKind::expired, row.position);
    entry.result = to_string(Code::PEER_EXPIRED);
    CHUANYU_CHECK(desk_.journal.append({std::move(entry), {}}).status);
    log::warn("peer.expired", {{"peer", peer_}, {"exchange", stored.entry.exchange.to_string()}});
  }
  return alive;
}

Result<Bytes> Departures::envelope(const State::Outgoing& row) const {
  CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(row.index));
  CHUANYU_TRY(const journal::Receipt position, desk_.receipt(row.index));
  v1::LogBody body;
  if (!body.ParseFromString(stored.body)) return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
  const ledger::Entry& entry = stored.entry;
  v1::Envelope e;
  e.set_from_gateway(desk_.settings.gateway);
  e.set_to_gateway(peer_);
  e.set_stream(desk_.log_id(row.index));
  e.set_position(row.position);
  e.set_type(type_of(entry.kind));
  e.set_exchange(std::string(entry.exchange.bytes()));
  const bool answers = entry.kind == EntryKind::answered;
  e.set_from_agency(answers ? entry.to : entry.from);
  e.set_to_agency(answers ? entry.from : entry.to);
  e.set_what(entry.what);
  e.set_matter(entry.matter);
  e.set_basis(entry.basis);
  e.set_grant(entry.grant);
  e.set_operator_name(body.operator_name());
  e.set_use_cause(body.use_cause());
  *e.mutable_canonical() = body.canonical();
  e.set_message(body.message());
  e.set_truncated(body.truncated());
  if (body.has_query() && entry.kind == EntryKind::queried) *e.mutable_query() = body.query();
  e.set_in_reply_to(answers ? std::string(entry.exchange.bytes()) : body.in_reply_to());
  e.set_expires_at(body.expires_at());
  e.set_time(entry.time);
  e.set_log_index(row.index);
  e.set_leaf(Bytes(crypto::view(position.leaf)));
  return e.SerializeAsString();
}

ledger::Entry Departures::about(const journal::Stored& sent, EntryKind kind, std::uint64_t position) const {
  ledger::Entry entry;
  entry.kind = kind;
  entry.time = desk_.clock.now();
  entry.exchange = sent.entry.exchange;
  entry.gateway = desk_.settings.gateway;
  entry.from = sent.entry.from;
  entry.to = sent.entry.to;
  entry.what = sent.entry.what;
  entry.peer = peer_;
  entry.stream = position;
  return entry;
}

Status Departures::settle(const Parcel& parcel, BytesView receipts) {
  v1::ReceiptBatch batch;
  if (!batch.ParseFromArray(receipts.data(), static_cast<int>(receipts.size())) ||
      batch.receipts_size() != static_cast<int>(parcel.rows.size())) {
    return error(Code::PEER_PROTOCOL, "回执批次与所发信封不符");
  }
  const auto key = desk_.settings.peers.find(peer_);
  std::vector<Bytes> streams;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    for (const State::Outgoing& row : parcel.rows) streams.push_back(desk_.state.log_id(txn, row.index));
  }
  std::vector<journal::Command> jobs;
  for (int i = 0; i < batch.receipts_size(); ++i) {
    const State::Outgoing& row = parcel.rows[static_cast<std::size_t>(i)];
    const v1::SignedReceipt& signed_receipt = batch.receipts(i);
    v1::PeerReceipt receipt;
    if (key == desk_.settings.peers.end() ||
        !verified(key->second, kReceiptContext, signed_receipt.receipt(), signed_receipt.signature())) {
      return error(Code::PEER_SIGNATURE, "回执签名与对端公钥不符");
    }
    CHUANYU_TRY(const journal::Stored sent, desk_.journal.read(row.index));
    if (!receipt.ParseFromString(signed_receipt.receipt()) || receipt.gateway() != peer_ ||
        receipt.stream() != streams[static_cast<std::size_t>(i)] || receipt.position() != row.position ||
        receipt.exchange() != sent.entry.exchange.bytes()) {
      return error(Code::PEER_PROTOCOL, "回执不是对所发信封的");
    }
    ledger::Entry entry = about(sent, receipt.refused() ? EntryKind::refused : EntryKind::delivered, row.position);
    entry.receipt = signed_receipt.SerializeAsString();
    v1::LogBody body;
    if (receipt.refused()) {
      entry.result = receipt.code();
      body.set_error_detail(receipt.detail());
      body.set_error_where(receipt.where());
    }
    journal::Command job{
        desk_.journal.prepare({std::move(entry), receipt.refused() ? serialise(body) : Bytes()}), {}, {}};
    job.decide = [this, position = row.position](const storage::ReadTxn& state) {
      journal::Verdict verdict;
      if (!state.get(desk_.state.outbox_table, outbox_key(peer_, position))) verdict.act = journal::Verdict::Act::drop;
      return verdict;
    };
    jobs.push_back(std::move(job));
  }
  return desk_.submit_and_wait(std::move(jobs));
}

}  // namespace chuanyu::exchange
