#include "gateway/exchange/arrivals.h"

#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/exchange/conversion.h"
#include "gateway/exchange/query.h"
#include "gateway/exchange/signing.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical/peer.pb.h"
#include "schemas/canonical_json.h"

namespace chuanyu::exchange {

using ledger::EntryKind;

namespace {

constexpr int kMaxBatch = 256;
constexpr int kAttempts = 8;

policy::Purpose purpose_of(const v1::Envelope& e) {
  return {e.matter(), e.basis(), e.grant(), e.operator_name(), e.use_cause()};
}

}  // namespace

// What one envelope becomes.
struct Arrivals::Arrival {
  ledger::Entry entry;
  v1::LogBody body;
  std::optional<Found> found;  // a query's: must still be current when the entry is appended
};

struct Arrivals::Batch {
  std::shared_ptr<const identity::Principal> gateway;
  std::shared_ptr<const World> world;
  std::vector<v1::Envelope> envelopes;
  Reply<Bytes> reply;
};

void Arrivals::receive(std::shared_ptr<const identity::Principal> gateway, BytesView bytes, Reply<Bytes> reply) {
  v1::EnvelopeBatch message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || message.envelopes_size() == 0 ||
      message.envelopes_size() > kMaxBatch) {
    return reply(Failure{error(Code::PEER_PROTOCOL, "信封批次不合规范"), {}, {}});
  }
  auto batch = std::make_shared<Batch>();
  batch->world = desk_.world();
  for (const v1::SignedEnvelope& signed_envelope : message.envelopes()) {
    auto envelope = open(*gateway, signed_envelope.envelope(), signed_envelope.signature());
    if (!envelope.ok()) {
      log::error("peer.envelope_rejected",
                 {{"peer", gateway->party().home}, {"code", to_string(envelope.error().code)}});
      return reply(Failure{envelope.error(), {}, {}});
    }
    batch->envelopes.push_back(std::move(*envelope));
  }
  batch->gateway = std::move(gateway);
  batch->reply = std::move(reply);
  std::vector<std::size_t> all(batch->envelopes.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  take(batch, all, kAttempts);
}

Result<v1::Envelope> Arrivals::open(const identity::Principal& gateway, BytesView bytes, BytesView signature) const {
  const std::string& peer = gateway.party().home;
  const auto key = desk_.settings.peers.find(peer);
  if (key == desk_.settings.peers.end()) return error(Code::PEER_SIGNATURE, "未配置该网关的签名公钥");
  if (!verified(key->second, kEnvelopeContext, bytes, signature))
    return error(Code::PEER_SIGNATURE, "信封签名与该网关的公钥不符");
  v1::Envelope envelope;
  if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return error(Code::PEER_PROTOCOL, "信封不可读");
  const bool sound = envelope.from_gateway() == peer && envelope.to_gateway() == desk_.settings.gateway &&
                     envelope.stream().size() == 16 && envelope.position() > 0 && envelope.exchange().size() == 16;
  if (!sound) return error(Code::PEER_PROTOCOL, "信封的收发网关、流位置或交换编号有误");
  return envelope;
}

// Submits every envelope that is `open` in order, then looks again at those whose records changed meanwhile.
void Arrivals::take(const std::shared_ptr<Batch>& batch, const std::vector<std::size_t>& open, int attempts) {
  struct Round {
    std::atomic<std::size_t> left;
    std::mutex mutex;
    std::vector<std::size_t> stale;
    Status failure;
  };
  auto round = std::make_shared<Round>();
  round->left = open.size();
  std::vector<journal::Command> jobs;
  for (const std::size_t at : open) {
    const v1::Envelope& envelope = batch->envelopes[at];
    Arrival arrival = arrive(*batch, envelope);
    journal::Command job{desk_.journal.prepare({std::move(arrival.entry), serialise(arrival.body)}), {}, {}};
    auto stale = std::make_shared<bool>(false);
    job.decide = [this, batch, &envelope, stale, found = std::move(arrival.found)](const storage::ReadTxn& state) {
      const bool repeated = came_before(state, envelope);
      *stale = !repeated && found && !still_current(desk_, state, *found);
      journal::Verdict verdict;
      if (repeated || *stale) verdict.act = journal::Verdict::Act::drop;
      return verdict;
    };
    job.done = [this, batch, round, at, attempts, stale](const journal::Outcome& outcome) {
      {
        const std::lock_guard lock(round->mutex);
        if (!outcome.status.ok()) round->failure = outcome.status;
        if (*stale) round->stale.push_back(at);
      }
      if (--round->left > 0) return;
      desk_.waiters.post([this, batch, round, attempts] {
        if (!round->failure.ok()) return batch->reply(Failure{round->failure.error(), {}, {}});
        if (round->stale.empty()) return finish(batch);
        if (attempts > 0) return take(batch, round->stale, attempts - 1);
        batch->reply(Failure{error(Code::LOCAL_OVERLOADED, "所查记录正被频繁更新"), {}, {}});
      });
    };
    jobs.push_back(std::move(job));
  }
  desk_.journal.submit(std::move(jobs));
}

// What one envelope becomes: received, answered, acknowledged, or the refusal of it.
Arrivals::Arrival Arrivals::arrive(const Batch& batch, const v1::Envelope& envelope) const {
  const World& world = *batch.world;
  Arrival arrival;
  arrival.entry = desk_.entry(EntryKind::received, {batch.gateway, purpose_of(envelope), {}}, world,
                              Uuid::from_bytes(envelope.exchange()).value_or(Uuid{}), envelope.what());
  arrival.entry.from = envelope.from_agency();
  arrival.entry.to = envelope.to_agency();
  arrival.entry.peer = envelope.from_gateway();
  arrival.entry.stream = envelope.position();
  arrival.entry.peer_log = Uuid::from_bytes(envelope.stream()).value_or(Uuid{});
  arrival.body.set_operator_name(envelope.operator_name());
  arrival.body.set_use_cause(envelope.use_cause());
  arrival.body.set_in_reply_to(envelope.in_reply_to());
  arrival.body.set_message(envelope.message());
  *arrival.body.mutable_canonical() = envelope.canonical();

  const Status status = [&]() -> Status {
    switch (envelope.type()) {
      case v1::Envelope::PUSH: return push(world, envelope, arrival);
      case v1::Envelope::QUERY: return query(world, envelope, arrival);
      case v1::Envelope::ANSWER: return answer(world, envelope, arrival);
      case v1::Envelope::ACK: return acknowledgement(envelope, arrival);
      default: return error(Code::PEER_PROTOCOL, "未知的信封类型");
    }
  }();
  if (!status.ok()) {
    const Code code = status.error().code;
    arrival.entry.kind = code == Code::CLIENT_POLICY_DENIED ? EntryKind::denied : EntryKind::failed;
    arrival.entry.result = to_string(code);
    arrival.body.set_error_detail(status.error().detail);
    arrival.body.set_error_where(status.error().where);
    arrival.body.clear_native_out();
    arrival.found.reset();
  }
  return arrival;
}

bool Arrivals::came_before(const storage::ReadTxn& state, const v1::Envelope& envelope) const {
  return desk_.state.inbound(state, envelope.from_gateway(), envelope.stream(), envelope.position()).has_value();
}

Status Arrivals::parties(const World& world, const v1::Envelope& envelope, const identity::Party*& from,
                         const identity::Party*& to) const {
  from = world.directory->find_party(envelope.from_agency());
  if (from == nullptr || from->home != envelope.from_gateway()) {
    return error(Code::CLIENT_IDENTITY_UNKNOWN, "名录中没有发出机构，或其不属于发出网关", "/from");
  }
  to = envelope.to_agency().empty() ? nullptr : world.directory->find_party(envelope.to_agency());
  const bool here = to != nullptr && to->home == desk_.settings.gateway;
  if (!here && !(envelope.to_agency().empty() && envelope.type() == v1::Envelope::QUERY)) {
    return error(Code::CLIENT_TARGET_UNKNOWN, "接收机构不属于本网关", "/to");
  }
  if (envelope.type() == v1::Envelope::QUERY || envelope.type() == v1::Envelope::PUSH) {
    return check_purpose(purpose_of(envelope), envelope.what());
  }
  return {};
}

Status Arrivals::push(const World& world, const v1::Envelope& envelope, Arrival& arrival) const {
  const identity::Party* from = nullptr;
  const identity::Party* to = nullptr;
  CHUANYU_CHECK(parties(world, envelope, from, to));
  if (!desk_.decide(world, policy::Verb::push, envelope.what(), *from, to, to->home, purpose_of(envelope),
                    arrival.entry)) {
    return error(Code::CLIENT_POLICY_DENIED, "接收方策略不允许");
  }
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    if (desk_.state.exchange(txn, arrival.entry.exchange) && !came_before(txn, envelope)) {
      return error(Code::PEER_PROTOCOL, "交换编号已被使用");
    }
  }
  if (envelope.canonical_size() == 0) {  // a message: what cannot be read is not put into an inbox
    CHUANYU_TRY(const std::string text, schemas::message_to_json(envelope.what(), envelope.message()));
    return {};
  }
  return to_receiver(desk_, world, *to, arrival.entry, arrival.body);
}

