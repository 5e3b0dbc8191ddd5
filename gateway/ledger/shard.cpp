#include "gateway/ledger/shard.h"

#include <algorithm>
#include <cstdio>

#include "gateway/base/bytes.h"
#include "gateway/ledger/lines.h"

namespace chuanyu::ledger {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kNameBytes = 16;

Error invalid(const char* what) {
  return error(Code::LOG_ENTRY_INVALID, std::string("分卷条目的内容不合规范：") + what);
}

std::int64_t number(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::string name_of(std::int64_t seconds) {
  const std::int64_t days = seconds / kDay;
  const std::int64_t rest = seconds % kDay;
  const Date date = from_days(days);
  char text[kNameBytes + 32];
  std::snprintf(text, sizeof text, "%04d%02d%02dt%02d%02d%02dz", date.year, date.month, date.day,
                static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return text;
}

std::int64_t seconds_of(std::string_view name) {
  const Date date{static_cast<int>(number(name.substr(0, 4))), static_cast<int>(number(name.substr(4, 2))),
                  static_cast<int>(number(name.substr(6, 2)))};
  return to_days(date) * kDay + number(name.substr(9, 2)) * 3600 + number(name.substr(11, 2)) * 60 +
         number(name.substr(13, 2));
}

// "WORD REST": the rest of a line that begins with the word.
std::optional<std::string_view> take_word_line(std::string_view& text, std::string_view word) {
  std::string_view rest = text;
  const auto line = take_line(rest);
  if (!line || !line->starts_with(word) || line->size() <= word.size() || (*line)[word.size()] != ' ') {
    return std::nullopt;
  }
  text = rest;
  return line->substr(word.size() + 1);
}

std::optional<std::uint64_t> take_number_line(std::string_view& text, std::string_view word) {
  const auto found = take_word_line(text, word);
  return found ? decimal(*found) : std::nullopt;
}

}  // namespace

std::string shard_name(TimeUs opened, std::string_view last) {
  const std::int64_t seconds = opened / kSecond;
  return name_of(is_shard_name(last) ? std::max(seconds, seconds_of(last) + 1) : seconds);
}

bool is_shard_name(std::string_view name) {
  if (name.size() != kNameBytes || name[8] != 't' || name[15] != 'z') return false;
  for (std::size_t i = 0; i < kNameBytes - 1; ++i) {
    if (i != 8 && (name[i] < '0' || name[i] > '9')) return false;
  }
  return is_valid({static_cast<int>(number(name.substr(0, 4))), static_cast<int>(number(name.substr(4, 2))),
                   static_cast<int>(number(name.substr(6, 2)))}) &&
         name_of(seconds_of(name)) == name;
}

std::string shard_origin(std::string_view log, std::string_view name) {
  std::string origin(log);
  if (!name.empty()) origin += "/" + std::string(name);
  return origin;
}

bool covers(std::string_view log, std::string_view origin) {
  if (log == origin) return true;
  if (log.empty() || !origin.starts_with(log)) return false;
  return log.ends_with('/') || origin[log.size()] == '/';
}

bool is_later_shard(std::string_view later, std::string_view origin) {
  const std::size_t slash = later.rfind('/');
  if (slash == std::string_view::npos || !is_shard_name(later.substr(slash + 1))) return false;
  const std::string_view log = later.substr(0, slash);
  if (log == origin) return true;
  const bool both = covers(log, origin) && is_shard_name(origin.substr(std::min(origin.size(), slash + 1)));
  return both && later > origin;
}

std::string to_text(const ShardOpening& opening) {
  return "previous " + opening.previous + "\nbase " + std::to_string(opening.base) + "\n\n" + opening.note;
}

Result<ShardOpening> parse_shard_opening(std::string_view text) {
  const auto previous = take_word_line(text, "previous");
  if (!previous) return invalid("缺少 previous");
  const auto base = take_number_line(text, "base");
  if (!base) return invalid("缺少 base");
  const auto empty = take_line(text);
  if (!empty || !empty->empty()) return invalid("缺少空行");
  return ShardOpening{std::string(*previous), *base, std::string(text)};
}

std::string to_text(const Recovery& recovery) {
  std::string text = "approver " + recovery.approver + "\nreason " + recovery.reason + "\nsize " +
                     std::to_string(recovery.size) + "\nroot " + to_base64(crypto::view(recovery.root)) + "\n";
  for (const SeenElsewhere& one : recovery.seen) text += "seen " + std::to_string(one.size) + " " + one.witness + "\n";
  return text + "\n" + recovery.note;
}

Result<Recovery> parse_recovery(std::string_view text) {
  Recovery found;
  const auto approver = take_word_line(text, "approver");
  const auto reason = approver ? take_word_line(text, "reason") : std::nullopt;
  if (!reason) return invalid("缺少 approver 或 reason");
  const auto size = take_number_line(text, "size");
  const auto root = size ? take_word_line(text, "root") : std::nullopt;
  const auto digest = root ? base64_digest(*root) : std::nullopt;
  if (!digest) return invalid("缺少 size 或 root");
  while (const auto line = take_word_line(text, "seen")) {
    const std::size_t space = line->find(' ');
    const auto seen = decimal(line->substr(0, space));
    if (!seen || space == std::string_view::npos) return invalid("seen 一行");
    found.seen.push_back({std::string(line->substr(space + 1)), *seen});
  }
  const auto empty = take_line(text);
  if (!empty || !empty->empty()) return invalid("缺少空行");
  found.approver = *approver;
  found.reason = *reason;
  found.size = *size;
  found.root = *digest;
  found.note = text;
  return found;
}

std::int64_t quarter_in_china(TimeUs time) {
  const Date date = date_in_china(time);
  return std::int64_t{date.year} * 4 + (date.month - 1) / 3;
}

}  // namespace chuanyu::ledger
