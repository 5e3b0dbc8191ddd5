// adapters/plugin/diagnosis.h: what a plug-in said of a record, as the gateway says it: an error, or notes.
//
// Texts of a plug-in are cut, made well-formed and have their long numbers masked. Threads: pure functions.
#pragma once

#include <vector>

#include "adapters/adapter.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {

// The outcome's bytes as they are, with notes; or why there are none.
Result<Converted> diagnose(Outcome outcome, chuanyu_status status, bool late);

}  // namespace chuanyu::adapters::plugin
