#include "gateway/http/routes.h"

#include <algorithm>
#include <utility>

#include "gateway/base/metrics.h"
#include "gateway/exchange/arrivals.h"
#include "gateway/exchange/departures.h"
#include "gateway/exchange/erasure.h"
#include "gateway/exchange/inbox.h"
#include "gateway/exchange/publish.h"
#include "gateway/exchange/push.h"
#include "gateway/exchange/query.h"
#include "gateway/http/answers.h"
#include "gateway/http/commands.h"
#include "gateway/http/explain.h"
#include "gateway/http/gate.h"
#include "gateway/http/json_out.h"
#include "gateway/http/log_files.h"
#include "gateway/http/reports.h"

namespace chuanyu::http {
namespace {

using transport::Request;
using transport::Responder;
using transport::Response;

constexpr std::string_view kEnvelopes = "/peer/v1/envelopes";
constexpr std::string_view kAddCheckpoint = "/witness/v1/add-checkpoint";

// A request that was let in, on its way through a handler. Copies share the responder.
struct Call {
  std::shared_ptr<Request> request;
  std::shared_ptr<Responder> responder;
  Gate::Known principal;
  std::string tail;                                // what the route's '*' stands for
  journal::Level level = journal::Level::durable;  // what is to stand behind a receipt

  void send(Response response) const { responder->send(std::move(response)); }
  void fail(const Error& why) const { send(respond(exchange::Failure{why, {}, {}})); }
  void send_file(Result<Response> file) const { file.ok() ? send(*std::move(file)) : fail(file.error()); }
};

// Answers of the exchange, rendered: `render` makes the response of a success.
template <typename T, typename Render>
exchange::Reply<T> answer_with(const Call& call, Render render) {
  return [call, render](std::variant<T, exchange::Failure> result) {
    if (const auto* failure = std::get_if<exchange::Failure>(&result)) return call.send(respond(*failure));
    call.send(render(std::get<T>(result)));
  };
}

journal::Receipt& receipt_of(journal::Receipt& receipt) { return receipt; }
template <typename T>
journal::Receipt& receipt_of(T& done) {
  return done.receipt;
}

// The same for what has a receipt: first as much behind it as the caller asked for.
template <typename T, typename Render>
exchange::Reply<T> answer_at_level(const Call& call, const Levels& levels, Render render) {
  return [call, &levels, render](std::variant<T, exchange::Failure> result) {
    if (const auto* failure = std::get_if<exchange::Failure>(&result)) return call.send(respond(*failure));
    if (call.level == journal::Level::durable) return call.send(render(std::get<T>(result)));
    auto done = std::make_shared<T>(std::get<T>(std::move(result)));
    levels.await(call.level, receipt_of(*done), [call, done, render](journal::Receipt receipt) {
      receipt_of(*done) = std::move(receipt);
      call.send(render(*done));
    });
  };
}

}  // namespace

struct Routes::Impl {
  using Handler = void (Impl::*)(const Call&);
  struct Route {
    std::string_view method;
    std::string_view pattern;  // '*' stands for one non-empty piece
    RoleMask roles;
    Handler handler;
    bool streams = false;
  };
  static const std::vector<Route>& table();
  static bool matches(std::string_view pattern, std::string_view path, std::string& tail);

  Impl(exchange::Desk& desk_in, Witnesses witnesses_in, unsigned rate)
      : desk(desk_in),
        witnesses(witnesses_in),
        levels(desk_in, witnesses_in),
        gate(desk_in, rate),
        publishing(desk_in),
        pushing(desk_in),
        querying(desk_in),
        inbox(desk_in),
        quarantine(desk_in, publishing, pushing),
        arrivals(desk_in),
        erasing(desk_in) {}

  void handle(Request request, Responder responder);

