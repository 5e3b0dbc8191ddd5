// The two match keys of schemas/identifiers.h: the only part of them that needs Unicode tables.
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "schemas/identifiers.h"

namespace chuanyu::schemas {
namespace {

bool is_opening(UChar32 c) { return c == u'(' || c == u'[' || c == u'{' || c == 0x3010 || c == 0x3014 || c == 0x3016; }
bool is_closing(UChar32 c) { return c == u')' || c == u']' || c == u'}' || c == 0x3011 || c == 0x3015 || c == 0x3017; }
bool is_digit(UChar32 c) { return c >= u'0' && c <= u'9'; }

icu::UnicodeString nfkc(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* normalizer = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status)) return text;
  auto out = normalizer->normalize(text, status);
  return U_FAILURE(status) ? text : out;
}

// Brackets made alike, white space gone.
icu::UnicodeString plain(const icu::UnicodeString& text) {
  icu::UnicodeString out;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (u_isUWhiteSpace(c)) continue;
    out.append(is_opening(c) ? UChar32{0x3014} : is_closing(c) ? UChar32{0x3015} : c);
  }
  return out;
}

}  // namespace

std::string name_match_key(std::string_view utf8) {
  static constexpr std::string_view kDots[] = {"\xE2\x80\xA2", "\xE3\x83\xBB", "\xEF\xBC\x8E"};  // U+2022 U+30FB U+FF0E
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto head = utf8.substr(0, 3);
    if (head == kDots[0] || head == kDots[1] || head == kDots[2]) {
      out += "\xC2\xB7";  // U+00B7
      utf8.remove_prefix(3);
    } else {
      out += utf8.front();
      utf8.remove_prefix(1);
    }
  }
  return out;
}

std::string doc_no_match_key(std::string_view utf8) {
  const auto text =
      plain(nfkc(icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())))));
  icu::UnicodeString out;
  bool number_may_begin = false;  // after the year's bracket or 第
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const UChar32 next = i + 1 < text.length() ? text.char32At(i + 1) : 0;
    if (c == 0x7B2C && is_digit(next)) {  // 第
      number_may_begin = true;
      continue;
    }
    if (number_may_begin && c == u'0' && is_digit(next)) continue;
    number_may_begin = c == 0x3015;
    out.append(c);
  }
  std::string key;
  return out.toUTF8String(key);
}

}  // namespace chuanyu::schemas
