#include "gateway/terminal/text.h"

#include <algorithm>
#include <cstdint>

#include "gateway/base/bytes.h"

namespace chuanyu::terminal {
namespace {

// Wide in every terminal: Hangul Jamo, CJK and its punctuation, kana, Hangul, compatibility and full-width forms,
// planes 2 and 3. (East Asian Width "ambiguous", like … and ·, counts as one.)
bool is_wide(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},  {0x3400, 0x4DBF},
                                    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97C},  {0xAC00, 0xD7A3},
                                    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6},
                                    {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
  return std::any_of(std::begin(kWide), std::end(kWide), [c](const Range& r) { return c >= r.first && c <= r.last; });
}

bool takes_no_column(char32_t c) { return (c >= 0x0300 && c <= 0x036F) || (c >= 0x200B && c <= 0x200F) || c == 0xFEFF; }

// How long the sequence that starts with `lead` is; 0: none starts so.
std::size_t sequence_bytes(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

char32_t code_point(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  char32_t c = sequence.size() == 1 ? lead : lead & (0xFFU >> (sequence.size() + 1));
  for (const char byte : sequence.substr(1)) c = (c << 6) | (static_cast<unsigned char>(byte) & 0x3FU);
  return c;
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    const std::size_t size =
        std::clamp<std::size_t>(sequence_bytes(static_cast<unsigned char>(utf8[0])), 1, utf8.size());
    const char32_t c = code_point(utf8.substr(0, size));
    width += takes_no_column(c) ? 0 : is_wide(c) ? 2 : 1;
    utf8.remove_prefix(size);
  }
  return width;
}

std::string printable(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t size = sequence_bytes(static_cast<unsigned char>(bytes[0]));
    if (size == 0 || size > bytes.size() || !is_utf8(bytes.substr(0, size))) {
      out += "\\x" + to_hex(bytes.substr(0, 1));
      bytes.remove_prefix(1);
      continue;
    }
    const char32_t c = code_point(bytes.substr(0, size));
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    if (control) out += ' ';
    if (!control) out += bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return out;
}

std::string padded(std::string_view utf8, std::size_t width) {
  std::string out(utf8);
  const std::size_t have = display_width(utf8);
  if (have < width) out.append(width - have, ' ');
  return out;
}

std::string table(const Row& header, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& name : header) widths.push_back(display_width(name));
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  const auto line = [&](const Row& row) {
    std::string out;
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) out += padded(row[i], widths[i] + 2);
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
  };
  Row rule;
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  std::string out = line(header) + line(rule);
  for (const Row& row : rows) out += line(row);
  return out;
}

}  // namespace chuanyu::terminal
