#include "gateway/http/log_files.h"

#include <string>
#include <utility>

#include "gateway/ledger/tiles.h"

namespace chuanyu::http {
namespace {

using transport::Request;
using transport::Response;

// What a path has said once it says for ever; without `origin` it speaks of another tree when the next shard begins.
Response immutable_file(const Request& request, Bytes bytes) {
  Response response;
  response.headers = {{"Content-Type", "application/octet-stream"}};
  if (request.parameter("origin")) {
    response.headers.push_back({"Cache-Control", "private, max-age=31536000, immutable"});
  }
  response.body = std::move(bytes);
  return response;
}

Error malformed(const Request& request, const char* form) {
  return error(
      Code::CLIENT_FIELD_INVALID,
      std::string("路径须为 ") + form + "：序号每三位一组，末组以外每组前加 x（如 x001/234），不满 256 项的加 .p/项数",
      request.path);
}

}  // namespace

Result<Response> checkpoint_file(const journal::Journal& log, const Request& request) {
  CHUANYU_TRY(std::string note, log.checkpoint_of(request.parameter("origin")));
  Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = std::move(note);
  return response;
}

Result<Response> tile_file(const journal::Journal& log, const Request& request, std::string_view tail) {
  const auto wanted = ledger::parse_tile_path(std::string("tile/").append(tail));
  if (!wanted) return malformed(request, "/v1/log/tile/层/序号");
  CHUANYU_TRY(Bytes hashes, log.tile(request.parameter("origin"), *wanted));
  return immutable_file(request, std::move(hashes));
}

Result<Response> bundle_file(const journal::Journal& log, const Request& request, std::string_view tail) {
  const auto wanted = ledger::parse_bundle_path(std::string("tile/entries/").append(tail));
  if (!wanted) return malformed(request, "/v1/log/tile/entries/序号");
  CHUANYU_TRY(Bytes entries, log.bundle(request.parameter("origin"), *wanted));
  return immutable_file(request, std::move(entries));
}

}  // namespace chuanyu::http
