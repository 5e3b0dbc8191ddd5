#include "gateway/exchange/desk.h"

#include <algorithm>
#include <iterator>
#include <latch>
#include <tuple>
#include <utility>

#include "adapters/content.h"
#include "gateway/base/log.h"
#include "gateway/exchange/gaps.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

// A failed arrival is kept so that it can be diagnosed, unless it is too large to be a record.
constexpr std::size_t kKeptArrivalBytes = 32 * 1024;
constexpr std::size_t kUseCauseCharacters = 200;

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

Bytes first_16(const crypto::Digest& digest) { return Bytes(crypto::view(digest).substr(0, kTokenBytes)); }

}  // namespace

const adapters::GetOptions& World::checks_of(const std::string& uscc) const {
  static const adapters::GetOptions kNone;
  const auto own = checks.find(uscc);
  if (own != checks.end()) return own->second;
  const auto every = checks.find("*");
  return every != checks.end() ? every->second : kNone;
}

std::shared_ptr<const adapters::Adapter> World::adapter(const identity::Party& party, std::string_view kind) const {
  const auto profile = party.profiles.find(std::string(kind));
  return profile == party.profiles.end() ? nullptr : adapters->find(profile->second);
}

Desk::Desk(Settings settings_in, journal::Journal& journal_in, const State& state_in, Waiters& waiters_in,
           const Clock& clock_in)
    : settings(std::move(settings_in)), journal(journal_in), state(state_in), waiters(waiters_in), clock(clock_in) {}

std::shared_ptr<const World> Desk::world() const {
  const std::lock_guard lock(world_mutex_);
  return world_;
}

Status Desk::put_in_force(std::shared_ptr<const World> world, const std::string& who) {
  std::vector<ledger::Entry> changes;
  const auto change = [&](EntryKind kind) -> ledger::Entry& {
    ledger::Entry& entry = changes.emplace_back();
    entry.kind = kind;
    entry.time = clock.now();
    entry.exchange = Uuid::make(entry.time);
    entry.gateway = settings.gateway;
    entry.basis = who;
    return entry;
  };
  {
    CHUANYU_TRY(const storage::ReadTxn txn, journal.state());
    if (state.meta_value(txn, "log").empty()) change(EntryKind::shard_open);
    if (state.meta_value(txn, "policy") != crypto::view(world->policy->digest())) {
      ledger::Entry& entry = change(EntryKind::policy);
      entry.policy = world->policy->digest();
      entry.content = world->policy->text();
    }
    if (state.meta_value(txn, "directory") != crypto::view(world->directory->digest())) {
      ledger::Entry& entry = change(EntryKind::directory);
      entry.directory = world->directory->digest();
      entry.content = world->directory->text();
    }
    for (const auto& [kind, text, name] :
         {std::tuple{EntryKind::key, &world->keys, "key"}, {EntryKind::admin, &world->config, "config"}}) {
      if (text->empty() || state.meta_value(txn, name) == crypto::view(crypto::sha256(*text))) continue;
      ledger::Entry& entry = change(kind);
      entry.what = name;
      entry.content = *text;
    }
    const auto logged = state.mappings(txn);
    for (const auto& adapter : world->adapters->all()) {
      const adapters::Profile& profile = adapter->profile();
      const auto before = logged.find(profile.id);
      const bool recorded = before != logged.end() && before->second.back().fingerprint == profile.fingerprint &&
                            before->second.back().index >= journal.base();  // in every shard again
      if (recorded) continue;
      ledger::Entry& entry = change(EntryKind::mapping);
      entry.mapping_in = {profile.id, profile.mapping_version, profile.fingerprint};
      if (const adapters::Plan* plan = world->adapters->plan(profile.id)) entry.content = adapters::content_of(*plan);
    }
  }
  for (ledger::Entry& entry : changes) {
    // What is too long for an entry goes where large bodies go.
    Bytes body;
    if (entry.content.size() > kKeptArrivalBytes) body = std::exchange(entry.content, {});
    const journal::Outcome outcome = journal.append({std::move(entry), std::move(body)});
    const Code why = outcome.status.ok() ? Code::LOCAL_INTERNAL : outcome.status.error().code;
    if (why == Code::LOCAL_LOG_BEHIND || why == Code::LOCAL_SHARD_CLOSED) {
      log::warn("world.not_logged", {{"changes", changes.size()}, {"why", outcome.status.error().detail}});
      break;  // nothing is decided any more that could refer to it: reading goes on
    }
    CHUANYU_CHECK(outcome.status);
  }
  const std::lock_guard lock(world_mutex_);
  world_ = std::move(world);
  return {};
}

