// gateway/audit/timeline.h: what happened to one exchange, one case or one application, across both logs, in order.
//
// A case (案件) and an application (办件) are told by the numbers inside messages and records, so their bodies must be
// open; with them come the exchanges that answer or are answered. Every entry of both logs is looked at: an index could
// leave something out. Memory: some 40 bytes for each exchange that answers another. Threads: one.
// Failure: CLIENT_NOT_FOUND when no entry speaks of it; otherwise as LogReader and BodyOpener.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/audit/body.h"
#include "gateway/audit/erasures.h"
#include "gateway/audit/log_reader.h"
#include "gateway/base/uuid.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

// One of the three.
struct Subject {
  std::optional<Uuid> exchange;
  std::string case_no;         // 案件编号 or 案件标识
  std::string application_no;  // 办件编号
};

struct OpenedLog {
  const LogReader* log = nullptr;
  const BodyOpener* bodies = nullptr;  // nullptr without a key
};

struct Step {
  std::size_t log = 0;  // which of the logs
  std::uint64_t index = 0;
  ledger::Entry entry;
  std::optional<Uuid> in_reply_to;
  Fate fate{};
};

// A log went on after a restored backup: what stood between is not in it (恢复).
struct Hole {
  std::size_t log = 0;
  std::uint64_t index = 0;  // of the RECOVERY entry
  TimeUs time = 0;
};

struct Timeline {
  std::vector<Hole> holes;
  std::vector<Step> steps;                   // by time; within a log in the log's order
  std::map<std::string, std::string> names;  // USCC -> name, as the logs' last directories have it
  std::uint64_t erased = 0;                  // bodies that could not be looked into: their keys are gone
  std::uint64_t sealed = 0;                  // no key
};

Result<Timeline> timeline(const std::vector<OpenedLog>& logs, const Subject& subject);

}  // namespace chuanyu::audit
