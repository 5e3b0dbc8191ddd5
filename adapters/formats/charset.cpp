#include "adapters/formats/charset.h"

#include <simdjson.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace chuanyu::adapters {
namespace {

constexpr unsigned kLeadFirst = 0x81;
constexpr std::size_t kLeads = 126;               // 0x81-0xFE
constexpr std::size_t kTrails = 191;              // 0x40-0xFE, 0x7F unused
constexpr std::uint32_t kFourByteBmp = 39420;     // linear index of 0x8431A439 + 1: the end of the BMP part
constexpr std::uint32_t kSupplementary = 189000;  // linear index of 0x90308130 = U+10000

std::uint32_t linear(const unsigned char* p) {
  return ((std::uint32_t{p[0]} - 0x81) * 10 + (p[1] - 0x30)) * 1260 + (std::uint32_t{p[2]} - 0x81) * 10 + (p[3] - 0x30);
}

std::uint32_t four_bytes(std::uint32_t index) {
  const std::uint32_t d = 0x30 + index % 10;
  const std::uint32_t c = 0x81 + index / 10 % 126;
  const std::uint32_t b = 0x30 + index / 1260 % 10;
  const std::uint32_t a = 0x81 + index / 12600;
  return a << 24 | b << 16 | c << 8 | d;
}

bool is_four_byte_tail(const unsigned char* p) {
  return p[1] >= 0x30 && p[1] <= 0x39 && p[2] >= 0x81 && p[2] <= 0xFE && p[3] >= 0x30 && p[3] <= 0x39;
}

// One ICU converter, asked one code at a time while the tables are built.
class Icu {
 public:
  explicit Icu(const char* name) {
    UErrorCode code = U_ZERO_ERROR;
    converter_ = ucnv_open(name, &code);
    if (U_FAILURE(code)) std::abort();  // ICU without its own data: nothing can work
    ucnv_setFallback(converter_, false);
    ucnv_setToUCallBack(converter_, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &code);
    ucnv_setFromUCallBack(converter_, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &code);
  }
  ~Icu() { ucnv_close(converter_); }
  Icu(const Icu&) = delete;
  Icu& operator=(const Icu&) = delete;

  // The code point of `bytes` when it is one and converts back to the same bytes.
  std::optional<char32_t> decode(std::string_view bytes) {
    UErrorCode code = U_ZERO_ERROR;
    std::array<UChar, 8> units{};
    ucnv_reset(converter_);
    const auto n =
        ucnv_toUChars(converter_, units.data(), units.size(), bytes.data(), static_cast<int>(bytes.size()), &code);
    if (U_FAILURE(code) || n < 1 || n > 2) return std::nullopt;
    char32_t point = units[0];
    if (n == 2) {
      if (units[0] < 0xD800 || units[0] > 0xDBFF) return std::nullopt;
      point = 0x10000 + ((units[0] - 0xD800u) << 10) + (units[1] - 0xDC00u);
    }
    code = U_ZERO_ERROR;
    std::array<char, 16> back{};
    ucnv_reset(converter_);
    const auto m = ucnv_fromUChars(converter_, back.data(), back.size(), units.data(), n, &code);
    if (U_FAILURE(code) || std::string_view(back.data(), static_cast<std::size_t>(m)) != bytes) return std::nullopt;
    return point;
  }

 private:
  UConverter* converter_ = nullptr;
};

// What GB 18030-2022 changed: these two-byte codes left the private use area for the characters they always showed. The
// four-byte code of each such character now stands for the private use code point instead.
struct Moved {
  std::uint16_t code;
  char16_t from;
  char16_t to;
};
constexpr Moved kMoved2022[] = {{0xA6D9, 0xE78D, 0xFE10}, {0xA6DA, 0xE78E, 0xFE12}, {0xA6DB, 0xE78F, 0xFE11},
                                {0xA6DC, 0xE790, 0xFE13}, {0xA6DD, 0xE791, 0xFE14}, {0xA6DE, 0xE792, 0xFE15},
                                {0xA6DF, 0xE793, 0xFE16}, {0xA6EC, 0xE794, 0xFE17}, {0xA6ED, 0xE795, 0xFE18},
                                {0xA6F3, 0xE796, 0xFE19}, {0xFE59, 0xE81E, 0x9FB4}, {0xFE61, 0xE826, 0x9FB5},
                                {0xFE66, 0xE82B, 0x9FB6}, {0xFE67, 0xE82C, 0x9FB7}, {0xFE6D, 0xE832, 0x9FB8},
                                {0xFE7E, 0xE843, 0x9FB9}, {0xFE90, 0xE854, 0x9FBA}, {0xFEA0, 0xE864, 0x9FBB}};

std::string to_label(char32_t point) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(point));
  return text;
}

