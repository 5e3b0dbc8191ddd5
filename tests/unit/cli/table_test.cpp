// Chinese columns line up.
#include "gateway/cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace chuanyu::cli {
namespace {

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
