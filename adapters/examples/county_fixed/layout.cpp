#include "adapters/examples/county_fixed/layout.h"

namespace county {

bool split(std::string_view line, const chuanyu::sdk::Charset& charset, Cells& cells) {
  for (std::size_t i = 0; i < column_count; ++i) {
    std::string_view rest = line;
    unsigned width = 0;
    while (width < kColumns[i].width && !rest.empty()) width += charset.width(chuanyu::sdk::take_character(rest));
    if (width != kColumns[i].width) return false;
    cells[i] = line.substr(0, line.size() - rest.size());
    line = rest;
  }
  return line.empty();
}

std::string_view trimmed(std::string_view cell) {
  return cell.substr(0, cell.find_last_not_of(' ') == std::string_view::npos ? 0 : cell.find_last_not_of(' ') + 1);
}

std::string normal(Column column, std::string_view cell) {
  std::string text(trimmed(cell));
  if ((column == fine || column == confiscated) && !text.empty()) {
    const std::size_t from = text.find_first_not_of(' ');
    text = std::string(kColumns[column].width - (text.size() - from), '0') + text.substr(from);
  }
  return text;
}

bool append_padded(std::string& line, std::string_view text, Column column, const chuanyu::sdk::Charset& charset) {
  unsigned width = 0;
  for (std::string_view rest = text; !rest.empty();) width += charset.width(chuanyu::sdk::take_character(rest));
  if (width > kColumns[column].width) return false;
  line.append(text).append(kColumns[column].width - width, ' ');
  return true;
}

}  // namespace county
