// gateway/identity/principal.h: who is at the other end of a TLS session.
//
// A Principal can be made only by Directory::authenticate, from a certificate that the TLS code verified; no header,
// body or configuration can forge one. Threads: immutable values; cheap to copy but for the certificate. Ownership:
// keeps the directory that it was made from alive.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/crypto/certificate.h"

namespace chuanyu::identity {

class Directory;

enum class Role : std::uint8_t { agency = 1, gateway = 2, auditor = 3, op = 4 };
std::string_view to_string(Role role);           // agency | gateway | auditor | operator
Result<Role> parse_role(std::string_view text);  // CLIENT_IDENTITY_INVALID

// urn:chuanyu:<role>:<region>:<uscc>:<system>
struct Urn {
  Role role = Role::agency;
  std::string region;  // 6 digits
  std::string uscc;    // checked
  std::string system;  // [a-z0-9-]{1,32}
};
Result<Urn> parse_urn(std::string_view text);  // CLIENT_IDENTITY_INVALID, says which part
std::string to_string(const Urn& urn);

// An organisation as the directory knows it (机构).
struct Party {
  std::string uscc;
  std::string name;
  std::string region;
  std::string home;                             // id of the gateway it belongs to: "sc", "cq"
  std::map<std::string, std::string> profiles;  // kind -> profile id: {"credit": "sc.credit.v1", ...}
};

class Principal {
 public:
  const Urn& urn() const { return *urn_; }
  Role role() const { return urn_->role; }
  const Party& party() const { return *party_; }
  const crypto::Certificate& certificate() const { return certificate_; }

 private:
  friend class Directory;
  Principal(std::shared_ptr<const Directory> directory, const Urn& urn, const Party& party,
            crypto::Certificate certificate)
      : directory_(std::move(directory)), urn_(&urn), party_(&party), certificate_(std::move(certificate)) {}

  std::shared_ptr<const Directory> directory_;  // owns what the next two point to
  const Urn* urn_;
  const Party* party_;
  crypto::Certificate certificate_;
};

}  // namespace chuanyu::identity
