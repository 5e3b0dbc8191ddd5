// gateway/app/versions.h: whether mappings may take the place of those that the log has in force.
//
// What could be read must still be read, and mean the same (check S10): by every version since the last break that was
// meant, for their records and residuals are still there. Who means to break gives the mapping a new major version, or
// takes it away, and has the operator accept that by name: in the file `accepted_mappings` of the configuration, which
// lies outside the mappings' folder, for who may write there could accept himself. Threads: pure functions over files.
// Failure: every place, as MAPPING_INVALID; CONFIG_* for the operator's file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "gateway/exchange/mappings.h"

namespace chuanyu::app {

// {"accepted": ["sc.case.v1@2.0.0", "sc.old.v1@removed"]}; no file: none.
std::set<std::string> accepted_mappings(const std::string& file, std::vector<Error>& errors);

// What of `now` does not fit the versions of one profile, the one in force last, and is not accepted.
std::vector<Error> breaking(const adapters::Registry& now, const std::vector<exchange::MappingVersion>& versions,
                            const std::set<std::string>& accepted);

}  // namespace chuanyu::app
