#include "gateway/http/answers.h"

#include "adapters/formats/charset.h"
#include "gateway/http/json_out.h"
#include "gateway/http/levels.h"
#include "schemas/canonical_json.h"

namespace chuanyu::http {
namespace {

constexpr int kRetryAfterSeconds = 1;

void add_receipt(JsonOut& out, const Uuid& exchange, const journal::Receipt& receipt, const std::string& gateway) {
  out.key("receipt").object();
  out.member("exchangeId", exchange.to_string()).member("gateway", gateway).member("index", receipt.index);
  out.member("leaf", to_hex(crypto::view(receipt.leaf)))
      .member("time", to_rfc3339(receipt.time))
      .member("level", to_string(receipt.level));
  out.optional("proof", receipt.proof);
  out.end();
}

// A JSON record stands in the answer as it is; XML and CSV as text for people and as the exact bytes.
void add_record(JsonOut& out, const Bytes& native, const adapters::Profile* profile) {
  if (profile != nullptr && profile->syntax == adapters::Syntax::json) {
    out.raw(native);
    return;
  }
  out.object();
  if (profile != nullptr) {
    out.member("contentType", profile->media_type);
    std::string text;
    const adapters::Charset* charset = adapters::Charset::find(profile->charset);
    if (charset != nullptr && charset->decode(native, text).ok()) out.member("text", text);
  }
  out.member("base64", to_base64(native)).end();
}

const adapters::Profile* profile_of(const exchange::World& world, const std::string& id,
                                    std::shared_ptr<const adapters::Adapter>& keep) {
  keep = world.adapters->find(id);
  return keep ? &keep->profile() : nullptr;
}

void add_answer(JsonOut& out, const exchange::Answer& answer, const exchange::World& world) {
  std::shared_ptr<const adapters::Adapter> adapter;
  const adapters::Profile* profile = profile_of(world, answer.profile, adapter);
  out.member("kind", answer.what).member("profile", answer.profile).member("count", answer.records.size());
  if (answer.truncated) out.member("truncated", true);
  out.key("records").array();
  for (const Bytes& record : answer.records) add_record(out, record, profile);
  out.end();
  add_notes(out, answer.notes);
  out.optional("rule", answer.rule);
}

}  // namespace

void add_notes(JsonOut& out, const std::vector<adapters::Note>& notes) {
  out.key("notes").array();
  for (const adapters::Note& note : notes) {
    out.object().member("kind", adapters::to_string(note.kind));
    if (note.kind == adapters::Note::Kind::warning) out.member("code", to_string(note.code));
    out.member("rule", note.rule)
        .member("native", note.native)
        .member("canonical", note.canonical)
        .member("message", note.message);
    out.end();
  }
  out.end();
}

transport::Response respond(const exchange::Failure& failure) {
  const bool later =
      info(failure.error.code).http_status == 503 || failure.error.code == Code::CLIENT_TOO_MANY_REQUESTS;
  transport::Response response =
      transport::problem(failure.error, failure.exchange.is_nil() ? std::string() : failure.exchange.to_string(),
                         later ? kRetryAfterSeconds : 0);
  if (!failure.peer_code.empty()) {
    JsonOut code;
    code.string(failure.peer_code);
    response.body.insert(response.body.rfind('}'), ",\"peerCode\":" + code.take());
  }
  return response;
}

transport::Response respond(const exchange::Published& published, const std::string& gateway) {
  JsonOut out;
  out.object();
  add_receipt(out, published.exchange, published.receipt, gateway);
  add_notes(out, published.notes);
  out.end();
  return transport::json(published.created ? 201 : 200, out.take());
}

transport::Response respond(const exchange::Imported& imported, const std::string& gateway) {
  JsonOut out;
  out.object().member("exchangeId", imported.exchange.to_string());
  if (imported.receipt.index > 0) add_receipt(out, imported.exchange, imported.receipt, gateway);
  out.member("rows", imported.rows).member("accepted", imported.accepted).member("unchanged", imported.unchanged);
  out.member("rejected", imported.rejected).member("noted", imported.noted);
  out.key("outcomes").array();
  for (const exchange::RowOutcome& row : imported.rejections) {
    out.object().member("row", row.row);
    if (row.line > 0) out.member("line", row.line);
    out.member("code", to_string(row.error.code)).optional("pointer", row.error.where);
    out.member("detail", row.error.detail.empty() ? info(row.error.code).title_zh : std::string_view(row.error.detail))
        .end();
  }
  out.end().member("truncated", imported.rejected > imported.rejections.size());
  if (imported.broken_off) {
    out.key("brokenOff").object().member("code", to_string(imported.end.code));
    out.optional("pointer", imported.end.where).optional("detail", imported.end.detail).end();
  }
  out.end();
  return transport::json(200, out.take());
}

transport::Response respond(const exchange::Pushed& pushed, const std::string& gateway) {
  JsonOut out;
  out.object();
  add_receipt(out, pushed.exchange, pushed.receipt, gateway);
  out.member("status", exchange::to_string(pushed.status));
  add_notes(out, pushed.notes);
  out.end();
  return transport::json(202, out.take());
}

transport::Response respond(const exchange::Answer& answer, const exchange::World& world, const std::string& gateway,
                            bool document) {
  if (answer.deferred) {
    JsonOut out;
    out.object().member("exchangeId", answer.exchange.to_string());
    add_receipt(out, answer.exchange, answer.receipt, gateway);
    out.member("status", "deferred").end();
    return transport::json(202, out.take());
  }
  if (document) {
    const auto adapter = world.adapters->find(answer.profile);
    if (!adapter)
      return transport::problem(error(Code::LOCAL_INTERNAL, "应答所用的格式已不再装载"), answer.exchange.to_string());
    transport::Response response;
    response.body = adapter->join({answer.records.begin(), answer.records.end()});
    response.headers = {{"Content-Type", adapter->profile().media_type},
                        {"Chuanyu-Exchange-Id", answer.exchange.to_string()},
                        {"Chuanyu-Count", std::to_string(answer.records.size())},
                        {"Chuanyu-Notes", std::to_string(answer.notes.size())}};
    return response;
  }
  JsonOut out;
  out.object().member("exchangeId", answer.exchange.to_string());
  add_receipt(out, answer.exchange, answer.receipt, gateway);
  add_answer(out, answer, world);
  out.end();
  return transport::json(200, out.take());
}

transport::Response respond(const std::vector<exchange::InboxItem>& items, std::uint64_t after,
                            const exchange::World& world) {
  JsonOut out;
  out.object().key("items").array();
  std::uint64_t next = after;
  for (const exchange::InboxItem& item : items) {
    next = item.cursor;
    std::shared_ptr<const adapters::Adapter> adapter;
    const adapters::Profile* profile = profile_of(world, item.profile, adapter);
    const bool message = !item.message.empty();
    out.object().member("cursor", std::to_string(item.cursor)).member("id", item.exchange.to_string());
    out.member("type", item.answer ? std::string_view("answer")
                       : message   ? std::string_view(item.what)
                                   : std::string_view("record"));
    if (!message) out.member("kind", item.what);
    const identity::Party* from = world.directory->find_party(item.from);
    out.key("from").object().member("uscc", item.from);
    if (from != nullptr) out.member("name", from->name);
    out.end().member("receivedAt", to_rfc3339(item.received));
    if (!item.in_reply_to.is_nil()) out.member("inReplyTo", item.in_reply_to.to_string());
    out.key("purpose")
        .object()
        .member("matter", item.matter)
        .member("basis", item.basis)
        .member("grant", item.grant)
        .end();
    if (!item.error.empty()) out.key("error").object().member("code", item.error).end();
    if (item.erased) {
      out.member("erased", true);
    } else if (message) {
      const auto json = schemas::message_to_json(item.what, item.message);
      out.key("message").raw(json.ok() ? std::string_view(*json) : std::string_view("null"));
    } else if (item.answer) {
      out.member("profile", item.profile).member("count", item.records.size()).key("records").array();
      for (const Bytes& record : item.records) add_record(out, record, profile);
      out.end();
      add_notes(out, item.notes);
    } else if (!item.records.empty()) {
      out.member("profile", item.profile).key("record");
      add_record(out, item.records.front(), profile);
      add_notes(out, item.notes);
    }
    out.member("index", item.cursor).end();
  }
  out.end().member("next", std::to_string(next)).end();
  return transport::json(200, out.take());
}

transport::Response respond(const exchange::ExchangeView& view, const exchange::Answer* answer,
                            const exchange::World& world, const std::string& gateway) {
  const exchange::ExchangeRow& row = view.row;
  JsonOut out;
  out.object().member("exchangeId", view.exchange.to_string()).member("verb", exchange::to_string(row.verb));
  const bool waiting = row.status == exchange::ExchangeStatus::waiting;
  out.member("status", !waiting ? exchange::to_string(row.status) : row.deferred ? "deferred" : "accepted");
  out.member("from", row.from).optional("to", row.to);
  if (adapters::parse_kind(row.what).ok()) {
    out.member("type", row.verb == exchange::Verb::query ? "query" : "record").member("kind", row.what);
  } else {
    out.member("type", row.what);
  }
  if (!view.log.empty()) out.member("updated", to_rfc3339(view.log.back().time));
  if (!row.error.empty()) {
    out.key("error").object().member("code", row.error);
    out.optional("detail", view.error_detail).optional("pointer", view.error_where).end();
  }
  out.key("log").array();
  for (const exchange::LogPosition& position : view.log) {
    out.object()
        .member("gateway", gateway)
        .member("index", position.index)
        .member("kind", ledger::to_string(position.kind));
    out.member("time", to_rfc3339(position.time)).end();
  }
  out.end();
  if (!view.receipts.empty()) {
    const exchange::PeerPosition& receipt = view.receipts.front();
    out.key("peerReceipt").object().member("gateway", receipt.gateway).member("index", receipt.index);
    out.member("time", to_rfc3339(receipt.time)).end();
  }
  if (answer != nullptr) {
    out.key("answer").object();
    add_answer(out, *answer, world);
    out.end();
  }
  out.end();
  return transport::json(200, out.take());
}

transport::Response respond(const exchange::Erased& erased, const std::string& gateway) {
  JsonOut out;
  out.object();
  add_receipt(out, erased.exchange, erased.receipt, gateway);
  out.member("payloads", erased.payloads).end();
  return transport::json(200, out.take());
}

transport::Response respond_acknowledged(const Uuid& exchange, const journal::Receipt& receipt,
                                         const std::string& gateway) {
  JsonOut out;
  out.object();
  add_receipt(out, exchange, receipt, gateway);
  out.end();
  return transport::json(200, out.take());
}

}  // namespace chuanyu::http
