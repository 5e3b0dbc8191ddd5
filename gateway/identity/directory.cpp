#include "gateway/identity/directory.h"

#include <algorithm>

namespace chuanyu::identity {
namespace {

constexpr std::string_view kScheme = "urn:chuanyu:";

Error refuse(Code code, std::string detail) { return error(code, std::move(detail)); }

}  // namespace

const Party* Directory::find_party(std::string_view uscc) const {
  const auto found = parties_.find(uscc);
  return found == parties_.end() ? nullptr : &found->second;
}

const System* Directory::find_gateway_system(std::string_view id) const {
  const auto found = gateways_.find(id);
  return found == gateways_.end() ? nullptr : &systems_[found->second];
}

const Party* Directory::find_gateway(std::string_view id) const {
  const System* system = find_gateway_system(id);
  return system == nullptr ? nullptr : find_party(system->urn.uscc);
}

Result<const System*> Directory::check(const crypto::Certificate& certificate, std::string_view self) const {
  const std::string* urn = nullptr;
  for (const std::string& uri : certificate.san_uris) {
    if (!uri.starts_with(kScheme)) continue;
    if (urn != nullptr) return refuse(Code::CLIENT_IDENTITY_INVALID, "证书中有不止一个 urn:chuanyu 身份标识");
    urn = &uri;
  }
  if (urn == nullptr) return refuse(Code::CLIENT_IDENTITY_INVALID, "证书的 SAN 中没有 urn:chuanyu 身份标识");

  const auto found = by_urn_.find(*urn);
  if (found == by_urn_.end()) {
    CHUANYU_TRY(const Urn parsed, parse_urn(*urn));  // malformed rather than unknown?
    return refuse(Code::CLIENT_IDENTITY_UNKNOWN,
                  find_party(parsed.uscc) == nullptr ? "名录中没有证书所称的机构" : "名录中的该机构没有登记这一系统");
  }
  const System& system = systems_[found->second];
  const Party& party = *find_party(system.urn.uscc);
  CHUANYU_CHECK(check_authority(certificate, party));
  if (system.suspended) return refuse(Code::CLIENT_IDENTITY_SUSPENDED, "该系统已在名录中停用");
  if (!system.pins.empty() &&
      std::find(system.pins.begin(), system.pins.end(), certificate.spki) == system.pins.end()) {
    return refuse(Code::TLS_PEER_NOT_PINNED, "证书公钥不在名录为该系统固定的指纹之列");
  }
  if (system.urn.role != Role::gateway && party.home != self) {
    return refuse(Code::CLIENT_WRONG_GATEWAY, "该机构登记在网关 " + party.home);
  }
  return &system;
}

Status Directory::check_authority(const crypto::Certificate& certificate, const Party& party) const {
  if (authorities_.empty()) return {};
  for (const Authority& authority : authorities_) {
    if (authority.root != certificate.anchor) continue;
    for (const std::string& region : authority.regions) {
      if (party.region.starts_with(region)) return {};
    }
  }
  return refuse(Code::CLIENT_IDENTITY_INVALID, "签发该证书的根 CA 无权为这一行政区划的机构作证");
}

Result<Principal> Directory::authenticate(const crypto::VerifiedCertificate& certificate, std::string_view self) const {
  CHUANYU_TRY(const System* system, check(certificate.certificate(), self));
  return Principal(shared_from_this(), system->urn, *find_party(system->urn.uscc), certificate.certificate());
}

Status Directory::diagnose(const crypto::Certificate& certificate, std::string_view self) const {
  CHUANYU_TRY([[maybe_unused]] const System* system, check(certificate, self));
  return {};
}

}  // namespace chuanyu::identity
