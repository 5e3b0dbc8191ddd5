// gateway/http/log_files.h: the log as files of C2SP tlog-tiles: checkpoint, hash tiles, entry bundles.
//
// A shard is a tree of its own; the query's `origin` names it, without it the newest is meant. Served is what the
// shard's last checkpoint covers, no blobs and no keys; the bytes are those of `chuanyu-audit export`
// (gateway/ledger/FORMAT.md). Threads: any. Failure: CLIENT_FIELD_INVALID for a path that tlog-tiles does not have,
// CLIENT_NOT_FOUND for what is not (yet) under the checkpoint, LOCAL_CORRUPT.
#pragma once

#include <string_view>

#include "gateway/journal/journal.h"
#include "gateway/transport/http.h"

namespace chuanyu::http {

Result<transport::Response> checkpoint_file(const journal::Journal& log, const transport::Request& request);
// `tail`: "L/N" or "L/N.p/W", N in groups of three digits.
Result<transport::Response> tile_file(const journal::Journal& log, const transport::Request& request,
                                      std::string_view tail);
// `tail`: "N" or "N.p/W".
Result<transport::Response> bundle_file(const journal::Journal& log, const transport::Request& request,
                                        std::string_view tail);

}  // namespace chuanyu::http
