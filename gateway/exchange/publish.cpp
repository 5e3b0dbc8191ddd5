#include "gateway/exchange/publish.h"

#include <utility>

#include "gateway/exchange/filing.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {

using ledger::EntryKind;

void Publishing::publish(PublishCommand command, Reply<Published> reply) {
  const auto world = desk_.world();
  const std::string_view what = adapters::to_string(command.kind);
  const identity::Party& owner = command.command.principal->party();
  const Stamp stamp = desk_.stamp(command.command, "publish/" + std::string(what) + "/" + command.id, command.native);
  const auto earlier = desk_.repeated_of_late(stamp);
  if (!earlier.ok()) return reply(Failure{earlier.error(), {}, {}});
  if (*earlier) return replay(**earlier, reply);

  ledger::Entry entry = desk_.entry(EntryKind::published, command.command, *world, Uuid::make(desk_.clock.now()), what);
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

  Bytes keep;
  const auto native = single_record(*adapter, body.native_in(), keep);
  if (!native.ok()) return refuse(EntryKind::failed, native.error());
  auto filed = file_record(desk_, *adapter, world->checks_of(owner.uscc), owner, *native);
  if (!filed.ok())
    return refuse(filed.error().code == Code::CLIENT_NOT_OWNER ? EntryKind::denied : EntryKind::failed, filed.error());
  if (filed->id != command.id) {
    return refuse(EntryKind::failed, error(Code::CLIENT_RECORD_ID_MISMATCH, "路径中的标识须与记录中的标识相同"));
  }
  const std::vector<adapters::Note> notes = filed->notes;
  *filed = write_filed(std::move(*filed), entry, body);

  const Uuid exchange = entry.exchange;
  auto created = std::make_shared<bool>(false);
  Once once{stamp, {std::move(entry), serialise(body)}, {}, {}, {}, {}, {}};
  once.holds = [this, created, token = filed->token](const storage::ReadTxn& state) {
    *created = !desk_.state.record(state, token);
    return true;
  };
  once.appended = [=](const journal::Receipt& receipt) { reply(Published{exchange, receipt, *created, notes}); };
  once.repeated = [this, reply](const Uuid& known) { replay(known, reply); };
  once.failed = [reply](Failure failure) { reply(std::move(failure)); };
  desk_.submit_once(std::move(once));
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
