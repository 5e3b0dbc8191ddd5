// adapters/formats/scan.h: the lexical parts that loaders and readers share.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace chuanyu::adapters {

// The first '"', '\\' or control character in [p, end); end when there is none.
inline const char* find_json_special(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i slash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1F);
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)),
                                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    if (const int mask = _mm_movemask_epi8(hit); mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) > 0x1F) ++p;
  return p;
}

// The first '&', '>' or control character in [p, end): without one, XML text means just what it says.
inline const char* find_xml_special(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i ampersand = _mm_set1_epi8('&');
  const __m128i greater = _mm_set1_epi8('>');
  const __m128i control = _mm_set1_epi8(0x1F);
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, ampersand), _mm_cmpeq_epi8(bytes, greater)),
                                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    if (const int mask = _mm_movemask_epi8(hit); mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p < end && *p != '&' && *p != '>' && static_cast<unsigned char>(*p) > 0x1F) ++p;
  return p;
}

inline bool is_json_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// True for a JSON number, whole.
bool is_json_number(std::string_view text);

// Appends what a JSON string means (the text between the quotes); false at a bad escape. `to` must have room for
// raw.size() bytes and is moved on.
bool unescape_json(std::string_view raw, char*& to);

inline bool is_xml_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
// Bytes of a name, in UTF-8 or any GB character set: letters, digits, . - _ : and everything beyond ASCII.
struct XmlNameTable {
  std::uint8_t kind[256] = {};  // 2: may begin a name, 1: may stand in one
  constexpr XmlNameTable() {
    for (int c = 0; c < 256; ++c) {
      if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':')
        kind[c] = 2;
      else if ((c >= '0' && c <= '9') || c == '-' || c == '.')
        kind[c] = 1;
    }
  }
};
inline constexpr XmlNameTable kXmlNames;
inline bool is_xml_name_start(char c) { return kXmlNames.kind[static_cast<unsigned char>(c)] == 2; }
// An attribute that declares a namespace (Namespaces in XML 1.0 §3) and is no data; "xmlnss" is data.
inline bool is_xml_namespace(std::string_view attribute) {
  return attribute == "xmlns" || attribute.starts_with("xmlns:");
}
inline bool is_xml_name(char c) { return kXmlNames.kind[static_cast<unsigned char>(c)] != 0; }

// The encoding an XML declaration names; nothing when it names none. `declaration` begins with "<?xml".
std::optional<std::string_view> xml_encoding(std::string_view declaration);

// Line (1-based) of `offset`.
std::uint64_t line_of(std::string_view text, std::size_t offset);

}  // namespace chuanyu::adapters