  void whoami(const Call& call);
  void put_record(const Call& call);
  void import_records(const Call& call);
  void push(const Call& call);
  void view_exchange(const Call& call);
  void query(const Call& call);
  void list_inbox(const Call& call);
  void acknowledge(const Call& call);
  void mappings(const Call& call);
  void explain_record(const Call& call);
  void list_gaps(const Call& call);
  void list_quarantine(const Call& call);
  void rerun(const Call& call);
  void erase(const Call& call);
  void checkpoint(const Call& call);
  void entry_bundle(const Call& call);
  void hash_tile(const Call& call);
  void receipt(const Call& call);
  void witness_state(const Call& call);
  void add_checkpoint(const Call& call);
  void envelopes(const Call& call);

  exchange::Desk& desk;
  const Witnesses witnesses;
  Levels levels;
  Gate gate;
  exchange::Publishing publishing;
  exchange::Pushing pushing;
  exchange::Querying querying;
  exchange::Inbox inbox;
  exchange::Quarantine quarantine;
  exchange::Arrivals arrivals;
  exchange::Erasing erasing;
};

const std::vector<Routes::Impl::Route>& Routes::Impl::table() {
  static const std::vector<Route> kTable{
      {"GET", "/v1/whoami", kEveryone, &Impl::whoami},
      {"PUT", "/v1/records/credit/*", kAgency, &Impl::put_record},
      {"PUT", "/v1/records/licence/*", kAgency, &Impl::put_record},
      {"PUT", "/v1/records/case/*", kAgency, &Impl::put_record},
      {"PUT", "/v1/records/*", kAgency, &Impl::put_record},  // an unknown kind: the handler says so
      {"POST", "/v1/records/*:import", kAgency, &Impl::import_records, true},
      {"POST", "/v1/exchanges", kAgency, &Impl::push},
      {"GET", "/v1/exchanges/*:receipt", kAgency | kOperator | kAuditor, &Impl::receipt},
      {"GET", "/v1/exchanges/*", kAgency | kOperator | kAuditor, &Impl::view_exchange},
      {"POST", "/v1/queries", kAgency, &Impl::query},
      {"GET", "/v1/inbox", kAgency, &Impl::list_inbox},
      {"POST", "/v1/inbox/*:ack", kAgency, &Impl::acknowledge},
      {"GET", "/v1/mappings", kEveryone, &Impl::mappings},
      {"POST", "/v1/mappings/*:explain", kAgency | kOperator, &Impl::explain_record},
      {"GET", "/v1/gaps", kAgency | kOperator | kAuditor, &Impl::list_gaps},
      {"GET", "/v1/quarantine", kAgency | kOperator | kAuditor, &Impl::list_quarantine},
      {"POST", "/v1/quarantine/*:rerun", kAgency | kOperator, &Impl::rerun},
      {"POST", "/v1/erasures", kOperator, &Impl::erase},
      {"GET", "/v1/log/checkpoint", kGateway | kAuditor | kOperator, &Impl::checkpoint},
      // Entries say who asked whom: they are for auditors. Before the tiles, whose pattern fits them too.
      {"GET", "/v1/log/tile/entries/*", kAuditor, &Impl::entry_bundle},
      {"GET", "/v1/log/tile/*", kGateway | kAuditor | kOperator, &Impl::hash_tile},
      {"GET", "/v1/log/witnesses", kGateway | kAuditor | kOperator, &Impl::witness_state},
      {"POST", kAddCheckpoint, kGateway | kAuditor, &Impl::add_checkpoint},
      {"POST", kEnvelopes, kGateway, &Impl::envelopes},
  };
  return kTable;
}

bool Routes::Impl::matches(std::string_view pattern, std::string_view path, std::string& tail) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) return false;
  tail = path.substr(before.size(), path.size() - before.size() - after.size());
  return true;
}

void Routes::Impl::handle(Request request, Responder responder) {
  Call call{std::make_shared<Request>(std::move(request)), std::make_shared<Responder>(std::move(responder)), {}, {}};
  const Route* found = nullptr;
  bool path_known = false;
  for (const Route& route : table()) {
    if (!matches(route.pattern, call.request->path, call.tail)) continue;
    path_known = true;
    if (route.method != call.request->method) continue;
    found = &route;
    break;
  }
  // Who is not known learns nothing of which paths exist.
  auto principal = gate.admit(*call.request, found == nullptr ? kEveryone : found->roles);
  if (!principal.ok()) return call.fail(principal.error());
  if (found == nullptr) {
    return call.fail(path_known ? error(Code::CLIENT_METHOD_NOT_ALLOWED) : error(Code::CLIENT_ROUTE_UNKNOWN));
  }
  call.principal = std::move(*principal);
  const auto level = wanted_level(*call.request);
  if (!level.ok()) return call.fail(level.error());
  call.level = *level;
  (this->*found->handler)(call);
}

