// adapters/examples/county_fixed/codes.h: code sets of the format. The canonical numbers are those of the enums in
// schemas/canonical/common.proto.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace county {

using Codes = std::vector<std::pair<std::string_view, std::uint64_t>>;  // native, canonical

inline const Codes kDomains = {{"01", 1}, {"02", 2}, {"03", 3}, {"04", 4},  {"05", 5},  {"06", 6},
                               {"07", 7}, {"08", 8}, {"09", 9}, {"10", 10}, {"11", 11}, {"12", 12}};
inline const Codes kStates = {{"10", 2}, {"20", 3}, {"60", 6}, {"70", 7}, {"80", 8}, {"91", 10}, {"92", 11}};
inline const Codes kPartyKinds = {{"1", 1}, {"2", 2}, {"3", 3}};

// As in schemas/codes/penalty_kind.json: 01 to 14.
inline bool is_penalty(std::string_view code) { return code.size() == 2 && code >= "01" && code <= "14"; }

constexpr std::string_view kForEver = "99991231";

}  // namespace county
