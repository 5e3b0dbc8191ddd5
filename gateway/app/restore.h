// gateway/app/restore.h: a data folder from what `chuanyu-audit export --with-keys` wrote: for --restore.
//
// Threads: one, no gateway running on the folder. Failure: as journal/restore.h; LOG_INCOMPLETE when the export has no
// keys.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/base/result.h"
#include "gateway/config/config.h"

namespace chuanyu::app {

// How many entries there are now in the data folder of the configuration.
Result<std::uint64_t> restore(const config::Config& config, const std::string& exported);

}  // namespace chuanyu::app
