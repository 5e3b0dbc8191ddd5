#include "gateway/cli/table.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <ostream>

namespace chuanyu::cli {
namespace {

std::size_t width_of(UChar32 c) {
  const auto category = u_charType(c);
  if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK || category == U_FORMAT_CHAR) return 0;
  const auto width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// A cell holds one line and no control characters: what a gateway sends must not steer the terminal.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

void put(std::ostream& out, const std::string& cell, std::size_t width, bool last) {
  out << cell;
  if (!last) out << std::string(width - display_width(cell) + 2, ' ');
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  const auto length = static_cast<int32_t>(utf8.size());
  for (int32_t at = 0; at < length;) {
    UChar32 c = 0;
    U8_NEXT(utf8.data(), at, length, c);
    width += c < 0 ? 1 : width_of(c);
  }
  return width;
}

void Table::print(std::ostream& out) const {
  std::vector<std::vector<std::string>> cells{header_};
  for (const auto& row : rows_) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < header_.size(); ++i) line.push_back(i < row.size() ? one_line(row[i]) : "");
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
    out << one_line(value) << '\n';
  }
}

}  // namespace chuanyu::cli
