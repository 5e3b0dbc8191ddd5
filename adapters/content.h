// adapters/content.h: a mapping as the log keeps it, so that an auditor can convert with the version of that day.
// Threads: pure functions. Ownership: the text is the plan's. Failure: adapter_of() gives every mistake of the mapping.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

// The mapping with its code sets in it: one self-contained mapping file, as JSON with sorted keys and no comments.
const std::string& content_of(const Plan& plan);
// The adapter again. Its fingerprint is the one it had when content and canonical schema are the same.
std::variant<std::shared_ptr<const Adapter>, std::vector<Error>> adapter_of(const std::string& content,
                                                                            const std::string& name);

}  // namespace chuanyu::adapters
