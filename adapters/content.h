// adapters/content.h: a mapping as the log keeps it, so that an auditor can convert with the version of that day.
// Threads: pure function. Ownership: the text is the plan's. Failure: none.
#pragma once

#include <string>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

// The mapping with its code sets in it: one self-contained mapping file, as JSON with sorted keys and no comments.
const std::string& content_of(const Plan& plan);

}  // namespace chuanyu::adapters
