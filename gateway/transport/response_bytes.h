// gateway/transport/response_bytes.h: a Response as bytes of HTTP/1.1. Private to the room.
//
// Pure but for the Date header. Line breaks in header names and values become spaces, so that no handler can be made to
// split an answer. Content-Length, Connection, Date and Transfer-Encoding are ours: a handler's are left out.
#pragma once

#include "gateway/transport/http.h"

namespace chuanyu::transport {

struct AnswerForm {
  bool close = false;    // Connection: close
  bool http10 = false;   // the caller speaks HTTP/1.0: keep-alive must be said
  bool no_body = false;  // HEAD: length, but no bytes
};

Bytes to_bytes(const Response& response, const AnswerForm& form);

}  // namespace chuanyu::transport
