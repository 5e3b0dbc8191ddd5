// adapters/plugin/diagnosis.h: what a plug-in said of a record, as the gateway says it: an error, or notes.
//
// Texts of a plug-in are cut, made well-formed and have their long numbers masked. Threads: any.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "adapters/adapter.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {

// What a plug-in calls the code sets that have gaps. Each is counted for good and is a label of a metric, so it has
// only so many names; what comes beyond them is one.
class GapSets {
 public:
  std::string known(const std::string& name);

 private:
  std::mutex mutex_;
  std::set<std::string> names_;
};

// The outcome's bytes as they are, with notes; or why there are none. `record` is what was converted, as UTF-8: an
// unknown code is taken from there. Empty: nothing is counted.
Result<Converted> diagnose(Outcome outcome, chuanyu_status status, bool late, std::string_view record, GapSets& sets);

}  // namespace chuanyu::adapters::plugin
