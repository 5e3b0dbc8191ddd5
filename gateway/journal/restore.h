// gateway/journal/restore.h: a data folder made anew from a backup: the same entries, keys and checkpoints.
//
// Entries are appended byte for byte and hashed; the root must be the backup's and its newest checkpoint must carry the
// log key's signature, or there is no log afterwards. The state is left to be rebuilt at the next start. Threads: one,
// while nobody uses the folder. Failure: CONFIG_VALUE when the folder has a log or keys, LOG_TAMPERED, LOG_SIGNATURE,
// LOG_INCOMPLETE of the backup, LOCAL_IO. What is half done stands under names of its own and is thrown away next time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/ledger/checkpoint.h"

namespace chuanyu::journal {

// Where the bytes come from. Each walk calls its visitor for every entry or row, in order, and passes its error on.
struct Backup {
  using Entries = std::function<Status(BytesView entry)>;
  using Rows = std::function<Status(BytesView key, BytesView value)>;
  struct Shard {
    std::string name;  // empty: the first
    std::string origin;
    std::uint64_t size = 0;
    crypto::Digest root{};
    std::string checkpoint;  // the newest signed note
    std::function<Status(const Entries&)> entries;
    std::function<Status(const Rows&)> checkpoints;  // keys and values of FORMAT.md §4, also below
  };
  std::vector<Shard> shards;  // oldest first
  std::function<Status(const Rows&)> slots, named;
  std::function<Result<Bytes>(const crypto::Digest&)> blob;  // whose SHA-256 is checked
};

// CONFIG_VALUE when a restore was begun in the folder and did not end: a log begun there would be another of its name.
Status check_restored(const std::string& folder);

Status restore(const std::string& folder, const ledger::VerifyKeys& log_keys, const Backup& backup);

}  // namespace chuanyu::journal