void Routes::Impl::whoami(const Call& call) {
  const identity::Principal& p = *call.principal;
  const identity::Party& party = p.party();
  JsonOut out;
  out.object().member("urn", identity::to_string(p.urn())).member("role", identity::to_string(p.role()));
  out.member("region", party.region)
      .member("uscc", party.uscc)
      .member("name", party.name)
      .member("system", p.urn().system);
  out.member("gateway", desk.settings.gateway).member("home", party.home).key("profiles").object();
  for (const auto& [kind, profile] : party.profiles) out.member(kind, profile);
  out.end().key("certificate").object().member("fingerprint", to_hex(crypto::view(p.certificate().fingerprint)));
  out.member("notAfter", to_rfc3339(p.certificate().not_after)).end().key("interfaces").array();
  for (const Route& route : table()) {
    if ((route.roles & mask(p.role())) != 0) out.string(std::string(route.method) + " " + std::string(route.pattern));
  }
  out.end().member("time", to_rfc3339(desk.clock.now())).end();
  call.send(transport::json(200, out.take()));
}

void Routes::Impl::put_record(const Call& call) {
  auto command = publish_command(*call.request, call.principal, call.tail, *desk.world());
  if (!command.ok()) return call.fail(command.error());
  publishing.publish(std::move(*command),
                     answer_at_level<exchange::Published>(call, levels, [this](const exchange::Published& done) {
                       return respond(done, desk.settings.gateway);
                     }));
}

void Routes::Impl::import_records(const Call& call) {
  auto command = import_command(*call.request, call.principal, call.tail, *desk.world());
  if (!command.ok()) return call.fail(command.error());
  answer_at_level<exchange::Imported>(call, levels, [this](const exchange::Imported& done) {
    return respond(done, desk.settings.gateway);
  })(publishing.import_records(std::move(*command)));
}

void Routes::Impl::push(const Call& call) {
  auto command = push_command(*call.request, call.principal, *desk.world());
  if (!command.ok()) return call.fail(command.error());
  pushing.push(std::move(*command),
               answer_at_level<exchange::Pushed>(call, levels, [this](const exchange::Pushed& done) {
                 return respond(done, desk.settings.gateway);
               }));
}

void Routes::Impl::query(const Call& call) {
  auto command = query_command(*call.request, call.principal);
  if (!command.ok()) return call.fail(command.error());
  const auto world = desk.world();
  const auto document = wants_document(*call.request, *call.principal, command->kind, *world);
  if (!document.ok()) return call.fail(document.error());
  querying.query(std::move(*command),
                 answer_at_level<exchange::Answer>(call, levels,
                                                   [this, world, native = *document](const exchange::Answer& answer) {
                                                     return respond(answer, *world, desk.settings.gateway, native);
                                                   }));
}

void Routes::Impl::view_exchange(const Call& call) {
  const auto id = Uuid::parse(call.tail);
  if (!id) return call.fail(error(Code::CLIENT_NOT_FOUND, "交换编号须为 UUID"));
  const auto view = inbox.view(*call.principal, *id);
  if (!view.ok()) return call.fail(view.error());
  const auto world = desk.world();
  const bool mine = view->row.verb == exchange::Verb::query && view->row.status == exchange::ExchangeStatus::answered &&
                    view->row.from == call.principal->party().uscc;
  if (!mine) return call.send(respond(*view, nullptr, *world, desk.settings.gateway));
  const auto answer = querying.answer_of(*id, view->row);
  if (const auto* failure = std::get_if<exchange::Failure>(&answer)) return call.send(respond(*failure));
  call.send(respond(*view, &std::get<exchange::Answer>(answer), *world, desk.settings.gateway));
}

