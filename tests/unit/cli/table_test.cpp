// Chinese columns line up: a wide character takes two columns.
#include "gateway/cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace chuanyu::cli {
namespace {

TEST(DisplayWidth, CountsTerminalColumns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("川渝"), 4U);
  EXPECT_EQ(display_width("（全角）"), 8U);
  EXPECT_EQ(display_width("〔2025〕"), 8U);
  EXPECT_EQ(display_width("扎西·多吉"), 9U);         // the middle dot is narrow
  EXPECT_EQ(display_width("龚䶮"), 4U);              // extension A
  EXPECT_EQ(display_width("\xF0\xA0\x80\x80"), 2U);  // U+20000, extension B
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);         // e with a combining accent
  EXPECT_EQ(display_width("\xFF"), 1U);              // not UTF-8: one column each, no end of the world
}

TEST(Table, LinesUp) {
  Table table({"编号", "机构", "n"});
  table.add({"1", "遂宁市市场监督管理局", "10"});
  table.add({"22", "sc", "7"});
  table.add({"333"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(),
            "编号  机构                  n\n"
            "----  --------------------  --\n"
            "1     遂宁市市场监督管理局  10\n"
            "22    sc                    7\n"
            "333                         \n");
}

TEST(Table, WhatAGatewaySendsCannotSteerTheTerminal) {
  Table table({"a"});
  table.add({"x\x1b[2Jy\nz"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
  EXPECT_NE(out.str().find("x [2Jy z"), std::string::npos);
}

TEST(Pairs, LineUp) {
  std::ostringstream out;
  print_pairs(out, {{"机构", "甲"}, {"统一社会信用代码", "乙"}});
  EXPECT_EQ(out.str(), "机构              甲\n统一社会信用代码  乙\n");
}

}  // namespace
}  // namespace chuanyu::cli
