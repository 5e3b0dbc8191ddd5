// schemas/regions.h: 行政区划代码 GB/T 2260, with 6, 9 (town) or 12 digits (village).
//
// The table of both provinces is compiled in (codes/regions.json). Abolished codes are still met in stored identifiers
// and are accepted and reported as such. Codes of other provinces are not in the table: only their form is checked.
// Never judge by the prefix of an ID number where somebody belongs: before 1997 Chongqing was part of Sichuan.
// Threads: pure functions; views live as long as the process.
#pragma once

#include <string>
#include <string_view>

namespace chuanyu::schemas {

enum class RegionState {
  malformed,  // not 6, 9 or 12 digits, or not a province's prefix
  unknown,    // prefix 50 or 51, but in neither list
  elsewhere,  // another province: not checked further
  abolished,  // a code of the past; `current` is today's, empty when its area was divided
  current,
};

struct Region {
  RegionState state = RegionState::malformed;
  std::string_view code6;    // first six digits of the argument; empty when malformed
  std::string_view current;  // today's six-digit code, when it is known
  std::string_view name;     // of `current`, Chinese; empty when not in the table
  bool ok() const { return state != RegionState::malformed && state != RegionState::unknown; }
};

// `text` must outlive the result's code6.
Region look_up_region(std::string_view text);

// 6 or 9 digits -> 12 by appending zeros; 12 as it is. `text` must be of a good form.
std::string to_region12(std::string_view text);
// True when digits after the sixth say more than zeros do: a cut to six would lose a town or village.
bool region_has_detail(std::string_view text);

}  // namespace chuanyu::schemas
