// gateway/terminal/text.h: tables that line up although Chinese characters take two columns of a terminal.
//
// Text from a log or a server is shown with control characters and bytes that are not UTF-8 replaced, so that it cannot
// steer the terminal. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chuanyu::terminal {

std::size_t display_width(std::string_view utf8);
// One line that is safe to print: control characters become spaces, stray bytes \xNN.
std::string printable(std::string_view bytes);
// Filled with spaces up to `width` columns.
std::string padded(std::string_view utf8, std::size_t width);

using Row = std::vector<std::string>;
// Columns two spaces apart, a rule under the header; no spaces at the end of a line.
std::string table(const Row& header, const std::vector<Row>& rows);

}  // namespace chuanyu::terminal
