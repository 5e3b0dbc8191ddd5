// gateway/app/witnesses.h: whom this gateway asks to witness its log, and whose logs it witnesses, as configured.
// Threads: any. Failure: CONFIG_* with the file or the line of the witness policy.
#pragma once

#include <memory>

#include "gateway/config/config.h"
#include "gateway/federation/witnessing.h"

namespace chuanyu::app {

Result<federation::WitnessingOptions> witnessing_options(const config::Config& config,
                                                         const identity::Directory& directory);
// nullptr: this gateway is no witness.
Result<std::unique_ptr<witness::Book>> open_book(const config::Config& config, const Clock& clock);

}  // namespace chuanyu::app
