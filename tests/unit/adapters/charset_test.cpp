// Character sets: exact inverses on everything they know, and an error, never a '?', on everything else.
#include "adapters/formats/charset.h"

#include <gtest/gtest.h>

#include <set>

namespace chuanyu::adapters {
namespace {

const Charset& charset(std::string_view id) {
  const auto* found = Charset::find(id);
  if (found == nullptr) std::abort();
  return *found;
}

std::string utf8(char32_t point) {
  std::string out;
  append_utf8(out, point);
  return out;
}

std::string decode(std::string_view id, std::string_view bytes) {
  std::string out;
  const auto status = charset(id).decode(bytes, out);
  return status.ok() ? out : "!" + std::string(to_string(status.error().code));
}

std::string encode(std::string_view id, std::string_view text) {
  std::string out;
  const auto status = charset(id).encode(text, out);
  return status.ok() ? out : "!" + std::string(to_string(status.error().code));
}

// Every character of the BMP and a sample of the others: encode, and when there is a code, back to itself. Returns how
// many of the BMP have one.
std::size_t round_trip_all(std::string_view id) {
  std::size_t known = 0;
  std::set<std::string> codes;
  for (char32_t point = 0; point <= 0x10FFFF; point += point < 0x10000 ? 1 : 97) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string bytes;
    const auto text = utf8(point);
    if (!charset(id).encode(text, bytes).ok()) continue;
    if (point < 0x10000) ++known;
    std::string back;
    if (!charset(id).decode(bytes, back).ok() || back != text) {
      ADD_FAILURE() << id << " U+" << std::hex << static_cast<unsigned>(point);
      return known;
    }
    if (point < 0x10000 && !codes.insert(bytes).second) ADD_FAILURE() << "two characters, one code";
  }
  return known;
}

// Every two-byte code, and every four-byte code of the BMP: when it is decoded, it is encoded to the same bytes.
std::size_t round_trip_codes(std::string_view id) {
  std::size_t known = 0;
  const auto both = [&](const std::string& bytes) {
    std::string text;
    if (!charset(id).decode(bytes, text).ok()) return;
    ++known;
    std::string back;
    if (!charset(id).encode(text, back).ok() || back != bytes) ADD_FAILURE() << id << " " << bytes;
  };
  for (int lead = 0x80; lead <= 0xFF; ++lead) {
    for (int trail = 0x40; trail <= 0xFF; ++trail) both({static_cast<char>(lead), static_cast<char>(trail)});
  }
  for (int a = 0x81; a <= 0x84; ++a) {
    for (int b = 0x30; b <= 0x39; ++b) {
      for (int c = 0x81; c <= 0xFE; ++c) {
        for (int d = 0x30; d <= 0x39; ++d) {
          both({static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)});
        }
      }
    }
  }
  return known;
}

TEST(Charset, Gb18030CoversUnicodeBothWays) {
  for (const auto* id : {"gb18030-2022", "gb18030-2000"}) {
    EXPECT_EQ(round_trip_all(id), 0x10000u - 0x800u) << id;
    EXPECT_EQ(round_trip_codes(id), 23940u + 39420u) << id;
  }
}

TEST(Charset, GbkIsAnExactInverseOfItself) {
  const auto characters = round_trip_all("gbk");
  EXPECT_GT(characters, 21000u);
  EXPECT_EQ(round_trip_codes("gbk"), characters - 0x80);
}

TEST(Charset, The2022EditionMovedEighteenCharacters) {
  int different = 0;
  for (int lead = 0x81; lead <= 0xFE; ++lead) {
    for (int trail = 0x40; trail <= 0xFE; ++trail) {
      const std::string bytes{static_cast<char>(lead), static_cast<char>(trail)};
      if (trail != 0x7F && decode("gb18030-2022", bytes) != decode("gb18030-2000", bytes)) ++different;
    }
  }
  EXPECT_EQ(different, 18);
  EXPECT_EQ(decode("gb18030-2022", "\xFE\x59"), utf8(0x9FB4));
  EXPECT_EQ(decode("gb18030-2022", "\x82\x35\x90\x37"), utf8(0xE81E));
  EXPECT_EQ(decode("gb18030-2022", "\xA6\xD9"), utf8(0xFE10));
  EXPECT_EQ(decode("gb18030-2000", "\xFE\x59"), utf8(0xE81E));
  EXPECT_EQ(decode("gb18030-2022", "\xFE\x51"), utf8(0xE816)) << "one of six that stay in the private use area";
}

TEST(Charset, RareCharactersOfNames) {
  EXPECT_EQ(encode("gb18030-2022", "䶮"), "\xFE\x9F");
  EXPECT_EQ(encode("gbk", "䶮"), "!RECORD_CHARSET_UNMAPPABLE");
  EXPECT_EQ(encode("gb18030-2022", "·"), "\xA1\xA4");
  EXPECT_EQ(encode("gb18030-2022", "•").size(), 4u);
  EXPECT_EQ(encode("gbk", "•"), "!RECORD_CHARSET_UNMAPPABLE");
}

TEST(Charset, BytesThatAreNone) {
  for (const auto* bytes : {"\x80", "\xFF", "\x81", "abc\x81\x30", "\x81\x30\x81", "\xFF\xFF", "\x81\x7F",
                            "\x84\x31\xA5\x30", "\xFE\x39\xFE\x39"}) {
    EXPECT_EQ(decode("gb18030-2022", bytes), "!RECORD_CHARSET") << bytes;
    EXPECT_EQ(decode("gbk", bytes), "!RECORD_CHARSET") << bytes;
  }
  for (const auto* bytes : {"\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE4\xB8"}) {
    EXPECT_EQ(decode("utf-8", bytes), "!RECORD_CHARSET");
  }
}

TEST(Charset, ErrorsSayWhere) {
  std::string out;
  auto status = charset("gb18030-2022").decode("ab\xFF", out);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().detail.find("第 3 个字节"), std::string::npos) << status.error().detail;
  EXPECT_TRUE(out.empty()) << "nothing is left behind";
  status = charset("utf-8").decode("\xE4\xB8\xAD\xC0", out);
  EXPECT_NE(status.error().detail.find("第 4 个字节"), std::string::npos) << status.error().detail;
  status = charset("gbk").encode("龚䶮", out);
  EXPECT_NE(status.error().detail.find("U+4DAE"), std::string::npos) << status.error().detail;
}

TEST(Charset, UnknownIdIsNothing) { EXPECT_EQ(Charset::find("latin1"), nullptr); }

}  // namespace
}  // namespace chuanyu::adapters
