#include "gateway/audit/text.h"

#include <gtest/gtest.h>

namespace chuanyu::audit {
namespace {

TEST(DisplayWidth, ChineseCharactersTakeTwoColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("遂宁市"), 6U);
  EXPECT_EQ(display_width("（+08:00）"), 10U);
  EXPECT_EQ(display_width("𠮷"), 2U) << "a character outside the basic plane";
  EXPECT_EQ(display_width("é"), 1U) << "with a combining accent: e + U+0301";
  EXPECT_EQ(display_width("a…b"), 3U);
}

TEST(Printable, NothingSteersTheTerminal) {
  EXPECT_EQ(printable("正常 text"), "正常 text");
  EXPECT_EQ(printable("a\x1b[31mb\nc"), "a [31mb c");
  EXPECT_EQ(printable("\xff\xe4\xb8"), "\\xff\\xe4\\xb8");
  EXPECT_EQ(printable("a\u202Eb"), "a b") << "right-to-left override";
}

TEST(Table, ColumnsLineUp) {
  EXPECT_EQ(table({"环节", "n"}, {{"受理", "1"}, {"ab", "22"}}),
            "环节  n\n"
            "----  --\n"
            "受理  1\n"
            "ab    22\n");
}

}  // namespace
}  // namespace chuanyu::audit
