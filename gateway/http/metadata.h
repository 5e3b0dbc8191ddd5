// gateway/http/metadata.h: what every command carries beside its content: purpose and idempotency key, from headers or
// JSON. Threads: pure functions. Failure: CLIENT_PURPOSE_MISSING, CLIENT_IDEMPOTENCY_KEY_MISSING, CLIENT_FIELD_INVALID
// with the place.
#pragma once

#include <memory>
#include <string>

#include "gateway/exchange/desk.h"
#include "gateway/http/request_json.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

// 1 to 128 visible ASCII characters.
Result<std::string> idempotency_key(const transport::Request& request);
// A header whose value is percent-encoded UTF-8; empty when absent.
Result<std::string> text_header(const transport::Request& request, std::string_view name);
// Chuanyu-Matter, -Basis, -Grant, -Operator, -Cause.
Result<policy::Purpose> purpose_from_headers(const transport::Request& request, std::string_view what);
// The member "purpose" of an envelope.
Result<policy::Purpose> purpose_from_json(RequestJson& envelope, std::string_view what);

// Whether a Content-Type fits a profile's syntax: application/json, application/xml | text/xml, text/csv; JSON
// documents also as application/x-ndjson. An empty one does not.
bool media_fits(std::string_view content_type, adapters::Syntax syntax);

}  // namespace chuanyu::http
