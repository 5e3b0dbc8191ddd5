// gateway/crypto/key_file.h: reads a file that holds a key.
//
// Threads: any. Failure: LOCAL_KEY_FILE, `where` is the path; a file that others can read (mode & 077) is refused, so
// that a slip of an operator is seen at start-up and not by an intruder.
#pragma once

#include <string>

#include "gateway/base/result.h"
#include "gateway/base/secret.h"

namespace chuanyu::crypto {

// The whole file, at most 64 KiB.
Result<Secret> read_private_file(const std::string& path);
// A key of exactly `bytes` raw bytes (the log's key-encryption key: 32).
Result<Secret> read_raw_key_file(const std::string& path, std::size_t bytes);

}  // namespace chuanyu::crypto
