#include "adapters/formats/write.h"

#include <cstdio>

#include "adapters/formats/scan.h"

namespace chuanyu::adapters {

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* stop = find_json_special(p, end);
    out.append(p, stop);
    p = stop;
    if (p == end) break;
    switch (const char c = *p++; c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: {
        char buffer[8];
        std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += buffer;
      }
    }
  }
  out += '"';
}

namespace {

bool append_xml(std::string& out, std::string_view text, bool attribute) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c > '>') continue;
    const char* replacement = nullptr;
    switch (c) {
      case '&': replacement = "&amp;"; break;
      case '<': replacement = "&lt;"; break;
      case '>': replacement = "&gt;"; break;
      case '"': replacement = attribute ? "&quot;" : nullptr; break;
      case '\r': replacement = "&#13;"; break;
      case '\n': replacement = attribute ? "&#10;" : nullptr; break;
      case '\t': replacement = attribute ? "&#9;" : nullptr; break;
      default:
        if (c < 0x20) return false;
    }
    if (replacement == nullptr) continue;
    out.append(text, plain, i - plain);
    out += replacement;
    plain = i + 1;
  }
  out.append(text, plain, std::string_view::npos);
  return true;
}

}  // namespace

bool append_xml_text(std::string& out, std::string_view text) { return append_xml(out, text, false); }
bool append_xml_attribute(std::string& out, std::string_view text) { return append_xml(out, text, true); }

void append_csv(std::string& out, std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    out.append(cell);
    return;
  }
  out += '"';
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace chuanyu::adapters
