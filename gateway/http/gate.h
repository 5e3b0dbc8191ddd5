// gateway/http/gate.h: lets a request in: who is it (directory), may this role call this, not too often.
//
// What a connection's certificate means is remembered per connection and directory, so a request costs a look-up. A
// refusal is logged and counted with its code and, once per connection, written into the exchange log. Threads: any.
// Failure: CLIENT_IDENTITY_*, CLIENT_WRONG_GATEWAY, CLIENT_ROLE_FORBIDDEN, CLIENT_TOO_MANY_REQUESTS,
// TLS_PEER_NOT_PINNED.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "gateway/exchange/desk.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

using RoleMask = std::uint8_t;
constexpr RoleMask mask(identity::Role role) { return static_cast<RoleMask>(1U << static_cast<unsigned>(role)); }
inline constexpr RoleMask kAgency = mask(identity::Role::agency);
inline constexpr RoleMask kGateway = mask(identity::Role::gateway);
inline constexpr RoleMask kAuditor = mask(identity::Role::auditor);
inline constexpr RoleMask kOperator = mask(identity::Role::op);
inline constexpr RoleMask kEveryone = kAgency | kGateway | kAuditor | kOperator;

class Gate {
 public:
  // requests_per_second of one principal; 0: unlimited.
  Gate(exchange::Desk& desk, unsigned requests_per_second) : desk_(desk), rate_(requests_per_second) {}

  using Known = std::shared_ptr<const identity::Principal>;
  Result<Known> admit(const transport::Request& request, RoleMask roles);

 private:
  struct Seen {
    std::weak_ptr<const crypto::VerifiedCertificate> certificate;  // of a connection that may be gone
    std::shared_ptr<const identity::Directory> directory;
    Result<Known> verdict;
  };
  struct Bucket {
    double tokens = 0;
    std::chrono::steady_clock::time_point filled;
  };
  Result<Known> recognise(const transport::Request& request);
  void record_refusal(const transport::Request& request, const Error& why) const;
  bool spend(const std::string& urn);

  exchange::Desk& desk_;
  const unsigned rate_;
  std::shared_mutex mutex_;
  std::unordered_map<const crypto::VerifiedCertificate*, Seen> seen_;
  std::mutex bucket_mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // by URN: as many as the directory has
};

}  // namespace chuanyu::http