Status Arrivals::query(const World& world, const v1::Envelope& envelope, Arrival& arrival) const {
  const identity::Party* from = nullptr;
  const identity::Party* to = nullptr;
  CHUANYU_CHECK(parties(world, envelope, from, to));
  arrival.entry.kind = EntryKind::answered;
  *arrival.body.mutable_query() = envelope.query();
  if (!desk_.decide(world, policy::Verb::query, envelope.query().kind(), *from, to, desk_.settings.gateway,
                    purpose_of(envelope), arrival.entry)) {
    return error(Code::CLIENT_POLICY_DENIED, "被查询方策略不允许");
  }
  if (envelope.expires_at() != 0 && envelope.expires_at() <= arrival.entry.time) {
    return error(Code::PEER_EXPIRED, "查询到达时已过有效期限");
  }
  CHUANYU_TRY(Found found, look_up(desk_, envelope.query()));
  arrival.entry.count = static_cast<std::uint32_t>(found.canonical.size());
  std::vector<BytesView> views(found.canonical.begin(), found.canonical.end());
  arrival.entry.canonical = desk_.digest_of(views);
  for (const std::uint64_t index : found.indexes) arrival.body.add_answered_from()->set_index(index);
  for (const Bytes& canonical : found.canonical) arrival.body.add_canonical(canonical);
  arrival.body.set_truncated(found.truncated);
  arrival.found = std::move(found);
  return {};
}

