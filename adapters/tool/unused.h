// adapters/tool/unused.h: code sets that no mapping uses: harmless, and often a name that was mistyped.
//
// Threads: one. Failure: a file that cannot be read is none; nothing is thrown.
#pragma once

#include <string>
#include <vector>

#include "adapters/mapping/spec.h"

namespace chuanyu::adapters::tool {

// Code sets of the mappings that no rule names, and files of code sets below the folder that no mapping names; each
// with its place.
std::vector<Error> unused_code_sets(const std::string& folder, const std::vector<Spec>& specs);

}  // namespace chuanyu::adapters::tool
