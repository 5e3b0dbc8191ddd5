#include <gtest/gtest.h>

#include <set>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/error.h"
#include "gateway/base/json_mistakes.h"
#include "gateway/base/metrics.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"
#include "gateway/base/uuid.h"

namespace chuanyu {
namespace {

// RFC 4648 §10.
TEST(Bytes, Base64Vectors) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm8"), std::nullopt);
  EXPECT_EQ(from_base64("Zm9="), std::nullopt);  // stray bits
  EXPECT_EQ(from_base64("Z=m8"), std::nullopt);
}

TEST(Bytes, HexAndPercentReadBackWhatTheyWrite) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(from_hex(to_hex(all)), all);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("经办 1"), "%E7%BB%8F%E5%8A%9E%201");
  EXPECT_EQ(percent_decode("%E7%B"), std::nullopt);
}

TEST(Bytes, Utf8IsStrict) {
  EXPECT_TRUE(is_utf8("龚䶮·𠮷"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8("\xE9\xBE"));          // cut
}

TEST(Clock, DatesThatDoNotExistAreRefused) {
  EXPECT_TRUE(parse_date("2024-02-29"));
  EXPECT_FALSE(parse_date("2025-02-29"));
  EXPECT_FALSE(parse_date("2025-13-01"));
  EXPECT_FALSE(parse_date("2025-1-01"));
}

TEST(Clock, DaysAndDatesAgree) {
  for (std::int64_t day = to_days({1999, 12, 1}); day < to_days({2033, 3, 1}); ++day)
    ASSERT_EQ(to_days(from_days(day)), day);
}

TEST(Clock, ShownTimeIsChinaTime) {
  const TimeUs time = 1'700'000'000'123'456;
  EXPECT_EQ(to_rfc3339(time), "2023-11-15T06:13:20.123456+08:00");
  EXPECT_EQ(parse_rfc3339("2023-11-14T22:13:20.123456Z"), time);
  EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time);
  EXPECT_EQ(date_in_china(time), (Date{2023, 11, 15}));
  EXPECT_FALSE(parse_rfc3339("2023-11-14T22:13:20"));
}

TEST(Uuid, NeverDecreasesAndReadsBack) {
  Uuid last;
  for (int i = 0; i < 10'000; ++i) {
    const Uuid id = Uuid::make(1'700'000'000'000'000 - i * 1000);  // the clock runs backwards
    EXPECT_LT(last, id);
    EXPECT_EQ(Uuid::parse(id.to_string()), id);
    EXPECT_EQ(id.to_string()[14], '7');
    last = id;
  }
  EXPECT_FALSE(Uuid::parse("not a uuid"));
}

TEST(ErrorCodes, NamesAreUniqueAndTextsStand) {
  std::set<std::string_view> seen;
  for (int i = 0;; ++i) {
    const auto code = static_cast<Code>(i);
    const CodeInfo& row = info(code);
    EXPECT_TRUE(seen.insert(row.name).second) << row.name;
    EXPECT_EQ(find_code(row.name), &row);
    EXPECT_FALSE(row.title_zh.empty() || row.title_en.empty() || row.advice.empty()) << row.name;
    if (code == Code::LOG_ENTRY_INVALID) break;  // the last row
  }
}

Result<int> half(int value) {
  if (value % 2 != 0) return error(Code::CLIENT_FIELD_INVALID, "须为偶数", "/value");
  return value / 2;
}

Result<int> quarter(int value) {
  CHUANYU_TRY(const int first, half(value));
  CHUANYU_TRY(const int second, half(first));
  return second;
}

TEST(Result, TryHandsTheErrorOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().where, "/value");
  EXPECT_EQ(quarter(6).error().to_text(), "CLIENT_FIELD_INVALID: 字段取值有误：须为偶数 (/value)");
}

TEST(JsonMistakes, HaveTheirPlaces) {
  EXPECT_TRUE(json_mistakes("{\"a\": [1, {\"b\": 2}], // comment\n \"b\": {\"a\": 1}}").empty());
  const auto twice = json_mistakes(R"({"a": [1, {"x/y": 2, "x/y": 3}], "a": 1})", "f");
  ASSERT_EQ(twice.size(), 2u);
  EXPECT_EQ(twice[0].where, "f#/a/1/x~1y");
  EXPECT_EQ(twice[1].where, "f#/a");
  const auto broken = json_mistakes("{\n  \"城\": tru}", "f");
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].code, Code::CONFIG_SYNTAX);
  EXPECT_EQ(broken[0].where, "f:2:11");
}

TEST(Metrics, AppearInThePrometheusText) {
  metrics::counter("chuanyu_test_total", "A test", {{"code", "X"}}).add(2);
  metrics::counter("chuanyu_test_total", "A test", {{"code", "X"}}).add();
  EXPECT_NE(metrics::to_text().find("chuanyu_test_total{code=\"X\"} 3"), std::string::npos);
}

}  // namespace
}  // namespace chuanyu