Error bad_bytes(std::size_t at, std::string_view charset) {
  return error(Code::RECORD_CHARSET, "第 " + std::to_string(at + 1) + " 个字节起不是合格的 " + std::string(charset));
}

bool same_label(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
         });
}

class Utf8 final : public Charset {
 public:
  std::string_view id() const override { return "utf-8"; }
  bool is_utf8() const override { return true; }
  Status decode(std::string_view bytes, std::string& out) const override {
    if (!valid_utf8(bytes)) return bad_bytes(first_bad(bytes), "UTF-8");
    out.append(bytes);
    return {};
  }
  Status encode(std::string_view utf8, std::string& out) const override {
    out.append(utf8);
    return {};
  }
  bool accepts_label(std::string_view label) const override { return same_label(label, "UTF-8"); }
  std::string_view byte_order_mark() const override { return "\xEF\xBB\xBF"; }
  std::string_view label() const override { return "UTF-8"; }

 private:
  // Bisection over prefixes that end on a character: only used to say where.
  static std::size_t first_bad(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      std::size_t n = 1;
      const auto lead = static_cast<unsigned char>(bytes[at]);
      if (lead >= 0xF0)
        n = 4;
      else if (lead >= 0xE0)
        n = 3;
      else if (lead >= 0x80)
        n = 2;
      if (at + n > bytes.size() || !valid_utf8(bytes.substr(at, n))) return at;
      at += n;
    }
    return at;
  }
};

// Where a two-byte code stands in a table of them.
std::size_t cell(unsigned lead, unsigned trail) { return (lead - kLeadFirst) * kTrails + (trail - 0x40); }

class Gb final : public Charset {
 public:
  Gb(std::string_view id, const char* icu_name, bool four_byte, bool moved)
      : id_(id), four_byte_(four_byte), two_(kLeads * kTrails, 0), bmp_(0x10000, 0) {
    Icu icu(icu_name);
    build_two(icu);
    if (four_byte) build_four(icu);
    if (moved) move_2022();
  }

  std::string_view id() const override { return id_; }
  bool is_utf8() const override { return false; }

