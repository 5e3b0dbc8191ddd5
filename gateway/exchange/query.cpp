#include "gateway/exchange/query.h"

#include <algorithm>
#include <utility>

#include "gateway/exchange/conversion.h"
#include "gateway/exchange/departures.h"
#include "gateway/exchange/filing.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/record.h"

namespace chuanyu::exchange {

using ledger::EntryKind;

// A query on its way through this room.
struct Querying::Asked {
  std::shared_ptr<const World> world;
  Stamp stamp;
  ledger::Entry entry;
  v1::LogBody body;
  std::string home;  // gateway that answers
  std::chrono::milliseconds wait{0};
  const identity::Party* asker = nullptr;
  std::shared_ptr<const identity::Principal> principal;  // keeps `asker`
  Reply<Answer> reply;
};

namespace {

constexpr int kAttempts = 8;

Status check(const QueryCommand& c) {
  const int subjects = (c.uscc.empty() ? 0 : 1) + (c.id_no.empty() ? 0 : 1) + (c.record_id.empty() ? 0 : 1);
  if (subjects == 0) return error(Code::CLIENT_FIELD_MISSING, "须给出 uscc、idNo 或 id 之一", "/subject");
  if (subjects > 1) return error(Code::CLIENT_FIELD_INVALID, "uscc、idNo、id 只能给出一个", "/subject");
  if (!c.list_kinds.empty() && c.kind != adapters::Kind::credit) {
    return error(Code::CLIENT_FIELD_INVALID, "名单类别只用于信用记录", "/listKinds");
  }
  return {};
}

v1::RecordQuery to_proto(const QueryCommand& c) {
  v1::RecordQuery query;
  query.set_kind(std::string(adapters::to_string(c.kind)));
  query.set_subject_uscc(c.uscc);
  query.set_subject_id_no(c.id_no);
  query.set_record_id(c.record_id);
  query.set_owner(c.owner);
  for (const std::string& kind : c.list_kinds) query.add_list_kinds(kind);
  return query;
}

// Who is asked: an organisation, or a whole gateway. Nothing: neither is known.
struct Target {
  const identity::Party* owner = nullptr;
  std::string home;
};
Result<Target> target_of(const World& world, const QueryCommand& c, const Settings& settings) {
  Target target{nullptr, c.gateway.empty() ? settings.gateway : c.gateway};
  if (!c.owner.empty()) {
    target.owner = world.directory->find_party(c.owner);
    if (target.owner == nullptr) return error(Code::CLIENT_TARGET_UNKNOWN, "名录中没有这一机构", "/owner");
    if (!c.gateway.empty() && c.gateway != target.owner->home) {
      return error(Code::CLIENT_TARGET_UNKNOWN, "该机构不属于所指的网关", "/gateway");
    }
    target.home = target.owner->home;
  }
  if (target.home != settings.gateway && !settings.peers.contains(target.home)) {
    return error(Code::CLIENT_TARGET_UNKNOWN, "没有这个网关", c.owner.empty() ? "/gateway" : "/owner");
  }
  return target;
}

// The keys of the records that are asked for. Some of them may not be shown, so they are more than can be answered, up
// to a bound.
std::vector<Bytes> candidates(const Desk& desk, const storage::ReadTxn& txn, adapters::Kind kind,
                              const v1::RecordQuery& query) {
  const std::size_t limit = desk.settings.query_records * 4;
  if (!query.record_id().empty()) {
    return desk.state.records_with_id(txn, id_token(desk, kind, query.record_id()), limit);
  }
  const std::string& subject = query.subject_uscc().empty() ? query.subject_id_no() : query.subject_uscc();
  return desk.state.records_of(txn, identifier_term(desk, kind, subject), limit);
}

}  // namespace

Result<Found> look_up(const Desk& desk, const v1::RecordQuery& query) {
  CHUANYU_TRY(const adapters::Kind kind, adapters::parse_kind(query.kind()));
  const Date today = date_in_china(desk.clock.now());
  CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
  Found found;
  std::size_t bytes = 0;
  for (Bytes& token : candidates(desk, txn, kind, query)) {
    const auto row = desk.state.record(txn, token);
    if (!row) continue;
    CHUANYU_TRY(const journal::Stored stored, desk.journal.read(row->index));
    if (stored.erased) continue;
    v1::LogBody body;
    if (!body.ParseFromString(stored.body) || body.canonical_size() != 1)
      return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
    CHUANYU_TRY(const schemas::RecordView view, schemas::view_record(kind, body.canonical(0)));
    if (!schemas::may_be_shown(view, today).shown) continue;
    if (!query.owner().empty() && view.owner_uscc != query.owner()) continue;
    if (!in_lists(kind, body.canonical(0), query)) continue;
    bytes += body.canonical(0).size();
    const bool too_large = bytes > kAnswerBytes && !found.canonical.empty();
    if (too_large || found.canonical.size() == desk.settings.query_records) {
      found.truncated = true;
      break;
    }
    found.canonical.push_back(std::move(*body.mutable_canonical(0)));
    found.indexes.push_back(row->index);
    found.tokens.push_back(std::move(token));
  }
  return found;
}

bool still_current(const Desk& desk, const storage::ReadTxn& state, const Found& found) {
  for (std::size_t i = 0; i < found.tokens.size(); ++i) {
    const auto row = desk.state.record(state, found.tokens[i]);
    if (!row || row->index != found.indexes[i]) return false;
  }
  return true;
}

void Querying::query(const QueryCommand& command, Reply<Answer> reply) {
  if (const Status ok = check(command); !ok.ok()) return reply(Failure{ok.error(), {}, {}});
  auto asked = std::make_shared<Asked>();
  asked->world = desk_.world();
  asked->principal = command.command.principal;
  asked->asker = &asked->principal->party();
  asked->reply = std::move(reply);
  const v1::RecordQuery query = to_proto(command);
  asked->stamp = desk_.stamp(command.command, "query/" + command.gateway, query.SerializeAsString());
  const auto earlier = desk_.repeated_of_late(asked->stamp);
  if (!earlier.ok()) return asked->reply(Failure{earlier.error(), {}, {}});
  asked->wait =
      std::min(command.wait.count() > 0 ? command.wait : desk_.settings.query_wait, desk_.settings.query_wait_max);
  if (*earlier) return replay(asked, **earlier);

  asked->entry =
      desk_.entry(EntryKind::queried, command.command, *asked->world, Uuid::make(desk_.clock.now()), query.kind());
  asked->entry.to = command.owner;
  asked->body = desk_.body(command.command, asked->stamp);
  *asked->body.mutable_query() = query;
  const auto target = target_of(*asked->world, command, desk_.settings);
  if (!target.ok()) return refuse(asked, EntryKind::failed, target.error());
  asked->home = target->home;
  if (!desk_.decide(*asked->world, policy::Verb::query, query.kind(), *asked->asker, target->owner, target->home,
                    command.command.purpose, asked->entry)) {
    return refuse(asked, EntryKind::denied, error(Code::CLIENT_POLICY_DENIED, "策略不允许本机构为此事项查询这类记录"));
  }
  if (!asked->world->adapter(*asked->asker, query.kind())) {
    return refuse(asked, EntryKind::failed,
                  error(Code::CLIENT_PROFILE_UNKNOWN, "名录未登记本机构这类记录的格式，或该格式未装载"));
  }
  if (target->home == desk_.settings.gateway) {
    local(asked, kAttempts);
  } else {
    remote(asked);
  }
}

void Querying::refuse(const std::shared_ptr<Asked>& asked, EntryKind kind, Error why) {
  desk_.refuse(kind, std::move(asked->entry), std::move(asked->body), std::move(why),
               [asked](Failure failure) { asked->reply(std::move(failure)); });
}

// From the records of this gateway. A record that changes between look-up and append makes it look again.
void Querying::local(const std::shared_ptr<Asked>& asked, int attempts) {
  auto found = look_up(desk_, asked->body.query());
  if (!found.ok()) return refuse(asked, EntryKind::failed, found.error());
  v1::LogBody body = asked->body;
  ledger::Entry entry = asked->entry;
  entry.kind = EntryKind::answered;
  for (const std::uint64_t index : found->indexes) body.add_answered_from()->set_index(index);
  for (const Bytes& canonical : found->canonical) body.add_canonical(canonical);
  body.set_truncated(found->truncated);
  const Status converted =
      to_native(desk_, *asked->world->adapter(*asked->asker, entry.what), Fit::as_many_as_fit, entry, body);
  if (!converted.ok()) return refuse(asked, EntryKind::failed, converted.error());

  const Uuid exchange = entry.exchange;
  Once once{asked->stamp, {std::move(entry), serialise(body)}, {}, {}, {}, {}, {}};
  once.holds = [this, found = std::move(*found)](const storage::ReadTxn& state) {
    return still_current(desk_, state, found);
  };
  once.appended = [this, asked, exchange](const journal::Receipt&) {
    desk_.waiters.post([this, asked, exchange] { replay(asked, exchange); });
  };
  once.repeated = [this, asked](const Uuid& known) { replay(asked, known); };
  once.stale = [this, asked, attempts, exchange] {
    if (attempts > 0) return local(asked, attempts - 1);
    asked->reply(Failure{error(Code::LOCAL_OVERLOADED, "所查记录正被频繁更新"), exchange, {}});
  };
  once.failed = [asked](Failure failure) { asked->reply(std::move(failure)); };
  desk_.submit_once(std::move(once));
}

void Querying::remote(const std::shared_ptr<Asked>& asked) {
  asked->entry.peer = asked->home;
  asked->body.set_expires_at(asked->entry.time + desk_.settings.default_expiry);
  const auto deadline = Waiters::Clock::now() + asked->wait;
  Once once{asked->stamp, {asked->entry, serialise(asked->body)}, {}, {}, {}, {}, {}};
  once.appended = [this, asked, deadline](const journal::Receipt&) {
    desk_.waiters.post([this, asked, deadline] { await(asked, deadline); });  // it reads: no work for the writer thread
  };
  once.repeated = [this, asked](const Uuid& known) { replay(asked, known); };
  once.failed = [asked](Failure failure) { asked->reply(std::move(failure)); };
  desk_.submit_once(std::move(once));
}

void Querying::await(const std::shared_ptr<Asked>& asked, Waiters::Clock::time_point deadline) {
  const Uuid exchange = asked->entry.exchange;
  desk_.waiters.wait(Waiters::exchange_topic(exchange), deadline, [this, asked, deadline, exchange](Wake wake) {
    const auto txn = desk_.journal.state();
    if (!txn.ok()) return asked->reply(Failure{txn.error(), exchange, {}});
    const auto row = desk_.state.exchange(*txn, exchange);
    const bool settled = row && row->status != ExchangeStatus::waiting;
    if (settled) return asked->reply(answer_of(exchange, *row));
    if (wake != Wake::changed) return defer(asked);
    await(asked, deadline);
  });
  // The answer may have come between the commit and the wait above.
  const auto txn = desk_.journal.state();
  if (!txn.ok()) return;
  const auto row = desk_.state.exchange(*txn, exchange);
  if (row && row->status != ExchangeStatus::waiting) desk_.waiters.changed({Waiters::exchange_topic(exchange)});
}

// Tells the asker that the answer will come to the inbox, once the log says so. If it has come meanwhile, it is given.
void Querying::defer(const std::shared_ptr<Asked>& asked) {
  const Uuid exchange = asked->entry.exchange;
  ledger::Entry entry = asked->entry;
  entry.kind = EntryKind::deferred;
  entry.time = desk_.clock.now();
  journal::Command job{desk_.journal.prepare({std::move(entry), {}}), {}, {}};
  job.decide = [this, exchange](const storage::ReadTxn& state) {
    const auto row = desk_.state.exchange(state, exchange);
    journal::Verdict verdict;
    if (!row || row->status != ExchangeStatus::waiting || row->deferred) verdict.act = journal::Verdict::Act::drop;
    return verdict;
  };
  job.done = [this, asked, exchange](const journal::Outcome& outcome) {
    if (!outcome.status.ok()) return asked->reply(Failure{outcome.status.error(), exchange, {}});
    desk_.waiters.post([this, asked, exchange] { replay(asked, exchange); });
  };
  desk_.journal.submit(std::move(job));
}

void Querying::replay(const std::shared_ptr<Asked>& asked, const Uuid& exchange) {
  const auto txn = desk_.journal.state();
  if (!txn.ok()) return asked->reply(Failure{txn.error(), exchange, {}});
  const auto row = desk_.state.exchange(*txn, exchange);
  if (!row) return asked->reply(Failure{error(Code::LOCAL_CORRUPT, "幂等键所指的交换不存在"), exchange, {}});
  if (row->status == ExchangeStatus::waiting && !row->deferred) {  // asked again while the first call still waits
    asked->entry.exchange = exchange;
    return await(asked, Waiters::Clock::now() + asked->wait);
  }
  asked->reply(answer_of(exchange, *row));
}

std::variant<Answer, Failure> Querying::answer_of(const Uuid& exchange, const ExchangeRow& row) const {
  const bool deferred = row.status == ExchangeStatus::waiting;
  const std::uint64_t index = deferred ? row.opened : row.settled;
  const auto stored = desk_.journal.read(index);
  if (!stored.ok()) return Failure{stored.error(), exchange, {}};
  if (stored->erased) return Failure{error(Code::LOCAL_PAYLOAD_ERASED), exchange, {}};
  v1::LogBody body;
  if (!body.ParseFromString(stored->body))
    return Failure{error(Code::LOCAL_CORRUPT, "日志条目的内容不可读"), exchange, {}};
  if (row.status == ExchangeStatus::refused || row.status == ExchangeStatus::expired) {
    const CodeInfo* code = find_code(row.error);
    const bool theirs = stored->entry.kind == EntryKind::refused;
    const Code shown = row.status == ExchangeStatus::expired ? Code::PEER_EXPIRED
                       : theirs || code == nullptr           ? Code::PEER_REFUSED
                                                             : code->code;
    return Failure{error(shown, body.error_detail(), body.error_where()), exchange, theirs ? row.error : std::string()};
  }
  const auto receipt = desk_.receipt(index);
  if (!receipt.ok()) return Failure{receipt.error(), exchange, {}};
  Answer answer;
  answer.exchange = exchange;
  answer.receipt = *receipt;
  answer.deferred = deferred;
  answer.what = row.what;
  answer.profile = stored->entry.mapping_out.id;
  answer.truncated = body.truncated();
  answer.records = {body.native_out().begin(), body.native_out().end()};
  answer.notes = notes_of(body);
  answer.rule = stored->entry.rule;
  return answer;
}

}  // namespace chuanyu::exchange
