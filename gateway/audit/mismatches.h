// Private to gateway/audit: entries that are not what the log's own tiles say, and what was done to them.
//
// The tiles keep the leaf hashes in the order in which they were appended. Where only the entries were touched, hash
// and place tell an edit from a removal, an insertion and a swap; where a signed checkpoint agrees with the entries it
// is the tile that was touched. Memory: the first kKept only. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/error.h"

namespace chuanyu::audit {

class Mismatches {
 public:
  static constexpr std::size_t kKept = 1024;

  void add(std::uint64_t index, BytesView computed, BytesView stored);
  // `signed_size`: so many entries agree with a signed checkpoint.
  // `base`: of the shard.
  void tell(std::uint64_t base, std::uint64_t signed_size, const std::function<void(Error)>& find) const;

 private:
  struct One {
    std::uint64_t index = 0;
    Bytes computed;
    Bytes stored;
  };
  // From place `at` on, how many in a row are the stored ones moved by one place: towards the front (removed), back.
  std::size_t moved_run(std::size_t at, bool to_front) const;
  const One* partner(const One& one) const;

  std::vector<One> kept_;
  std::uint64_t more_ = 0;
};

}  // namespace chuanyu::audit
