// A disk that loses its power: what was flushed is there; of the rest any part may be.
//
// The model is POSIX read strictly. A write is durable after a flush of its file (or by O_DSYNC); until then each of
// its 512-byte sectors may be there or not, whatever its neighbours do. A name (create, mkdir, rename, remove) is
// durable after a flush of its folder; until then each may be there or not. A flush of a file does not keep its name.
// Threads: one.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/fault/log/file_calls.h"

namespace chuanyu::fault {

using Random = std::mt19937_64;

// A call as it was recorded, with bytes of its own.
struct Recorded {
  FileCall::Kind kind = FileCall::Kind::write;
  std::string path;
  std::string to;
  std::uint64_t offset = 0;
  Bytes bytes;
  bool synchronous = false;
};

class Disk {
 public:
  void apply(const Recorded& call);
  // The last call was under way when the power went: nothing of it is sure, whatever it flushes.
  void apply_unfinished(const Recorded& call);
  // Into an empty folder, as it is found when the power is back.
  void write_out(const std::string& folder, Random& random) const;

 private:
  struct Pending {
    std::uint64_t offset = 0;
    Bytes bytes;
    bool truncates = false;  // to the length `offset`
    bool sure = false;
  };
  struct File {
    bool is_folder = false;
    Bytes durable;
    std::vector<Pending> pending;
  };
  struct Naming {
    std::string path;
    std::size_t file = 0;
    bool removes = false;
  };
  using Names = std::map<std::string, std::size_t>;  // path -> number in files_

  void name(const std::string& path, std::size_t file);
  void flush(const std::string& path);

  std::vector<File> files_;
  Names live_;  // as the running program sees it
  Names durable_;
  std::vector<std::vector<Naming>> pending_;  // each: one call's, all or nothing
};

}  // namespace chuanyu::fault