Stamp Desk::stamp(const Command& command, std::string_view verb_and_target, BytesView bytes) const {
  if (command.rerun) return command.rerun->stamp;
  Stamp stamp;
  stamp.native = journal.keyed_digest(bytes);
  stamp.idempotency = token("idem", command.principal->party().uscc + '\0' + command.idempotency_key);
  const policy::Purpose& p = command.purpose;
  stamp.request_digest = first_16(digest_of(
      {verb_and_target, crypto::view(stamp.native), p.matter, p.basis, p.grant, p.operator_name, p.use_cause}));
  return stamp;
}

Result<std::optional<Uuid>> Desk::repeated(const storage::ReadTxn& txn, const Stamp& stamp) const {
  const auto known = stamp.idempotency.empty() ? std::nullopt : state.idem(txn, stamp.idempotency);
  if (!known) return std::optional<Uuid>();
  if (known->request_digest != stamp.request_digest) {
    return error(Code::CLIENT_IDEMPOTENCY_CONFLICT, "此幂等键先前用于另一请求，内容不同", "Idempotency-Key");
  }
  return std::optional<Uuid>(known->exchange);
}

Result<std::optional<Uuid>> Desk::repeated_of_late(const Stamp& stamp) const {
  CHUANYU_TRY(const storage::ReadTxn txn, journal.state_of_late());
  return repeated(txn, stamp);
}

Result<std::optional<Uuid>> Desk::repeated(const Stamp& stamp) const {
  CHUANYU_TRY(const storage::ReadTxn txn, journal.state());
  return repeated(txn, stamp);
}

ledger::Entry Desk::entry(EntryKind kind, const Command& command, const World& world, const Uuid& exchange,
                          std::string_view what) const {
  ledger::Entry entry;
  entry.kind = kind;
  entry.time = clock.now();
  entry.exchange = exchange;
  entry.gateway = settings.gateway;
  entry.from = command.party().uscc;
  entry.principal = command.principal->certificate().fingerprint;
  entry.what = what;
  entry.matter = command.purpose.matter;
  entry.basis = command.purpose.basis;
  entry.grant = command.purpose.grant;
  entry.policy = world.policy->digest();
  entry.directory = world.directory->digest();
  return entry;
}

v1::LogBody Desk::body(const Command& command, const Stamp& stamp) const {
  v1::LogBody body;
  body.set_operator_name(command.purpose.operator_name);
  body.set_use_cause(command.purpose.use_cause);
  body.set_idempotency(stamp.idempotency);
  body.set_request_digest(stamp.request_digest);
  if (command.rerun) {
    body.mutable_rerun_of()->set_index(command.rerun->index);
    body.set_row(command.rerun->row);
  }
  return body;
}

Uuid Desk::exchange_of(const Command& command) const {
  return command.rerun ? command.rerun->exchange : Uuid::make(clock.now());
}

bool Desk::still_held(const storage::ReadTxn& state_now, const Rerun* rerun) const {
  return rerun == nullptr || state_now.get(state.quarantine_table, quarantine_key(rerun->agency->uscc, rerun->index));
}

bool Desk::decide(const World& world, policy::Verb verb, std::string_view what, const identity::Party& from,
                  const identity::Party* to, std::string_view to_home, const policy::Purpose& purpose,
                  ledger::Entry& entry) const {
  policy::Request request;
  request.verb = verb;
  request.what = what;
  request.from = &from;
  request.to = to;
  request.to_home = to_home;
  request.purpose = &purpose;
  request.today = date_in_china(entry.time);
  const policy::Decision decision = world.policy->decide(request);
  entry.allowed = decision.allow;
  entry.rule = decision.rule_id;
  if (!decision.allow) {
    log::info("exchange.denied",
              {{"exchange", entry.exchange.to_string()}, {"rule", decision.rule_id}, {"what", what}});
  }
  return decision.allow;
}

void Desk::submit_once(Once once) const {
  const Uuid exchange = once.draft.entry.exchange;
  auto prepared = journal.prepare(std::move(once.draft));
  const auto shared = std::make_shared<const Once>(std::move(once));
  journal::Command job{std::move(prepared), {}, {}};
  job.decide = [this, shared](const storage::ReadTxn& state_now) {
    const auto known = repeated(state_now, shared->stamp);
    journal::Verdict verdict;
    if (!known.ok() || *known || (shared->holds && !shared->holds(state_now)))
      verdict.act = journal::Verdict::Act::drop;
    return verdict;
  };
  job.done = [this, shared, exchange](const journal::Outcome& outcome) {
    if (!outcome.status.ok()) return shared->failed({outcome.status.error(), exchange, {}});
    if (outcome.appended) return shared->appended(outcome.receipt);
    waiters.post([this, shared, exchange] {  // reading back is no work for the writer thread
      const auto known = repeated(shared->stamp);
      if (!known.ok()) return shared->failed({known.error(), exchange, {}});
      if (*known) return shared->repeated(**known);
      shared->stale();
    });
  };
  journal.submit(std::move(job));
}

