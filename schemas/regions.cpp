#include "schemas/regions.h"

#include <algorithm>
#include <array>

#include "schemas/regions_table.h"

namespace chuanyu::schemas {
namespace {

constexpr std::array<std::string_view, 34> kProvinces = {
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"};

const detail::RegionRow* find(const detail::RegionTable& table, std::string_view code6) {
  const auto* end = table.rows + table.size;
  const auto* row = std::lower_bound(table.rows, end, code6, [](const detail::RegionRow& r, std::string_view c) {
    return std::string_view(r.code) < c;
  });
  return row != end && row->code == code6 ? row : nullptr;
}

bool well_formed(std::string_view text) {
  if (text.size() != 6 && text.size() != 9 && text.size() != 12) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  return std::binary_search(kProvinces.begin(), kProvinces.end(), text.substr(0, 2));
}

}  // namespace

Region look_up_region(std::string_view text) {
  if (!well_formed(text)) return {};
  Region region{RegionState::unknown, text.substr(0, 6), {}, {}};
  if (const auto* row = find(detail::kCodes, region.code6)) {
    region.state = RegionState::current;
    region.current = row->code;
    region.name = row->value;
  } else if (const auto* old = find(detail::kAbolished, region.code6)) {
    region.state = RegionState::abolished;
    region.current = old->value;
    if (const auto* today = find(detail::kCodes, region.current)) region.name = today->value;
  } else if (text.substr(0, 2) != "50" && text.substr(0, 2) != "51") {
    region.state = RegionState::elsewhere;
  }
  return region;
}

std::string to_region12(std::string_view text) {
  std::string out(text);
  out.resize(12, '0');
  return out;
}

bool region_has_detail(std::string_view text) {
  return text.size() > 6 && text.substr(6).find_first_not_of('0') != std::string_view::npos;
}

}  // namespace chuanyu::schemas
