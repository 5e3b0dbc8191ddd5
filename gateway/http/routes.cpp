#include "gateway/http/routes.h"

#include <algorithm>
#include <utility>

#include "gateway/base/metrics.h"
#include "gateway/exchange/arrivals.h"
#include "gateway/exchange/departures.h"
#include "gateway/exchange/inbox.h"
#include "gateway/exchange/publish.h"
#include "gateway/exchange/push.h"
#include "gateway/exchange/query.h"
#include "gateway/http/answers.h"
#include "gateway/http/commands.h"
#include "gateway/http/explain.h"
#include "gateway/http/gate.h"
#include "gateway/http/json_out.h"
#include "gateway/http/reports.h"

namespace chuanyu::http {
namespace {

using transport::Request;
using transport::Responder;
using transport::Response;

constexpr std::string_view kEnvelopes = "/peer/v1/envelopes";

// A request that was let in, on its way through a handler. Copies share the responder.
struct Call {
  std::shared_ptr<Request> request;
  std::shared_ptr<Responder> responder;
  Gate::Known principal;
  std::string tail;  // what the route's '*' stands for

  void send(Response response) const { responder->send(std::move(response)); }
  void fail(const Error& why) const { send(respond(exchange::Failure{why, {}, {}})); }
};

// Answers of the exchange, rendered: `render` makes the response of a success.
template <typename T, typename Render>
exchange::Reply<T> answer_with(const Call& call, Render render) {
  return [call, render](std::variant<T, exchange::Failure> result) {
    if (const auto* failure = std::get_if<exchange::Failure>(&result)) return call.send(respond(*failure));
    call.send(render(std::get<T>(result)));
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

  Impl(exchange::Desk& desk_in, unsigned rate)
      : desk(desk_in),
        gate(desk_in, rate),
        publishing(desk_in),
        pushing(desk_in),
        querying(desk_in),
        inbox(desk_in),
        quarantine(desk_in, publishing, pushing),
        arrivals(desk_in) {}

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
  void checkpoint(const Call& call);
  void envelopes(const Call& call);

  exchange::Desk& desk;
  Gate gate;
  exchange::Publishing publishing;
  exchange::Pushing pushing;
  exchange::Querying querying;
  exchange::Inbox inbox;
  exchange::Quarantine quarantine;
  exchange::Arrivals arrivals;
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
      {"GET", "/v1/exchanges/*", kAgency | kOperator | kAuditor, &Impl::view_exchange},
      {"POST", "/v1/queries", kAgency, &Impl::query},
      {"GET", "/v1/inbox", kAgency, &Impl::list_inbox},
      {"POST", "/v1/inbox/*:ack", kAgency, &Impl::acknowledge},
      {"GET", "/v1/mappings", kEveryone, &Impl::mappings},
      {"POST", "/v1/mappings/*:explain", kAgency | kOperator, &Impl::explain_record},
      {"GET", "/v1/gaps", kAgency | kOperator | kAuditor, &Impl::list_gaps},
      {"GET", "/v1/quarantine", kAgency | kOperator | kAuditor, &Impl::list_quarantine},
      {"POST", "/v1/quarantine/*:rerun", kAgency | kOperator, &Impl::rerun},
      {"GET", "/v1/log/checkpoint", kGateway | kAuditor | kOperator, &Impl::checkpoint},
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
                     answer_with<exchange::Published>(call, [this](const exchange::Published& done) {
                       return respond(done, desk.settings.gateway);
                     }));
}

void Routes::Impl::import_records(const Call& call) {
  auto command = import_command(*call.request, call.principal, call.tail, *desk.world());
  if (!command.ok()) return call.fail(command.error());
  const auto result = publishing.import_records(std::move(*command));
  if (const auto* failure = std::get_if<exchange::Failure>(&result)) return call.send(respond(*failure));
  call.send(respond(std::get<exchange::Imported>(result), desk.settings.gateway));
}

void Routes::Impl::push(const Call& call) {
  auto command = push_command(*call.request, call.principal, *desk.world());
  if (!command.ok()) return call.fail(command.error());
  pushing.push(std::move(*command), answer_with<exchange::Pushed>(call, [this](const exchange::Pushed& done) {
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
                 answer_with<exchange::Answer>(call, [this, world, native = *document](const exchange::Answer& answer) {
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
                    answer_with<journal::Receipt>(call, [this, id = *id](const journal::Receipt& receipt) {
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

void Routes::Impl::checkpoint(const Call& call) {
  const std::string note = desk.journal.checkpoint();
  if (note.empty()) return call.fail(error(Code::CLIENT_NOT_FOUND, "尚无检查点"));
  Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = note;
  call.send(std::move(response));
}

void Routes::Impl::envelopes(const Call& call) {
  arrivals.receive(call.principal, call.request->body, answer_with<Bytes>(call, [](const Bytes& receipts) {
                     Response response;
                     response.headers = {{"Content-Type", "application/x-protobuf"}};
                     response.body = receipts;
                     return response;
                   }));
}

Routes::Routes(exchange::Desk& desk, unsigned requests_per_second)
    : impl_(std::make_unique<Impl>(desk, requests_per_second)) {}
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
