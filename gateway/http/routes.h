// gateway/http/routes.h: the interface for agencies, peers, auditors and operators (schemas/openapi.yaml) on top of the
// exchange.
//
// Every route names the roles that may call it; there is no route without. Threads: handle() on any worker thread.
// Ownership: borrows desk and witnesses; they outlive the routes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/exchange/desk.h"
#include "gateway/http/levels.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

class Routes {
 public:
  Routes(exchange::Desk& desk, Witnesses witnesses, unsigned requests_per_second);
  ~Routes();
  void handle(transport::Request request, transport::Responder responder);
  // Whether a request's body is to be streamed (imports).
  static bool streams(std::string_view method, std::string_view path);
  // Between gateways a parcel may be larger than what an agency may send; 0: the configured limit.
  static std::size_t body_limit(std::string_view method, std::string_view path,
                                const crypto::VerifiedCertificate* peer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One named check of /readyz.
struct Check {
  std::string name;
  bool ok = false;
  std::string detail;
};
// The admin listener: /healthz, /readyz, /metrics. `checks` says whether the gateway can do its work now.
transport::Response admin(const transport::Request& request, const std::function<std::vector<Check>()>& checks);

}  // namespace chuanyu::http
