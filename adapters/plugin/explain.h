// adapters/plugin/explain.h: what the host can tell of a plug-in's conversion: its own steps, and the fields that came.
//
// Which column a field came from only the plug-in knows; what it says of that stands in the notes. Threads: pure
// functions.
#pragma once

#include <vector>

#include "adapters/explain.h"

namespace chuanyu::adapters::plugin {

// Of a record of so many bytes that became `canonical`, in the order in which it happened.
std::vector<Step> steps_of(const Profile& profile, std::size_t bytes, BytesView canonical);

}  // namespace chuanyu::adapters::plugin
