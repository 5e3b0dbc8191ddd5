// adapters/plugin/plugin_adapter.h: an Adapter over a plug-in. What the plug-in is not trusted with is done here:
// character set, limits, canonical form, identifier checks, notes, and the laws.
//
// CreateGet  what was created reads back as it was meant, else LOCAL_PLUGIN_INVALID
// GetPut     an unchanged record gives the old bytes; the plug-in is not even asked
// PutGet     what was written reads back as it was meant, else RECORD_LAW_PUTGET
// "As it was meant" is equal; or, when the plug-in noted a loss, nothing else than what was meant.
// A batch in which the plug-in crashes or hangs is tried again record by record, so that one bad record costs only
// itself. Threads and failure: as Adapter, and as Runner.
#pragma once

#include <memory>

#include "adapters/adapter.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {

std::shared_ptr<const Adapter> make_plugin_adapter(Profile profile, const Limits& limits,
                                                   std::unique_ptr<Runner> runner);

}  // namespace chuanyu::adapters::plugin
