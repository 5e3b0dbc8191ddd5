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

// What records that a version of `profile` converted could no longer be read, or would mean something else, with the
// mapping that `now` has for it (S10, as Registry::compatible_with). `content`: of that version; empty for a plug-in,
// of which only the profile is looked for. Each with <profile>.mapping.json# in its place.
std::vector<Error> incompatible_with(const Registry& now, const std::string& profile, const std::string& content);

}  // namespace chuanyu::adapters
