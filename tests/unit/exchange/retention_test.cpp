// When a time of keeping has passed. What is erased and what is kept: tests/contract/retention_test.py.
#include "gateway/exchange/retention.h"

#include <gtest/gtest.h>

namespace chuanyu::exchange {
namespace {

TEST(Retention, MonthsBefore) {
  EXPECT_EQ(months_before({2026, 11, 22}, 42), (Date{2023, 5, 22}));
  EXPECT_EQ(months_before({2026, 5, 1}, 5), (Date{2025, 12, 1}));
  EXPECT_EQ(months_before({2026, 12, 31}, 12), (Date{2025, 12, 31}));
  // Where the month is shorter.
  EXPECT_EQ(months_before({2026, 3, 31}, 1), (Date{2026, 2, 28}));
  EXPECT_EQ(months_before({2028, 2, 29}, 48), (Date{2024, 2, 29}));
  EXPECT_EQ(months_before({2028, 2, 29}, 42), (Date{2024, 8, 29}));
  EXPECT_EQ(months_before({2028, 2, 29}, 36), (Date{2025, 2, 28}));
}

TEST(Retention, WhatKeepsEverything) {
  EXPECT_TRUE(RetentionRule{}.keeps_everything());
  EXPECT_TRUE((RetentionRule{0, {{"case", 0}}}.keeps_everything()));
  EXPECT_FALSE((RetentionRule{0, {{"case", 120}}}.keeps_everything()));
  EXPECT_FALSE((RetentionRule{42, {{"case", 0}}}.keeps_everything()));
}

}  // namespace
}  // namespace chuanyu::exchange