  Status decode(std::string_view bytes, std::string& out) const override {
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto* const begin = p;
    const auto* const end = p + bytes.size();
    const std::size_t start = out.size();
    out.resize(start + bytes.size() * 2 + 4);  // two bytes become at most four
    char* to = out.data() + start;
    while (p < end) {
      if (copy_ascii(p, end, to)) continue;
      if (*p < 0x80) {
        *to++ = static_cast<char>(*p++);
        continue;
      }
      char32_t point = 0;
      if (end - p >= 2 && *p >= kLeadFirst && *p <= 0xFE && p[1] >= 0x40 && p[1] <= 0xFE) {
        point = two_[cell(p[0], p[1])];
        if (point != 0) p += 2;
      } else if (four_byte_ && end - p >= 4 && *p >= kLeadFirst && *p <= 0xFE && is_four_byte_tail(p)) {
        point = from_four(linear(p));
        if (point != 0) p += 4;
      }
      if (point == 0) {
        out.resize(start);
        return bad_bytes(static_cast<std::size_t>(p - begin), label());
      }
      to = put(to, point);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return {};
  }

  Status encode(std::string_view utf8, std::string& out) const override {
    const auto* p = reinterpret_cast<const unsigned char*>(utf8.data());
    const auto* const end = p + utf8.size();
    const std::size_t start = out.size();
    out.resize(start + utf8.size() * 2 + 4);  // two bytes of UTF-8 become at most four
    char* to = out.data() + start;
    while (p < end) {
      if (copy_ascii(p, end, to)) continue;
      if (*p < 0x80) {
        *to++ = static_cast<char>(*p++);
        continue;
      }
      char32_t point;
      if (*p < 0xE0) {
        point = (*p & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        p += 2;
      } else if (*p < 0xF0) {
        point = (*p & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        p += 3;
      } else {
        point = (*p & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        p += 4;
      }
      const std::uint32_t code = point < 0x10000 ? bmp_[point] : from_supplementary(point);
      if (code == 0) {
        out.resize(start);
        return error(Code::RECORD_CHARSET_UNMAPPABLE, std::string(label()) + " 中没有字符 " + to_label(point));
      }
      if (code > 0xFFFF) {
        *to++ = static_cast<char>(code >> 24);
        *to++ = static_cast<char>(code >> 16);
      }
      *to++ = static_cast<char>(code >> 8);
      *to++ = static_cast<char>(code);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
    return {};
  }

  bool accepts_label(std::string_view text) const override {
    return same_label(text, "GBK") || same_label(text, "GB2312") || (four_byte_ && same_label(text, "GB18030"));
  }
  std::string_view byte_order_mark() const override { return four_byte_ ? "\x84\x31\x95\x33" : ""; }
  std::string_view label() const override { return four_byte_ ? "GB18030" : "GBK"; }

 private:
  // Eight bytes of ASCII at once; false when there are not that many.
  static bool copy_ascii(const unsigned char*& p, const unsigned char* end, char*& to) {
    if (end - p < 8) return false;
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    if ((word & 0x8080808080808080u) != 0) return false;
    std::memcpy(to, p, 8);
    p += 8;
    to += 8;
    return true;
  }

  static char* put(char* to, char32_t point) {
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

  void build_two(Icu& icu) {
    for (unsigned lead = kLeadFirst; lead <= 0xFE; ++lead) {
      for (unsigned trail = 0x40; trail <= 0xFE; ++trail) {
        if (trail == 0x7F) continue;
        const char bytes[2] = {static_cast<char>(lead), static_cast<char>(trail)};
        const auto point = icu.decode({bytes, 2});
        if (!point || *point < 0x80) continue;
        two_[cell(lead, trail)] = *point;
        const auto code = static_cast<std::uint32_t>(lead << 8 | trail);
        if (*point < 0x10000)
          bmp_[*point] = code;
        else
          supplementary_[*point] = code;
      }
    }
  }

  void build_four(Icu& icu) {
    four_.assign(kFourByteBmp, 0);
    for (std::uint32_t index = 0; index < kFourByteBmp; ++index) {
      const auto code = four_bytes(index);
      const auto point = decode_four(icu, code);
      if (!point || *point >= 0x10000) continue;
      four_[index] = static_cast<char16_t>(*point);
      bmp_[*point] = code;
    }
    // A character beyond the BMP that has a two-byte code leaves its place in the linear range to another, or empty.
    for (const auto& [point, code] : supplementary_) {
      const auto index = kSupplementary + (point - 0x10000);
      const auto other = decode_four(icu, four_bytes(index));
      displaced_[index] = other.value_or(0);
      if (other && *other < 0x10000) bmp_[*other] = four_bytes(index);
    }
  }

  static std::optional<char32_t> decode_four(Icu& icu, std::uint32_t code) {
    const char bytes[4] = {static_cast<char>(code >> 24), static_cast<char>(code >> 16), static_cast<char>(code >> 8),
                           static_cast<char>(code)};
    return icu.decode({bytes, 4});
  }

  void move_2022() {
    for (const auto& moved : kMoved2022) {
      const std::uint32_t four = bmp_[moved.to];
      if (four <= 0xFFFF) continue;  // this ICU has the 2022 table already
      const char32_t from = moved.from;
      const char32_t to = moved.to;
      two_[cell(moved.code >> 8, moved.code & 0xFF)] = to;
      bmp_[to] = moved.code;
      bmp_[from] = four;
      const unsigned char bytes[4] = {static_cast<unsigned char>(four >> 24), static_cast<unsigned char>(four >> 16),
                                      static_cast<unsigned char>(four >> 8), static_cast<unsigned char>(four)};
      four_[linear(bytes)] = static_cast<char16_t>(from);
    }
  }

  char32_t from_four(std::uint32_t index) const {
    if (index < kFourByteBmp) return four_[index];
    if (index < kSupplementary || index >= kSupplementary + 0x100000) return 0;
    if (const auto it = displaced_.find(index); it != displaced_.end()) return it->second;
    return 0x10000 + (index - kSupplementary);
  }

  std::uint32_t from_supplementary(char32_t point) const {
    if (!four_byte_) return 0;
    if (const auto it = supplementary_.find(point); it != supplementary_.end()) return it->second;
    return four_bytes(kSupplementary + (point - 0x10000));
  }

  std::string id_;
  bool four_byte_;
  std::vector<char32_t> two_;
  std::vector<std::uint32_t> bmp_;
  std::vector<char16_t> four_;
  std::map<char32_t, std::uint32_t> supplementary_;  // the few with a two-byte code
  std::map<std::uint32_t, char32_t> displaced_;      // and what stands in their linear place
};

}  // namespace

const Charset* Charset::find(std::string_view id) {
  static const Utf8 kUtf8;
  if (id == "utf-8") return &kUtf8;
  if (id == "gb18030-2022") {
    static const Gb kGb("gb18030-2022", "gb18030", true, true);
    return &kGb;
  }
  if (id == "gb18030-2000") {
    static const Gb kGb("gb18030-2000", "gb18030", true, false);
    return &kGb;
  }
  if (id == "gbk") {
    static const Gb kGb("gbk", "GBK", false, false);
    return &kGb;
  }
  return nullptr;
}

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

void append_utf8(std::string& out, char32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

}  // namespace chuanyu::adapters
