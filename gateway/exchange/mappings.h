// gateway/exchange/mappings.h: the mappings that were in force here, as the log keeps them.
//
// Old records, and the native bytes that an edit is written back into, were read by the version of their day: what
// takes its place must still understand them. Threads: any. Failure: LOCAL_*.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

struct MappingVersion {
  ledger::MappingRef mapping;
  Bytes content;  // adapters/content.h; empty: a plug-in
};

// By profile, in the order in which they came into force.
Result<std::map<std::string, std::vector<MappingVersion>>> mappings_in_log(const Desk& desk);

}  // namespace chuanyu::exchange
