// gateway/journal/rotate.h: a new key epoch: every surviving payload key wrapped anew, in a fresh file.
//
// LMDB keeps the bytes of deleted rows in free pages, so a destroyed key is beyond reach only when the file that held
// it and the key-encryption key that wrapped it are gone. Rotation writes keys/ anew under the next epoch's key and
// throws the old file and the state (a projection, rebuilt at the next start) away; the operator destroys the old
// key-encryption key. Threads: one, and no journal open on the folder (LOCAL_IN_USE). Failure: LOCAL_CRYPTO for the
// wrong old key, LOCAL_IO; whatever happens, either the old or the new file is whole and in place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gateway/base/result.h"
#include "gateway/base/secret.h"

namespace chuanyu::journal {

struct Rotation {
  std::string folder;  // holds keys/ and state/
  Secret old_key;      // key-encryption keys, 32 bytes
  Secret new_key;
  std::uint32_t new_epoch = 0;
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};
// How many payload keys were wrapped anew.
Result<std::uint64_t> rotate_keys(const Rotation& rotation);

// Ends or takes back a rotation that a crash interrupted. Called before keys/ is opened.
Status settle_rotation(const std::string& folder);

}  // namespace chuanyu::journal
