// adapters/formats/charset.h: strict conversion between UTF-8 and the character sets of the profiles.
//
// The tables come from ICU and are built once per character set; gb18030-2022 is ICU's gb18030 with the eighteen
// characters that GB 18030-2022 moved (both the two-byte and the four-byte code of each). Only codes that convert back
// to themselves are in the tables, so decode and encode are exact inverses and nothing ever becomes '?'.
// Threads: find() and all methods may be called on any thread. Ownership: character sets live as long as the process.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/result.h"

namespace chuanyu::adapters {

class Charset {
 public:
  virtual ~Charset() = default;

  // utf-8 | gb18030-2022 | gb18030-2000 (ICU's table) | gbk; nullptr for any other id.
  static const Charset* find(std::string_view id);

  virtual std::string_view id() const = 0;
  virtual bool is_utf8() const = 0;
  // Appends the UTF-8 form of `bytes`. RECORD_CHARSET, the detail says at which byte.
  virtual Status decode(std::string_view bytes, std::string& out) const = 0;
  // Appends the native form of well-formed UTF-8. RECORD_CHARSET_UNMAPPABLE, the detail names the character.
  virtual Status encode(std::string_view utf8, std::string& out) const = 0;
  // True when an XML declaration may call this character set so ("GB18030", "GBK", "UTF-8", ...), in any case.
  virtual bool accepts_label(std::string_view label) const = 0;
  // U+FEFF in this character set; empty when it has none.
  virtual std::string_view byte_order_mark() const = 0;
  // What an XML declaration calls it.
  virtual std::string_view label() const = 0;
};

// Well-formed UTF-8, as gateway/base's is_utf8 but at the speed of the machine's vector unit.
bool valid_utf8(std::string_view text);

// Appends the UTF-8 form of a code point that is a Unicode scalar value.
void append_utf8(std::string& out, char32_t code_point);

}  // namespace chuanyu::adapters
