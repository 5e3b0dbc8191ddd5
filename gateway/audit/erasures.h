// gateway/audit/erasures.h: which ERASURE entry accounts for a payload whose key is gone (依法删除).
//
// A key that is gone without an entry that names its payload was destroyed by somebody who left no trace: a finding of
// its own, LOG_KEY_MISSING. Memory: 24 bytes for each payload that an ERASURE entry names. Threads: one.
// Failure: as LogReader. A folder without keys (an export, a copy of log/ alone) tells erased payloads by the entries
// that name them; what is gone beyond that it cannot tell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/log_reader.h"
#include "gateway/base/clock.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

struct Erasure {
  std::uint64_t index = 0;  // of the ERASURE entry
  TimeUs time = 0;
  std::string basis;  // the law or decision
  std::string approver;
  std::uint64_t payloads = 0;  // that it names
};
// "log#7（2026-…，依据 …，批准 …）"
std::string to_words(const Erasure& erasure);

class Erasures {
 public:
  // Entries in their order.
  void see(std::uint64_t index, const ledger::Entry& entry);
  // The log from there to its end, and what a gateway has appended since: the entry is durable before the key goes.
  Status read(const LogReader& log, std::uint64_t from);
  // nullptr: no entry names this payload. `number` of list().
  const Erasure* of(std::uint64_t index, std::uint64_t slot) const;
  const std::vector<Erasure>& list() const { return list_; }
  std::uint64_t payloads(std::uint64_t from, std::uint64_t to) const;  // that are named, of entries [from, to)

 private:
  struct Named {
    std::uint64_t index;
    std::uint64_t slot;
    std::size_t by;  // in list_
    auto operator<=>(const Named&) const = default;
  };
  std::vector<Erasure> list_;
  mutable std::vector<Named> named_;
  mutable bool sorted_ = true;
};

// Nothing when the folder has no keys.
std::optional<bool> has_key(const LogReader& log, std::uint64_t slot);
bool has_keys(const LogReader& log);

// What became of the payload of an entry.
struct Fate {
  std::optional<Erasure> erased_by;
  bool lost = false;  // the key is gone and no entry accounts for it
};
class Fates {
 public:
  explicit Fates(const LogReader& log) : log_(&log) {}
  // Reads the log for ERASURE entries when the first payload turns out to be gone.
  Result<Fate> of(std::uint64_t index, const ledger::Entry& entry);

 private:
  const LogReader* log_;
  std::optional<Erasures> erasures_;
};
// The finding.
Error lost_payload(std::uint64_t index);

}  // namespace chuanyu::audit
