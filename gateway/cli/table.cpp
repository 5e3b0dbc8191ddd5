#include "gateway/cli/table.h"

#include <algorithm>
#include <ostream>

#include "gateway/terminal/text.h"

namespace chuanyu::cli {
namespace {

using terminal::display_width;
using terminal::printable;

void put(std::ostream& out, const std::string& cell, std::size_t width, bool last) {
  out << cell;
  if (!last) out << std::string(width - display_width(cell) + 2, ' ');
}

}  // namespace

void Table::print(std::ostream& out) const {
  std::vector<std::vector<std::string>> cells{header_};
  for (const auto& row : rows_) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < header_.size(); ++i) line.push_back(i < row.size() ? printable(row[i]) : "");
  }
  std::vector<std::size_t> widths(header_.size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  }
  for (std::size_t r = 0; r < cells.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) put(out, cells[r][i], widths[i], i + 1 == widths.size());
    out << '\n';
    if (r != 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i)
      put(out, std::string(widths[i], '-'), widths[i], i + 1 == widths.size());
    out << '\n';
  }
}

void print_pairs(std::ostream& out, const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, display_width(name));
  for (const auto& [name, value] : pairs) {
    put(out, name, width, false);
    out << printable(value) << '\n';
  }
}

}  // namespace chuanyu::cli
