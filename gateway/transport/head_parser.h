// gateway/transport/head_parser.h: a complete head becomes a Request, by cpp-httplib's parser. Private to the room.
//
// httplib::Server::process_request reads the head from memory and never a body: the framer owns those bytes. The text
// that it gets (RequestHead::text) differs from what was sent where httplib would do harm: the query is cut off (a
// second '?' fails it), '%' in header values is doubled (it decodes them, CR and LF too), Range and Expect are left
// out. Threads: any, at once. Failure: CLIENT_BAD_REQUEST.
#pragma once

#include "gateway/base/result.h"
#include "gateway/transport/framing.h"
#include "gateway/transport/http.h"

namespace chuanyu::transport {

// Fills method, path, query and headers.
Status parse_head(RequestHead&& head, Request& out);

}  // namespace chuanyu::transport