void Routes::Impl::list_inbox(const Call& call) {
  const auto page = inbox_page(*call.request);
  if (!page.ok()) return call.fail(page.error());
  const auto world = desk.world();
  inbox.list(call.principal, page->after, page->limit, page->wait,
             answer_with<std::vector<exchange::InboxItem>>(
                 call, [after = page->after, world](const std::vector<exchange::InboxItem>& items) {
                   return respond(items, after, *world);
                 }));
}

void Routes::Impl::acknowledge(const Call& call) {
  const auto id = Uuid::parse(call.tail);
  if (!id) return call.fail(error(Code::CLIENT_NOT_FOUND, "交换编号须为 UUID"));
  inbox.acknowledge(call.principal, *id,
                    answer_at_level<journal::Receipt>(call, levels, [this, id = *id](const journal::Receipt& receipt) {
                      return respond_acknowledged(id, receipt, desk.settings.gateway);
                    }));
}

void Routes::Impl::mappings(const Call& call) {
  JsonOut out;
  out.object().key("mappings").array();
  for (const auto& adapter : desk.world()->adapters->all()) {
    const adapters::Profile& profile = adapter->profile();
    Bytes fingerprint;
    append_u64(fingerprint, profile.fingerprint);
    out.object().member("id", profile.id).member("kind", adapters::to_string(profile.kind));
    out.member("syntax", adapters::to_string(profile.syntax)).member("charset", profile.charset);
    out.member("mediaType", profile.media_type).member("version", profile.mapping_version);
    out.member("fingerprint", to_hex(fingerprint)).end();
  }
  out.end().end();
  call.send(transport::json(200, out.take()));
}

void Routes::Impl::explain_record(const Call& call) {
  auto explained = explain(*call.request, *call.principal, call.tail, *desk.world());
  if (!explained.ok()) return call.fail(explained.error());
  call.send(std::move(*explained));
}

void Routes::Impl::list_gaps(const Call& call) {
  const auto gaps = exchange::gaps(desk, *call.principal);
  if (!gaps.ok()) return call.fail(gaps.error());
  call.send(respond(*gaps, *desk.world()));
}

void Routes::Impl::list_quarantine(const Call& call) {
  const auto page = quarantine_page(*call.request);
  if (!page.ok()) return call.fail(page.error());
  const auto held = quarantine.list(*call.principal, page->after, page->limit);
  if (!held.ok()) return call.fail(held.error());
  call.send(respond(*held, page->after, *desk.world()));
}

void Routes::Impl::rerun(const Call& call) {
  const auto id = Uuid::parse(call.tail);
  if (!id) return call.fail(error(Code::CLIENT_NOT_FOUND, "交换编号须为 UUID"));
  quarantine.rerun(call.principal, *id,
                   answer_with<exchange::Reran>(call, [](const exchange::Reran& reran) { return respond(reran); }));
}

void Routes::Impl::erase(const Call& call) {
  auto command = erase_command(*call.request, call.principal);
  if (!command.ok()) return call.fail(command.error());
  erasing.erase(*command, answer_at_level<exchange::Erased>(call, levels, [this](const exchange::Erased& done) {
    return respond(done, desk.settings.gateway);
  }));
}

void Routes::Impl::checkpoint(const Call& call) { call.send_file(checkpoint_file(desk.journal, *call.request)); }

void Routes::Impl::entry_bundle(const Call& call) {
  call.send_file(bundle_file(desk.journal, *call.request, call.tail));
}

void Routes::Impl::hash_tile(const Call& call) { call.send_file(tile_file(desk.journal, *call.request, call.tail)); }

void Routes::Impl::envelopes(const Call& call) {
  arrivals.receive(call.principal, call.request->body, answer_with<Bytes>(call, [](const Bytes& receipts) {
                     Response response;
                     response.headers = {{"Content-Type", "application/x-protobuf"}};
                     response.body = receipts;
                     return response;
                   }));
}

