#include "gateway/exchange/push.h"

#include <utility>

#include "gateway/exchange/conversion.h"
#include "gateway/exchange/filing.h"
#include "gateway/exchange/gaps.h"
#include "gateway/exchange/residual.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical_json.h"
#include "schemas/record.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

// The native record or JSON message as canonical bytes, in the body.
Status to_canonical(const Desk& desk, const World& world, const PushCommand& c, ledger::Entry& entry,
                    v1::LogBody& body) {
  if (!c.record) {
    CHUANYU_TRY(const Bytes message, schemas::message_from_json(c.what, c.native));
    entry.canonical = desk.journal.keyed_digest(message);
    body.set_message(message);
    return {};
  }
  const identity::Party& sender = c.command.party();
  const auto adapter = world.adapter(sender, c.what);
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载");
  Bytes keep;
  CHUANYU_TRY(const BytesView native, single_record(*adapter, c.native, keep));
  const adapters::Profile& profile = adapter->profile();
  entry.mapping_in = mapping_of(profile);
  CHUANYU_TRY(adapters::Converted converted, adapter->get(native, world.checks_of(sender.uscc)));
  if (c.in_reply_to) {  // an edit of what that exchange brought, if it brought this record
    const auto view = schemas::view_record(profile.kind, converted.bytes);
    std::optional<Origin> origin;
    if (view.ok()) {
      CHUANYU_TRY(origin, brought(desk, {*c.in_reply_to, profile.kind, sender.uscc, view->id}));
    }
    if (origin) {
      CHUANYU_TRY(converted, adapter->get_edited(native, origin->bytes, world.checks_of(sender.uscc)));
      body.mutable_edited_from()->set_index(origin->index);
    }
  }
  entry.canonical = desk.journal.keyed_digest(converted.bytes);
  add_notes(desk, profile.id, converted.notes, body);
  body.add_canonical(std::move(converted.bytes));
  return {};
}

}  // namespace

void Pushing::push(PushCommand command, Reply<Pushed> reply) {
  const auto world = desk_.world();
  const identity::Party& sender = command.command.party();
  const std::string target = "push/" + command.to + "/" + command.what + "/" +
                             (command.in_reply_to ? command.in_reply_to->to_string() : std::string()) + "/" +
                             (command.expires_at ? std::to_string(*command.expires_at) : std::string());
  const Stamp stamp = desk_.stamp(command.command, target, command.native);
  const auto earlier = desk_.repeated_of_late(stamp);
  if (!earlier.ok()) return reply(Failure{earlier.error(), {}, {}});
  if (*earlier) return replay(**earlier, reply);

  ledger::Entry entry =
      desk_.entry(EntryKind::accepted, command.command, *world, desk_.exchange_of(command.command), command.what);
  v1::LogBody body = desk_.body(command.command, stamp);
  entry.to = command.to;
  entry.native_in = stamp.native;
  body.set_native_in(command.native);
  if (command.in_reply_to) body.set_in_reply_to(std::string(command.in_reply_to->bytes()));
  body.set_expires_at(command.expires_at.value_or(entry.time + desk_.settings.default_expiry));
  const auto refuse = [&](EntryKind kind, Error why) {
    desk_.refuse(kind, std::move(entry), std::move(body), std::move(why),
                 [reply](Failure failure) { reply(std::move(failure)); });
  };
  if (body.expires_at() <= entry.time)
    return refuse(EntryKind::failed, error(Code::CLIENT_FIELD_INVALID, "有效期限已过", "/expiresAt"));
  const identity::Party* receiver = world->directory->find_party(command.to);
  if (receiver == nullptr)
    return refuse(EntryKind::failed, error(Code::CLIENT_TARGET_UNKNOWN, "名录中没有这一机构", "/to"));
  const bool local = receiver->home == desk_.settings.gateway;
  if (!local && !desk_.settings.peers.contains(receiver->home)) {
    return refuse(EntryKind::failed, error(Code::CLIENT_TARGET_UNKNOWN, "接收机构所属的网关未与本网关连接", "/to"));
  }
  if (!desk_.decide(*world, policy::Verb::push, command.what, sender, receiver, receiver->home, command.command.purpose,
                    entry)) {
    return refuse(EntryKind::denied, error(Code::CLIENT_POLICY_DENIED, "策略不允许本机构为此事项向该机构发送"));
  }
  if (const Status converted = to_canonical(desk_, *world, command, entry, body); !converted.ok()) {
    return refuse(EntryKind::failed, converted.error());
  }
  if (!local) {
    entry.peer = receiver->home;
  } else if (command.record) {
    if (const Status made = to_receiver(desk_, *world, *receiver, entry, body); !made.ok())
      return refuse(EntryKind::failed, made.error());
  }

  const Uuid exchange = entry.exchange;
  const ExchangeStatus status = local ? ExchangeStatus::delivered : ExchangeStatus::accepted;
  Once once{stamp, {std::move(entry), serialise(body)}, {}, {}, {}, {}, {}};
  once.holds = [this, rerun = command.command.rerun](const storage::ReadTxn& state) {
    return desk_.still_held(state, rerun.get());
  };
  once.stale = [reply, exchange] {
    reply(Failure{error(Code::CLIENT_STATE_CONFLICT, "此记录已重新处理，不在隔离清单中"), exchange, {}});
  };
  once.appended = [=, notes = notes_of(body)](const journal::Receipt& receipt) {
    reply(Pushed{exchange, receipt, status, notes});
  };
  once.repeated = [this, reply](const Uuid& known) { replay(known, reply); };
  once.failed = [reply](Failure failure) { reply(std::move(failure)); };
  desk_.submit_once(std::move(once));
}

void Pushing::replay(const Uuid& exchange, const Reply<Pushed>& reply) const {
  const auto answer = [&]() -> Result<Pushed> {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const auto row = desk_.state.exchange(txn, exchange);
    if (!row) return error(Code::LOCAL_CORRUPT, "幂等键所指的交换不存在");
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(row->opened));
    CHUANYU_TRY(const journal::Receipt receipt, desk_.receipt(row->opened));
    v1::LogBody body;
    body.ParseFromString(stored.body);
    const bool local = stored.entry.peer.empty();
    return Pushed{exchange, receipt, local ? ExchangeStatus::delivered : ExchangeStatus::accepted, notes_of(body)};
  }();
  if (answer.ok()) {
    reply(*answer);
  } else {
    reply(Failure{answer.error(), exchange, {}});
  }
}

}  // namespace chuanyu::exchange
