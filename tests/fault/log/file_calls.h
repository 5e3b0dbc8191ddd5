// What a program does to the files below one folder, call by call: to be recorded, to be made to fail, to be the last.
//
// The calls of libc that change files are defined in file_calls.cpp once more and pass on to the real ones, so a
// program that links this sees its own calls and those of LMDB. A call that is observed runs under one lock: what is
// recorded has one order. Threads: any. Not seen: writes through a map (LMDB maps only its lock file for writing, and
// lock.mdb is left out), and what other processes do. tests/fault/log/calls_test.py counts with strace that nothing
// else is missed.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/base/bytes.h"

namespace chuanyu::fault {

struct FileCall {
  enum class Kind : std::uint8_t { create, make_folder, write, truncate, flush, rename, remove };
  Kind kind = Kind::write;
  std::string path;          // from the observed folder: "log/data.mdb"
  std::string to;            // rename
  std::uint64_t offset = 0;  // write; truncate: the new length
  BytesView bytes;           // write; valid during the call
  bool synchronous = false;  // write to a file that was opened with O_DSYNC
};
const char* to_string(FileCall::Kind kind);

class Observer {
 public:
  virtual ~Observer() = default;
  virtual int before(const FileCall& call) = 0;  // an errno: the call is not made and fails with it; 0: it is made
  virtual void after(const FileCall& call) = 0;  // it succeeded; a write: with the bytes that were written
};

// From here on the observer hears of everything below the folder, until observe({}, nullptr). The folder is an absolute
// path as the program will spell it.
void observe(std::string folder, Observer* observer);

}  // namespace chuanyu::fault
