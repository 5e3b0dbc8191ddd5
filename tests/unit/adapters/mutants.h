// tests/unit/adapters/mutants.h: mappings that are wrong in one small way, as a tired author would make them.
//
// A mapping is taken as JSON with its code sets inside. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chuanyu::adapters::testing {

struct Mutant {
  std::string name;  // "sc.case.v1 /rules/3 delete"
  nlohmann::json mapping;
};

// The mapping file with what its code sets' files hold in their place.
nlohmann::json inlined(const std::string& mapping_file);

// Rules deleted, made optional or required, their fields swapped; units, dates, separators, sentinels and checks
// changed; pairs of code sets deleted and swapped, `prefer`, `gap`, `back_gap` and `back_text` changed.
std::vector<Mutant> mutants(const nlohmann::json& mapping);

}  // namespace chuanyu::adapters::testing
