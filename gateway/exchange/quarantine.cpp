#include "gateway/exchange/quarantine.h"

#include <mutex>
#include <utility>

#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

// Whose rows a caller is shown: its own, or everybody's.
std::string scope_of(const identity::Principal& reader) {
  return reader.role() == identity::Role::agency ? reader.party().uscc : std::string();
}

Verb verb_of(const ledger::Entry& entry, const v1::LogBody& body) {
  if (!entry.to.empty()) return Verb::push;
  return body.row() != 0 ? Verb::import : Verb::publish;
}

Result<v1::LogBody> body_of(const journal::Stored& stored) {
  v1::LogBody body;
  if (stored.erased) return error(Code::LOCAL_PAYLOAD_ERASED, "被隔离的原文已依法删除");
  if (!body.ParseFromString(stored.body)) return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
  return body;
}

// The first command's words, for the agency that said them.
Result<Command> command_of(const Desk& desk, std::shared_ptr<const identity::Principal> caller,
                           const journal::Stored& stored, const v1::LogBody& body) {
  const ledger::Entry& entry = stored.entry;
  const auto rerun = std::make_shared<Rerun>();
  rerun->index = stored.index;
  rerun->exchange = entry.exchange;
  rerun->row = body.row();
  rerun->stamp = {body.idempotency(), body.request_digest(), entry.native_in};
  rerun->world = desk.world();
  rerun->agency = rerun->world->directory->find_party(entry.from);
  if (rerun->agency == nullptr) return error(Code::CLIENT_IDENTITY_UNKNOWN, "名录中已没有这一机构");
  return Command{
      std::move(caller), {entry.matter, entry.basis, entry.grant, body.operator_name(), body.use_cause()}, {}, rerun};
}

PushCommand push_of(const Desk& desk, Command command, const ledger::Entry& entry, v1::LogBody& body) {
  PushCommand push;
  push.command = std::move(command);
  push.to = entry.to;
  push.what = entry.what;
  push.native = std::move(*body.mutable_native_in());
  push.in_reply_to = Uuid::from_bytes(body.in_reply_to());
  // A sender's own expiry stands; the default counts from when it is sent.
  if (body.expires_at() != entry.time + desk.settings.default_expiry) push.expires_at = body.expires_at();
  return push;
}

// What became of each record of one rerun; the last one answers.
struct Round {
  std::mutex mutex;
  std::size_t left = 0;
  Reran reran;
};

}  // namespace

Result<std::vector<Held>> Quarantine::list(const identity::Principal& reader, const std::string& cursor,
                                           std::size_t limit) const {
  std::vector<State::Held> rows;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    rows = desk_.state.quarantine(txn, scope_of(reader), from_hex(cursor).value_or(Bytes()), {}, limit);
  }
  std::vector<Held> found;
  for (const State::Held& row : rows) {
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(row.index));
    v1::LogBody body;
    body.ParseFromString(stored.body);  // erased: empty
    const ledger::Entry& entry = stored.entry;
    found.push_back({to_hex(quarantine_key(row.agency, row.index)), row.agency, row.exchange, row.index, entry.time,
                     verb_of(entry, body), entry.what, body.row(), body.error_detail(), body.error_where(),
                     entry.mapping_in});
  }
  return found;
}

void Quarantine::rerun(const std::shared_ptr<const identity::Principal>& caller, const Uuid& exchange,
                       const Reply<Reran>& reply) {
  std::vector<State::Held> rows;
  {
    const auto txn = desk_.journal.state();
    if (!txn.ok()) return reply(Failure{txn.error(), exchange, {}});
    rows = desk_.state.quarantine(*txn, scope_of(*caller), {}, exchange, kRerunAtOnce + 1);
  }
  if (rows.empty())
    return reply(Failure{error(Code::CLIENT_NOT_FOUND, "隔离清单中没有这一交换，或已重新处理"), exchange, {}});
  const auto round = std::make_shared<Round>();
  round->reran.exchange = exchange;
  round->reran.more = rows.size() > kRerunAtOnce;
  if (round->reran.more) rows.pop_back();
  round->left = rows.size();
  round->reran.outcomes.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    run(caller, rows[i], [round, i, index = rows[i].index, reply](std::variant<journal::Receipt, Failure> result) {
      {
        const std::lock_guard lock(round->mutex);
        round->reran.outcomes[i].index = index;
        round->reran.outcomes[i].result = std::move(result);
        if (--round->left > 0) return;
      }
      reply(std::move(round->reran));
    });
  }
}

void Quarantine::run(const std::shared_ptr<const identity::Principal>& caller, const State::Held& held,
                     const Reply<journal::Receipt>& reply) {
  const auto fail = [&](const Error& why) { reply(Failure{why, held.exchange, {}}); };
  const auto stored = desk_.journal.read(held.index);
  if (!stored.ok()) return fail(stored.error());
  auto body = body_of(*stored);
  if (!body.ok()) return fail(body.error());
  auto command = command_of(desk_, caller, *stored, *body);
  if (!command.ok()) return fail(command.error());
  const auto done = [reply](const auto& result) {
    if (const auto* failure = std::get_if<Failure>(&result)) return reply(*failure);
    reply(std::get<0>(result).receipt);
  };
  const ledger::Entry& entry = stored->entry;
  if (verb_of(entry, *body) == Verb::push) {
    return pushing_.push(push_of(desk_, std::move(*command), entry, *body),
                         [done](const std::variant<Pushed, Failure>& result) { done(result); });
  }
  const auto kind = adapters::parse_kind(entry.what);
  if (!kind.ok()) return fail(kind.error());
  const std::string id = body->record_id();
  publishing_.publish({std::move(*command), *kind, id, std::move(*body->mutable_native_in())},
                      [done](const std::variant<Published, Failure>& result) { done(result); });
}

}  // namespace chuanyu::exchange
