#include "gateway/http/reports.h"

#include "gateway/http/json_out.h"

namespace chuanyu::http {

transport::Response respond(const std::vector<exchange::Gap>& gaps, const exchange::World& world) {
  JsonOut out;
  out.object().key("gaps").array();
  for (const exchange::Gap& gap : gaps) {
    const auto adapter = world.adapters->find(gap.profile);
    out.object().member("profile", gap.profile).member("codeSet", gap.set).member("sample", gap.sample);
    out.member("count", gap.count).member("firstSeen", to_rfc3339(gap.first_time)).member("firstIndex", gap.first);
    if (adapter) out.member("mappingVersion", adapter->profile().mapping_version);
    out.end();
  }
  out.end().end();
  return transport::json(200, out.take());
}

transport::Response respond(const std::vector<exchange::Held>& held, const std::string& cursor,
                            const exchange::World& world) {
  JsonOut out;
  out.object().key("items").array();
  for (const exchange::Held& item : held) {
    out.object().member("exchangeId", item.exchange.to_string()).member("index", item.index);
    out.member("time", to_rfc3339(item.time)).member("verb", exchange::to_string(item.verb));
    out.member("kind", item.what).key("agency").object().member("uscc", item.agency);
    const identity::Party* party = world.directory->find_party(item.agency);
    if (party != nullptr) out.member("name", party->name);
    out.end();
    if (item.row > 0) out.member("row", item.row);
    out.member("code", to_string(Code::RECORD_QUARANTINED)).member("detail", item.detail);
    out.optional("pointer", item.where).member("mapping", item.mapping.id);
    out.member("mappingVersion", item.mapping.version).end();
  }
  out.end().member("next", held.empty() ? cursor : held.back().cursor).end();
  return transport::json(200, out.take());
}

transport::Response respond(const exchange::Reran& reran) {
  JsonOut out;
  out.object().member("exchangeId", reran.exchange.to_string()).key("outcomes").array();
  for (const exchange::RerunOutcome& one : reran.outcomes) {
    out.object().member("index", one.index);
    const auto* failure = std::get_if<exchange::Failure>(&one.result);
    out.member("done", failure == nullptr);
    if (failure != nullptr) {
      const Error& why = failure->error;
      out.member("code", to_string(why.code)).optional("pointer", why.where);
      out.member("detail", why.detail.empty() ? info(why.code).title_zh : std::string_view(why.detail));
    } else {
      const auto& receipt = std::get<journal::Receipt>(one.result);
      out.member("logIndex", receipt.index).member("leaf", to_hex(crypto::view(receipt.leaf)));
      out.member("time", to_rfc3339(receipt.time));
    }
    out.end();
  }
  out.end().member("more", reran.more).end();
  return transport::json(200, out.take());
}

}  // namespace chuanyu::http
