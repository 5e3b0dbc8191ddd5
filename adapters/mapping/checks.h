// adapters/mapping/checks.h: the static checks S1-S10 on mappings that compiled (adapters/README.md lists them).
//
// They find what a mapping would lose, confuse or print and not read again before it goes live. Each finding is a
// MAPPING_INVALID that begins with the check's number and says what to write. Threads: pure functions.
#pragma once

#include <vector>

#include "adapters/mapping/plan.h"
#include "adapters/mapping/spec.h"

namespace chuanyu::adapters {

// S1-S9. Findings that the mapping waives are left out; a waiver that waives nothing is a finding. `plan` is compiled
// from `spec`.
void check_mapping(const Spec& spec, const Plan& plan, std::vector<Error>& errors);

// S10: what `old` could read, or said, and `now` cannot or says otherwise. The waivers of `now` apply. Empty: records
// converted by `old` are still understood.
std::vector<Error> incompatible(const Plan& old, const Plan& now);

}  // namespace chuanyu::adapters
