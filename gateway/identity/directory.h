// gateway/identity/directory.h: the directory (名录): which organisations exist, which certificates may speak for them.
//
// A certificate from the right CA that the directory does not know is refused. A gateway's entry pins its public keys
// (two, so that one can be rotated). Threads: immutable after parse; reload = parse anew and swap the pointer.
// Ownership: by shared_ptr only; pointers that it gives live as long as it does.
// Failure: parse() reports every error, each with its JSON pointer. The file's keys: certs/README.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gateway/crypto/digest.h"
#include "gateway/identity/principal.h"

namespace chuanyu::identity {

struct System {
  Urn urn;
  bool suspended = false;
  std::vector<crypto::Digest> pins;  // SubjectPublicKeyInfo SHA-256; empty: any valid certificate with this URN
};

// A root CA and the regions (prefixes) whose organisations it may vouch for.
struct Authority {
  std::string name;
  crypto::Digest root{};  // SHA-256 of the root certificate
  std::vector<std::string> regions;
};

class Directory : public std::enable_shared_from_this<Directory> {
 public:
  static std::variant<std::shared_ptr<const Directory>, std::vector<Error>> parse(std::string_view json);
  // As parse(); CONFIG_UNREADABLE with the path when there is no such file.
  static std::variant<std::shared_ptr<const Directory>, std::vector<Error>> load(const std::string& path);

  // CLIENT_IDENTITY_INVALID (no or bad URN, or more than one; root not of the organisation's province),
  // CLIENT_IDENTITY_UNKNOWN, CLIENT_IDENTITY_SUSPENDED, TLS_PEER_NOT_PINNED,
  // CLIENT_WRONG_GATEWAY when the home of the organisation is not `self` (gateways: never).
  Result<Principal> authenticate(const crypto::VerifiedCertificate& certificate, std::string_view self) const;
  // What authenticate() would say of a certificate that nobody verified: for operators and tests. Gives no Principal.
  Status diagnose(const crypto::Certificate& certificate, std::string_view self) const;

  const Party* find_party(std::string_view uscc) const;  // nullptr when unknown
  // The organisation that runs gateway `id`, and that gateway's URN and pins; nullptr when there is none.
  const Party* find_gateway(std::string_view id) const;
  const System* find_gateway_system(std::string_view id) const;
  const std::vector<System>& systems() const { return systems_; }
  const std::map<std::string, Party, std::less<>>& parties() const { return parties_; }
  // SHA-256 of the text it was parsed from: what log entries refer to.
  const crypto::Digest& digest() const { return digest_; }
  const std::string& text() const { return text_; }

 private:
  friend class DirectoryReader;
  Directory() = default;
  Result<const System*> check(const crypto::Certificate& certificate, std::string_view self) const;
  Status check_authority(const crypto::Certificate& certificate, const Party& party) const;

  std::map<std::string, Party, std::less<>> parties_;  // by USCC
  std::vector<System> systems_;
  std::map<std::string, std::size_t, std::less<>> by_urn_;    // into systems_
  std::map<std::string, std::size_t, std::less<>> gateways_;  // by id, into systems_
  std::vector<Authority> authorities_;                        // empty: any trusted root may vouch for anybody
  crypto::Digest digest_{};
  std::string text_;
};

}  // namespace chuanyu::identity
