// gateway/base/clock.h: time as the product keeps it, and calendar dates.
//
// Stored time is microseconds since 1970-01-01T00:00:00Z; shown time is +08:00, the time of both provinces. A Date has
// no time of day (双公示 dates have none; midnight must not be invented). Threads: every method may be called on any
// thread.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chuanyu {

using TimeUs = std::int64_t;  // microseconds since the epoch, UTC

struct Date {
  int year = 0;
  int month = 0;                                  // 1-12
  int day = 0;                                    // 1-31
  auto operator<=>(const Date&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy's own mistake
};

bool is_valid(const Date& date);         // a day that exists in the Gregorian calendar, years 1-9999
std::int64_t to_days(const Date& date);  // days since 1970-01-01; the date must be valid
Date from_days(std::int64_t days);
std::string to_string(const Date& date);                    // YYYY-MM-DD
std::optional<Date> parse_date(std::string_view iso_date);  // YYYY-MM-DD exactly, and the day must exist

Date date_in_china(TimeUs time);                             // the calendar day at +08:00
std::string to_rfc3339(TimeUs time);                         // 2026-11-21T22:50:33.123456+08:00
std::optional<TimeUs> parse_rfc3339(std::string_view text);  // with Z or ±hh:mm

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeUs now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimeUs now() const override;
};

// For tests: stands still until told.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimeUs start) : now_(start) {}
  TimeUs now() const override { return now_.load(); }
  void advance(TimeUs by) { now_ += by; }
  void set(TimeUs to) { now_ = to; }

 private:
  std::atomic<TimeUs> now_;
};

}  // namespace chuanyu
