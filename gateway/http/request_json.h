// gateway/http/request_json.h: the JSON bodies of requests, read strictly.
//
// Duplicate keys, unknown members, wrong types and nesting beyond 64 are errors with a JSON pointer; native records
// inside an envelope are taken as the bytes that were sent. Threads: one object per request. Failure:
// CLIENT_JSON_INVALID, CLIENT_FIELD_*.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/base/uuid.h"

namespace chuanyu::http {

class RequestJson {
 public:
  // `body` must outlive it. The document must be an object.
  static Result<RequestJson> parse(std::string_view body);
  RequestJson(RequestJson&&) noexcept;
  RequestJson& operator=(RequestJson&&) noexcept;
  ~RequestJson();

  // Errors stick: read every member, then ask status() once.
  std::string text(std::string_view name, bool mandatory = false);  // at most 4,096 bytes
  std::vector<std::string> texts(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<Uuid> uuid(std::string_view name);
  std::optional<TimeUs> time(std::string_view name);  // RFC 3339
  // A member that is an object, as a reader of its own with its own pointer; nothing when absent.
  std::optional<RequestJson> object(std::string_view name);
  std::string_view raw(std::string_view name);  // the bytes of a member's value; empty when absent
  // Says what was wrong first, or which member nobody asked for.
  Status status() const;
  // Takes over the errors of a reader made by object().
  void include(const RequestJson& inner);

 private:
  struct Impl;
  explicit RequestJson(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The text of a JSON string literal.
Result<std::string> unquoted(std::string_view literal);

}  // namespace chuanyu::http
