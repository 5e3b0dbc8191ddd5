#include "gateway/terminal/text.h"

#include <gtest/gtest.h>

namespace chuanyu::terminal {
namespace {

TEST(DisplayWidth, ChineseCharactersTakeTwoColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("川渝"), 4U);
  EXPECT_EQ(display_width("（+08:00）"), 10U);
  EXPECT_EQ(display_width("〔2025〕"), 8U);
  EXPECT_EQ(display_width("扎西·多吉"), 9U) << "the middle dot is narrow";
  EXPECT_EQ(display_width("a…b"), 3U);
  EXPECT_EQ(display_width("龚䶮"), 4U) << "extension A";
  EXPECT_EQ(display_width("𠮷"), 2U) << "a character outside the basic plane";
  EXPECT_EQ(display_width("e\xCC\x81"), 1U) << "e with a combining accent";
  EXPECT_EQ(display_width("\xFF"), 1U) << "not UTF-8: one column each";
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
}  // namespace chuanyu::terminal
