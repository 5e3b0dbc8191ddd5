#include "gateway/base/metrics.h"
#include "gateway/http/json_out.h"
#include "gateway/http/routes.h"

namespace chuanyu::http {

transport::Response admin(const transport::Request& request, const std::function<std::vector<Check>()>& checks) {
  if (request.method != "GET" && request.method != "HEAD")
    return transport::problem(error(Code::CLIENT_METHOD_NOT_ALLOWED));
  if (request.path == "/healthz") return transport::json(200, "{\"status\":\"ok\"}");
  if (request.path == "/metrics") {
    transport::Response response;
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    response.body = metrics::to_text();
    return response;
  }
  if (request.path != "/readyz") return transport::problem(error(Code::CLIENT_ROUTE_UNKNOWN));
  bool ready = true;
  JsonOut out;
  out.object().key("checks").array();
  for (const Check& check : checks()) {
    ready = ready && check.ok;
    out.object().member("name", check.name).member("ok", check.ok).optional("detail", check.detail).end();
  }
  out.end().member("ready", ready).end();
  return transport::json(ready ? 200 : 503, out.take());
}

}  // namespace chuanyu::http
