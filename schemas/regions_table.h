// schemas/regions_table.h: the region table that the build makes from codes/regions.json. Use regions.h.
#pragma once

#include <cstddef>

namespace chuanyu::schemas::detail {

struct RegionRow {
  const char* code;   // six digits
  const char* value;  // kCodes: the name; kAbolished: today's code
};
struct RegionTable {
  const RegionRow* rows;  // sorted by code
  std::size_t size;
};

extern const RegionTable kCodes;
extern const RegionTable kAbolished;

}  // namespace chuanyu::schemas::detail
