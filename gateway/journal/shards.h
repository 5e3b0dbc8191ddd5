// Private to gateway/journal: the log's shards in their order (分卷), read as one log by running numbers.
//
// The first shard is log/, a later one shards/<name>/; an entry's number is the base of its shard, the entries of all
// before, and its index there. Only the last shard grows. A shard is made under a name that nobody reads, with its
// first entries, and gets its own name when they are durable: there is no shard without a beginning.
// Threads: open() and open_next() on one thread before anybody reads; last() as LogStore says; readers on any.
// Failure: as LogStore; LOCAL_CORRUPT when a shard is missing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/journal/log_store.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/shard.h"

namespace chuanyu::journal {

struct Shard {
  std::string name;  // empty: the first
  std::uint64_t base = 0;
  std::unique_ptr<LogStore> log;
};

class Shards {
 public:
  struct Place {
    std::string folder;       // the data folder
    std::string origin;       // of the first shard
    ledger::VerifyKeys keys;  // that may have signed the last shard
    std::uint64_t map_bytes = 0;
  };
  static Result<std::unique_ptr<Shards>> open(const Place& place);

  struct Opener {
    std::string gateway;
    std::string who;
    TimeUs time = 0;
  };
  // Behind a closed shard; or, with `recovery`, behind one that goes on no further: its size and root are filled in
  // here.
  Status open_next(const Place& place, const Opener& by, std::optional<ledger::Recovery> recovery);

  LogStore& last() const { return *shards_.back().log; }
  std::uint64_t base() const { return shards_.back().base; }  // of the last
  const std::vector<Shard>& all() const { return shards_; }
  const std::string& origin() const { return shards_.front().log->origin(); }
  Result<bool> closed() const;  // the last entry is a SHARD_CLOSE

  std::uint64_t size() const { return base() + last().size(); }
  const Shard& holding(std::uint64_t index) const;  // the last one for what is beyond the end
  Result<Bytes> read(std::uint64_t index) const;    // CLIENT_NOT_FOUND beyond the durable size
  Status for_each(std::uint64_t from, std::uint64_t to,
                  const std::function<Status(std::uint64_t index, BytesView entry)>& visit) const;
  // Of the shard that holds the last of so many entries, up to there.
  Result<crypto::Digest> root_at(std::uint64_t size) const;
  std::uint64_t used_bytes() const;
  int check_readers() const;

 private:
  Status add(const Place& place, const std::string& name);
  Result<std::vector<ledger::Entry>> first_entries(const Place& place, const Opener& by,
                                                   std::optional<ledger::Recovery> recovery) const;

  std::vector<Shard> shards_;
};

}  // namespace chuanyu::journal
