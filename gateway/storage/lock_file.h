// gateway/storage/lock_file.h: one process at a time may own a folder.
//
// The lock is the kernel's (flock): it goes with the process, however the process ends, and a file that was left behind
// locks nothing. Threads: any. Failure: LOCAL_IN_USE at once when another opening holds it (also one of this process),
// LOCAL_IO when the file cannot be made.
#pragma once

#include <string>

#include "gateway/base/result.h"

namespace chuanyu::storage {

class LockFile {
 public:
  static Result<LockFile> acquire(const std::string& path);
  LockFile() = default;  // holds nothing
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();  // releases

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace chuanyu::storage
