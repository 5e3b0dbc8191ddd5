#include "gateway/exchange/publish.h"

#include <utility>

#include "gateway/exchange/filing.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {

using ledger::EntryKind;

void Publishing::publish(PublishCommand command, Reply<Published> reply) {
  const auto world = desk_.world();
  const std::string_view what = adapters::to_string(command.kind);
  const identity::Party& owner = command.command.party();
  const Stamp stamp = desk_.stamp(command.command, "publish/" + std::string(what) + "/" + command.id, command.native);
  const auto earlier = desk_.repeated_of_late(stamp);
  if (!earlier.ok()) return reply(Failure{earlier.error(), {}, {}});
  if (*earlier) return replay(**earlier, reply);

  ledger::Entry entry =
      desk_.entry(EntryKind::published, command.command, *world, desk_.exchange_of(command.command), what);
  v1::LogBody body = desk_.body(command.command, stamp);
  body.set_record_id(command.id);
  body.set_native_in(std::move(command.native));
  entry.native_in = stamp.native;
  const auto refuse = [&](EntryKind kind, Error why) {
    desk_.refuse(kind, std::move(entry), std::move(body), std::move(why),
                 [reply](Failure failure) { reply(std::move(failure)); });
  };
  if (!desk_.decide(*world, policy::Verb::publish, what, owner, &owner, owner.home, command.command.purpose, entry)) {
    return refuse(EntryKind::denied, error(Code::CLIENT_POLICY_DENIED, "策略不允许本机构为此事项发布这类记录"));
  }
  const auto adapter = world->adapter(owner, what);
  if (!adapter)
    return refuse(EntryKind::failed,
                  error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载"));

  entry.mapping_in = mapping_of(adapter->profile());  // a refusal says by which mapping, too
  Bytes keep;
  const auto native = single_record(*adapter, body.native_in(), keep);
  if (!native.ok()) return refuse(EntryKind::failed, native.error());
  auto filed = file_record(desk_, *adapter, world->checks_of(owner.uscc), owner, *native);
  if (!filed.ok())
    return refuse(filed.error().code == Code::CLIENT_NOT_OWNER ? EntryKind::denied : EntryKind::failed, filed.error());
  if (!command.id.empty() && filed->id != command.id) {
    return refuse(EntryKind::failed, error(Code::CLIENT_RECORD_ID_MISMATCH, "路径中的标识须与记录中的标识相同"));
  }
  const std::vector<adapters::Note> notes = filed->notes;
  *filed = write_filed(desk_, std::move(*filed), entry, body);

  const Uuid exchange = entry.exchange;
  auto created = std::make_shared<bool>(false);
  Once once{stamp, {std::move(entry), serialise(body)}, {}, {}, {}, {}, {}};
  once.holds = [this, created, token = filed->token, rerun = command.command.rerun](const storage::ReadTxn& state) {
    const auto present = desk_.state.record(state, token);
    *created = !present;
    return desk_.still_held(state, rerun.get()) && !(rerun && present && present->since > rerun->index);
  };
  once.stale = [this, reply, world, asked = std::move(command.command), what] {
    overtaken(asked, *world, what, reply);
  };
  once.appended = [=](const journal::Receipt& receipt) { reply(Published{exchange, receipt, *created, notes}); };
  once.repeated = [this, reply](const Uuid& known) { replay(known, reply); };
  once.failed = [reply](Failure failure) { reply(std::move(failure)); };
  desk_.submit_once(std::move(once));
}

// What was in quarantine was run again meanwhile, or the agency has published a newer version of the record: the older
// one must not take its place, and need not be kept.
void Publishing::overtaken(const Command& command, const World& world, std::string_view what,
                           const Reply<Published>& reply) const {
  ledger::Entry entry = desk_.entry(EntryKind::failed, command, world, command.rerun->exchange, what);
  const auto report = [reply](Failure failure) { reply(std::move(failure)); };
  desk_.refuse(EntryKind::failed, std::move(entry), desk_.body(command, command.rerun->stamp),
               error(Code::CLIENT_STATE_CONFLICT, "此记录已重新处理，或此后已发布新版本；已移出隔离清单"), report);
}

// The stored answer of an earlier command with the same key.
void Publishing::replay(const Uuid& exchange, const Reply<Published>& reply) const {
  const auto answer = [&]() -> Result<Published> {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const auto row = desk_.state.exchange(txn, exchange);
    if (!row) return error(Code::LOCAL_CORRUPT, "幂等键所指的交换不存在");
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(row->opened));
    CHUANYU_TRY(const journal::Receipt receipt, desk_.receipt(row->opened));
    v1::LogBody body;
    body.ParseFromString(stored.body);
    return Published{exchange, receipt, !row->replaced, notes_of(body)};
  }();
  if (answer.ok()) {
    reply(*answer);
  } else {
    reply(Failure{answer.error(), exchange, {}});
  }
}

}  // namespace chuanyu::exchange
