#include "gateway/http/explain.h"

#include <algorithm>

#include "adapters/explain.h"
#include "gateway/http/answers.h"
#include "gateway/http/json_out.h"
#include "gateway/http/metadata.h"

namespace chuanyu::http {
namespace {

bool may_use(const identity::Principal& principal, const std::string& mapping) {
  if (principal.role() == identity::Role::op) return true;
  const auto& profiles = principal.party().profiles;
  return std::any_of(profiles.begin(), profiles.end(), [&](const auto& own) { return own.second == mapping; });
}

void write(JsonOut& out, const adapters::Step& step) {
  out.object().member("rule", step.rule).member("as", step.as).member("native", step.native);
  if (step.there) out.member("offset", step.offset).member("length", step.length).member("lexeme", step.lexeme);
  out.optional("canonical", step.canonical).optional("value", step.value).end();
}

}  // namespace

Result<transport::Response> explain(const transport::Request& request, const identity::Principal& principal,
                                    const std::string& mapping, const exchange::World& world) {
  const auto adapter = may_use(principal, mapping) ? world.adapters->find(mapping) : nullptr;
  if (!adapter) return error(Code::CLIENT_PROFILE_UNKNOWN, "没有这个格式，或名录未登记本机构使用它");
  const adapters::Profile& profile = adapter->profile();
  if (!media_fits(request.header("Content-Type"), profile.syntax))
    return error(Code::CLIENT_MEDIA_TYPE, "此格式的内容类型为 " + profile.media_type);
  CHUANYU_TRY(adapters::Explanation explained, adapter->explain(request.body, world.checks_of(principal.party().uscc)));
  adapters::mask(explained);

  Bytes fingerprint;
  append_u64(fingerprint, profile.fingerprint);
  JsonOut out;
  out.object().member("mapping", profile.id).member("version", profile.mapping_version);
  out.member("fingerprint", to_hex(fingerprint)).member("bytes", request.body.size()).key("steps").array();
  for (const auto& step : explained.steps) write(out, step);
  out.end();
  add_notes(out, explained.converted.notes);
  out.end();
  return transport::json(200, out.take());
}

}  // namespace chuanyu::http
