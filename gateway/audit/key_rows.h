// Private to gateway/audit: does every wrapped key of a payload open under the key-encryption key?
//
// Nobody signs `keys/` (FORMAT.md §4): rows are deleted by erasure and wrapped anew by a rotation. Each row is sealed
// to its place by its own tag, so who has the key-encryption key can tell one that was changed. Memory: none that
// grows. Threads: one. Failure: findings, LOG_TAMPERED with the first such row; LOG_INCOMPLETE for
// a named key that is not there; LOCAL_KEY_FILE when no row opens, or
// there are none to open.
#pragma once

#include "gateway/audit/verify.h"
#include "gateway/base/secret.h"

namespace chuanyu::audit {

// `report`: of the log's first shard.
void check_key_rows(const LogReader& log, const Secret& key_encryption_key, LogReport& report);

}  // namespace chuanyu::audit