// An exchange's receipt, for who wants to keep it: of the entry that opened it here.
void Routes::Impl::receipt(const Call& call) {
  const auto id = Uuid::parse(call.tail);
  if (!id) return call.fail(error(Code::CLIENT_NOT_FOUND, "交换编号须为 UUID"));
  const auto view = inbox.view(*call.principal, *id);
  if (!view.ok()) return call.fail(view.error());
  const auto wanted = call.level == journal::Level::durable ? journal::Level::signed_ : call.level;
  journal::Receipt made;
  made.index = view->row.opened;
  levels.await(wanted, std::move(made), [call, wanted](const journal::Receipt& receipt) {
    if (receipt.level != wanted) {
      const char* what =
          wanted == journal::Level::witnessed ? "还没有足够的见证，请稍后再取" : "还没有签名，请稍后再取";
      return call.fail(error(Code::CLIENT_NOT_FOUND, what));
    }
    Response response;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                        {"Content-Disposition", "attachment; filename=\"" + call.tail + ".tlog-proof\""}};
    response.body = receipt.proof;
    call.send(std::move(response));
  });
}

void Routes::Impl::witness_state(const Call& call) {
  const federation::Witnessing::View view = witnesses.witnessing->view();
  JsonOut out;
  out.object().member("asked", view.asked).member("signed", desk.journal.signed_size());
  out.member("witnessed", view.witnessed).optional("held", view.held);
  if (view.since > 0) out.member("since", to_rfc3339(static_cast<TimeUs>(view.since) * 1'000'000));
  out.key("witnesses").array();
  for (const auto& witness : view.witnesses) {
    out.object().member("name", witness.name).member("size", witness.size).optional("trouble", witness.trouble).end();
  }
  out.end();
  if (witnesses.book != nullptr) {
    const auto kept = witnesses.book->kept();
    const auto evidence = witnesses.book->evidence();
    if (!kept.ok()) return call.fail(kept.error());
    if (!evidence.ok()) return call.fail(evidence.error());
    out.key("witnessing").object().member("vkey", witnesses.book->vkey()).key("logs").array();
    for (const witness::Kept& log : *kept) {
      out.object().member("origin", log.origin).member("size", log.size);
      out.member("time", to_rfc3339(static_cast<TimeUs>(log.seconds) * 1'000'000)).member("checkpoint", log.note).end();
    }
    out.end().key("evidence").array();
    for (const witness::Evidence& one : *evidence) {
      out.object().member("origin", one.origin).member("seen", one.seen).member("then", one.then).end();
    }
    out.end().end();
  }
  out.end();
  call.send(transport::json(200, out.take()));
}

// C2SP tlog-witness: statuses and bodies are the specification's, not problem documents.
void Routes::Impl::add_checkpoint(const Call& call) {
  if (witnesses.book == nullptr) return call.fail(error(Code::CLIENT_NOT_FOUND, "本网关不是见证方"));
  witness::Answer answer = witnesses.book->add_checkpoint(call.request->body);
  Response response;
  response.status = answer.status;
  response.headers = {{"Content-Type", std::move(answer.content_type)}};
  response.body = std::move(answer.body);
  call.send(std::move(response));
}

Routes::Routes(exchange::Desk& desk, Witnesses witnesses, unsigned requests_per_second)
    : impl_(std::make_unique<Impl>(desk, witnesses, requests_per_second)) {}
Routes::~Routes() = default;

void Routes::handle(Request request, Responder responder) { impl_->handle(std::move(request), std::move(responder)); }

std::size_t Routes::body_limit(std::string_view method, std::string_view path,
                               const crypto::VerifiedCertificate* peer) {
  if (method != "POST" || path != kEnvelopes || peer == nullptr) return 0;
  const std::vector<std::string>& uris = peer->certificate().san_uris;
  const bool gateway =
      std::any_of(uris.begin(), uris.end(), [](const auto& uri) { return uri.starts_with("urn:chuanyu:gateway:"); });
  return gateway ? exchange::kParcelBytesMax : 0;
}

bool Routes::streams(std::string_view method, std::string_view path) {
  std::string tail;
  for (const Impl::Route& route : Impl::table()) {
    if (route.streams && route.method == method && Impl::matches(route.pattern, path, tail)) return true;
  }
  return false;
}

}  // namespace chuanyu::http
