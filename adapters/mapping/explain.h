// adapters/mapping/explain.h: the steps of a record that was read: workspace cells -> adapters/explain.h.
//
// Threads: one, with its workspace.
#pragma once

#include <string_view>
#include <vector>

#include "adapters/explain.h"
#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"
#include "adapters/mapping/splice.h"

namespace chuanyu::adapters {

// `source` is the text that was loaded, `skipped` the bytes before it (a byte order mark).
std::vector<Step> steps_of(const Plan& plan, const Workspace& ws, std::string_view source, std::size_t skipped);
std::vector<Splice> splices_of(const Plan& plan, std::string_view source, std::size_t skipped, const Edits& edits);

}  // namespace chuanyu::adapters
