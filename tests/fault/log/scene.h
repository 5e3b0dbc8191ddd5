// What the log's fault programs share: a run of the journal whose acknowledgements are known, and the judge that looks
// at the folder afterwards.
//
// Threads: Run::done on the journal's writer thread, the rest on one. Failure: judge() says in words what it found.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/crypto/signature.h"
#include "gateway/journal/journal.h"

namespace chuanyu::fault {

// What a caller was told. Plain bytes: it may stand in memory that two processes share.
struct Acknowledged {
  std::uint64_t index = 0;
  crypto::Digest leaf{};
  crypto::Digest body{};
};

struct Scene {
  std::string folder;  // the journal's
  std::shared_ptr<const crypto::SigningKey> key;
  std::shared_ptr<const crypto::Sm2SigningKey> sm2_key = nullptr;  // the SM profile, when there is one
  journal::Options options() const;
};

// A folder of its own, in memory where the machine has such a place: thousands of runs shall not wait for its disk.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What became of a run that was let to its end.
struct Ended {
  std::optional<Error> not_opened;
  std::vector<Error> refused;  // answers to the callers
  int fatal = 0;               // calls of Options::on_fatal
  bool healthy = false;        // at the end
  std::uint64_t groups = 0;    // whose callers were answered together
};

struct Run {
  unsigned callers = 4;
  unsigned entries = 40;  // of each caller, one after another; now and then one has a blob
  std::uint64_t seed = 1;
  std::function<void(const Acknowledged&)> acknowledged;  // at the moment of the answer
};
// Opens the journal, appends, stops it.
Ended run_journal(const Scene& scene, const Run& run);

// The folder as a new process finds it: the auditor has nothing to say but that the end is not signed yet, the journal
// opens, every acknowledged entry is there and equal, every other is whole, it takes one more and the log is then
// clean. Empty when all that is so.
std::string judge(const Scene& scene, const std::vector<Acknowledged>& acknowledged);

}  // namespace chuanyu::fault