Status Arrivals::answer(const World& world, const v1::Envelope& envelope, Arrival& arrival) const {
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const auto row = desk_.state.exchange(txn, arrival.entry.exchange);
    if (!row || row->verb != Verb::query) return error(Code::PEER_PROTOCOL, "没有等待这一应答的查询");
    // The answer belongs to who asked, whatever the envelope says.
    arrival.entry.to = row->from;
    arrival.entry.what = row->what;
    if (row->status != ExchangeStatus::waiting && !came_before(txn, envelope)) {
      return error(Code::PEER_PROTOCOL, "该查询已有结果");
    }
  }
  arrival.entry.allowed = true;
  arrival.body.set_in_reply_to(std::string(arrival.entry.exchange.bytes()));
  const identity::Party* asker = world.directory->find_party(arrival.entry.to);
  const auto adapter = asker == nullptr ? nullptr : world.adapter(*asker, arrival.entry.what);
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "查询机构未登记这类记录的格式");
  arrival.body.set_truncated(envelope.truncated());
  return to_native(desk_, *adapter, Fit::as_many_as_fit, arrival.entry, arrival.body);
}

Status Arrivals::acknowledgement(const v1::Envelope& envelope, Arrival& arrival) const {
  arrival.entry.kind = EntryKind::acknowledged;
  arrival.entry.allowed = true;
  CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
  const auto row = desk_.state.exchange(txn, arrival.entry.exchange);
  if (!row || row->verb != Verb::push || row->to != envelope.from_agency()) {
    return error(Code::PEER_PROTOCOL, "没有可确认的发送");
  }
  return {};
}

void Arrivals::finish(const std::shared_ptr<Batch>& batch) const {
  v1::ReceiptBatch receipts;
  for (const v1::Envelope& envelope : batch->envelopes) {
    auto bytes = receipt(batch->gateway->party().home, envelope);
    if (!bytes.ok()) return batch->reply(Failure{bytes.error(), {}, {}});
    v1::SignedReceipt& row = *receipts.add_receipts();
    row.set_signature(desk_.journal.signing_key().sign(kReceiptContext, *bytes));
    row.set_receipt(std::move(*bytes));
  }
  batch->reply(receipts.SerializeAsString());
}

// What the log says of an envelope: the same words however often they are asked for.
Result<Bytes> Arrivals::receipt(std::string_view peer, const v1::Envelope& envelope) const {
  v1::PeerReceipt receipt;
  receipt.set_gateway(desk_.settings.gateway);
  receipt.set_stream(envelope.stream());
  receipt.set_position(envelope.position());
  receipt.set_exchange(envelope.exchange());
  std::optional<std::uint64_t> index;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    index = desk_.state.inbound(txn, peer, envelope.stream(), envelope.position());
  }
  if (!index) return error(Code::LOCAL_INTERNAL, "信封未留下日志条目");
  CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(*index));
  CHUANYU_TRY(const journal::Receipt position, desk_.receipt(*index));
  receipt.set_log_index(*index);
  receipt.set_leaf(Bytes(crypto::view(position.leaf)));
  receipt.set_time(position.time);
  if (stored.entry.kind == EntryKind::denied || stored.entry.kind == EntryKind::failed) {
    v1::LogBody body;
    body.ParseFromString(stored.body);
    receipt.set_refused(true);
    receipt.set_code(stored.entry.result);
    receipt.set_detail(body.error_detail());
    receipt.set_where(body.error_where());
  }
  return receipt.SerializeAsString();
}

}  // namespace chuanyu::exchange