void Desk::refuse(EntryKind kind, ledger::Entry entry, v1::LogBody body, Error error,
                  const std::function<void(Failure)>& report) const {
  entry.kind = kind;
  entry.result = to_string(error.code);
  body.set_error_detail(error.detail);
  body.set_error_where(error.where);
  add_gap(*this, entry.mapping_in.id, error, body);
  // A refusal is no effect: the same command may be tried again. What is in quarantine keeps what it needs for that.
  if (error.code != Code::RECORD_QUARANTINED || body.has_rerun_of()) {
    body.clear_idempotency();
    if (body.native_in().size() > kKeptArrivalBytes) body.clear_native_in();
  }
  const Uuid exchange = entry.exchange;
  journal.submit({journal.prepare({std::move(entry), serialise(body)}),
                  {},
                  [=, error = std::move(error)](const journal::Outcome& outcome) {
                    report({outcome.status.ok() ? error : outcome.status.error(), exchange, {}});
                  }});
}

Status Desk::submit_and_wait(std::vector<journal::Command> commands) const {
  // Shared: the last `done` may still be leaving when this function returns.
  struct Round {
    explicit Round(std::size_t count) : left(static_cast<std::ptrdiff_t>(count)) {}
    std::latch left;
    std::mutex mutex;
    Status failure;
  };
  const auto round = std::make_shared<Round>(commands.size());
  for (journal::Command& command : commands) {
    command.done = [round](const journal::Outcome& outcome) {
      {
        const std::lock_guard lock(round->mutex);
        if (!outcome.status.ok()) round->failure = outcome.status;
      }
      round->left.count_down();
    };
  }
  journal.submit(std::move(commands));
  round->left.wait();
  return round->failure;
}

Result<journal::Receipt> Desk::receipt(std::uint64_t index) const {
  CHUANYU_TRY(const journal::Stored stored, journal.read(index));
  const Bytes bytes = ledger::encode(stored.entry);
  return journal::Receipt{index, crypto::sha256({BytesView("\0", 1), bytes}), stored.entry.time};
}

crypto::Digest Desk::digest_of(const std::vector<BytesView>& parts) const {
  Bytes joined;
  for (const BytesView part : parts) {
    append_u64(joined, part.size());
    joined.append(part);
  }
  return journal.keyed_digest(joined);
}

Bytes Desk::token(std::string_view purpose, std::string_view value) const {
  Bytes bytes(purpose);
  bytes.push_back('\0');
  bytes.append(value);
  return first_16(journal.token(bytes));
}

Bytes Desk::log_id(std::uint64_t index) const {
  const auto txn = journal.state();
  return txn.ok() ? state.log_id(*txn, index) : Bytes();
}

Status check_purpose(const policy::Purpose& purpose, std::string_view what) {
  const std::pair<const std::string*, std::string_view> parts[] = {{&purpose.matter, "matter"},
                                                                   {&purpose.basis, "basis"},
                                                                   {&purpose.grant, "grant"},
                                                                   {&purpose.operator_name, "operator"}};
  for (const auto& [value, name] : parts) {
    if (value->empty())
      return error(Code::CLIENT_PURPOSE_MISSING, "必填，不得省略或留空", "/purpose/" + std::string(name));
    if (value->size() > 512)
      return error(Code::CLIENT_FIELD_INVALID, "不得超过 512 字节", "/purpose/" + std::string(name));
  }
  const bool licence = what == "licence" || what == "licence-query";
  if (licence && purpose.use_cause.empty())
    return error(Code::CLIENT_PURPOSE_MISSING, "使用电子证照须说明事由", "/purpose/cause");
  if (characters(purpose.use_cause) > kUseCauseCharacters) {
    return error(Code::CLIENT_FIELD_INVALID, "事由不得超过 200 字", "/purpose/cause");
  }
  return {};
}

Bytes serialise(const v1::LogBody& body) { return body.SerializeAsString(); }

std::vector<adapters::Note> notes_of(const v1::LogBody& body) {
  std::vector<adapters::Note> notes;
  for (const v1::ConversionNote& row : body.notes()) {
    adapters::Note& note = notes.emplace_back();
    const auto* const kind = std::find(std::begin(adapters::kNoteKinds), std::end(adapters::kNoteKinds), row.kind());
    if (kind != std::end(adapters::kNoteKinds))
      note.kind = static_cast<adapters::Note::Kind>(kind - std::begin(adapters::kNoteKinds));
    const CodeInfo* code = find_code(row.code());
    if (code != nullptr) note.code = code->code;
    note.rule = row.rule();
    note.native = row.native();
    note.canonical = row.canonical();
    note.message = row.message();
  }
  return notes;
}

}  // namespace chuanyu::exchange
