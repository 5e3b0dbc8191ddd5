#include "adapters/formats/scan.h"

#include <algorithm>
#include <cstring>

namespace chuanyu::adapters {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits at p; -1 when they are not.
int unit(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex(p[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

char* put_utf8(char* to, unsigned point) {
  if (point < 0x80) {
    *to++ = static_cast<char>(point);
  } else if (point < 0x800) {
    *to++ = static_cast<char>(0xC0 | point >> 6);
    *to++ = static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    *to++ = static_cast<char>(0xE0 | point >> 12);
    *to++ = static_cast<char>(0x80 | (point >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (point & 0x3F));
  } else {
    *to++ = static_cast<char>(0xF0 | point >> 18);
    *to++ = static_cast<char>(0x80 | (point >> 12 & 0x3F));
    *to++ = static_cast<char>(0x80 | (point >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (point & 0x3F));
  }
  return to;
}

}  // namespace

bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0')
    ++i;
  else if (!digits())
    return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size() && i > 0;
}

bool unescape_json(std::string_view raw, char*& to) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p < end) {
    const char* slash = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (slash == nullptr) slash = end;
    std::memcpy(to, p, static_cast<std::size_t>(slash - p));
    to += slash - p;
    p = slash;
    if (p == end) break;
    if (end - p < 2) return false;
    const char what = p[1];
    p += 2;
    switch (what) {
      case '"':
      case '\\':
      case '/': *to++ = what; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'n': *to++ = '\n'; break;
      case 'r': *to++ = '\r'; break;
      case 't': *to++ = '\t'; break;
      case 'u': {
        const int high = unit(p, end);
        if (high < 0) return false;
        p += 4;
        auto point = static_cast<unsigned>(high);
        if (high >= 0xD800 && high <= 0xDFFF) {
          if (high > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u') return false;
          const int low = unit(p + 2, end);
          if (low < 0xDC00 || low > 0xDFFF) return false;
          p += 6;
          point = 0x10000u + ((point - 0xD800u) << 10) + (static_cast<unsigned>(low) - 0xDC00u);
        }
        to = put_utf8(to, point);
        break;
      }
      default: return false;
    }
  }
  return true;
}

std::optional<std::string_view> xml_encoding(std::string_view declaration) {
  const auto at = declaration.find("encoding");
  if (at == std::string_view::npos) return std::nullopt;
  const auto open = declaration.find_first_of("\"'", at);
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = declaration.find(declaration[open], open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return declaration.substr(open + 1, close - open - 1);
}

std::uint64_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::uint64_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

}  // namespace chuanyu::adapters
