// gateway/app/versions.h: whether mappings may take the place of those in force.
//
// What could be read must still be read, and mean the same (check S10). Who means to break that gives the mapping a new
// major version and has the operator accept it by name: in the file `accepted_mappings` of the configuration, which
// lies outside the mappings' folder, for who may write there could accept himself. Threads: pure functions over files.
// Failure: every place, as MAPPING_INVALID; CONFIG_* for the operator's file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::app {

// {"accepted": ["sc.case.v1@2.0.0"]}; no file: none.
std::set<std::string> accepted_mappings(const std::string& file, std::vector<Error>& errors);

// What of `now` does not fit `in_force` and is not accepted.
std::vector<Error> breaking(const adapters::Registry& now, const adapters::Registry& in_force,
                            const std::set<std::string>& accepted);

}  // namespace chuanyu::app
