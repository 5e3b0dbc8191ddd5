#include "gateway/base/clock.h"

#include <chrono>
#include <cstdio>

namespace chuanyu {
namespace {

namespace chr = std::chrono;

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kDay = 86'400 * kSecond;
constexpr TimeUs kChina = 8 * 3600 * kSecond;

chr::year_month_day civil(const Date& d) {
  return chr::year{d.year} / chr::month{static_cast<unsigned>(d.month)} / chr::day{static_cast<unsigned>(d.day)};
}

// The decimal number of exactly `count` digits at `at`; nothing when one is no digit.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

TimeUs floor_div(TimeUs a, TimeUs b) { return a / b - (a % b < 0 ? 1 : 0); }

// "Z" or "±hh:mm" as microseconds east of UTC.
std::optional<TimeUs> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 3600 + *minutes * 60) * kSecond;
}

}  // namespace

bool is_valid(const Date& date) {
  return date.year >= 1 && date.year <= 9999 && date.month > 0 && date.day > 0 && civil(date).ok();
}

std::int64_t to_days(const Date& date) { return chr::sys_days{civil(date)}.time_since_epoch().count(); }

Date from_days(std::int64_t days) {
  const chr::year_month_day d{chr::sys_days{chr::days{days}}};
  return {static_cast<int>(d.year()), static_cast<int>(static_cast<unsigned>(d.month())),
          static_cast<int>(static_cast<unsigned>(d.day()))};
}

std::string to_string(const Date& date) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
  return text;
}

std::optional<Date> parse_date(std::string_view iso_date) {
  if (iso_date.size() != 10 || iso_date[4] != '-' || iso_date[7] != '-') return std::nullopt;
  const auto year = digits(iso_date, 0, 4);
  const auto month = digits(iso_date, 5, 2);
  const auto day = digits(iso_date, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const Date date{*year, *month, *day};
  if (!is_valid(date)) return std::nullopt;
  return date;
}

Date date_in_china(TimeUs time) { return from_days(floor_div(time + kChina, kDay)); }

std::string to_rfc3339(TimeUs time) {
  const TimeUs local = time + kChina;
  const std::int64_t days = floor_div(local, kDay);
  const TimeUs in_day = local - days * kDay;
  const auto seconds = static_cast<int>(in_day / kSecond);
  char text[48];
  std::snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%06d+08:00", to_string(from_days(days)).c_str(), seconds / 3600,
                seconds / 60 % 60, seconds % 60, static_cast<int>(in_day % kSecond));
  return text;
}

std::optional<TimeUs> parse_rfc3339(std::string_view text) {
  const auto date = parse_date(text.substr(0, 10));
  if (!date || text.size() < 20 || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::size_t at = 19;
  TimeUs fraction = 0;
  if (text[at] == '.') {
    TimeUs unit = kSecond;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      unit /= 10;
      fraction += unit * (text[at] - '0');
    }
  }
  const auto offset = zone(text.substr(at));
  if (!offset) return std::nullopt;
  return to_days(*date) * kDay + (*hour * 3600 + *minute * 60 + *second) * kSecond + fraction - *offset;
}

TimeUs SystemClock::now() const {
  return chr::duration_cast<chr::microseconds>(chr::system_clock::now().time_since_epoch()).count();
}

}  // namespace chuanyu
