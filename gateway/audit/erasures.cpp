#include "gateway/audit/erasures.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "gateway/terminal/text.h"

namespace chuanyu::audit {
namespace {

constexpr std::string_view kApprover = "approver ";

// The numbers of the last line of `text`, which is cut off it; none when that line is not "NAME N…".
std::vector<std::uint64_t> take_last_line(std::string_view& text, std::string_view name) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t start = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
  std::string_view line = text.substr(start);
  std::vector<std::uint64_t> numbers;
  if (!line.starts_with(name)) return numbers;
  text = text.substr(0, start);
  line.remove_prefix(name.size());
  while (line.starts_with(' ')) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(line.data() + 1, line.data() + line.size(), number);
    if (failed != std::errc()) break;
    numbers.push_back(number);
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  }
  return numbers;
}

}  // namespace

std::string to_words(const Erasure& erasure) {
  return place_of(erasure.index) + "（" + to_rfc3339(erasure.time) + "，依据 " + terminal::printable(erasure.basis) +
         "，批准 " + terminal::printable(erasure.approver) + "）";
}

// "approver TEXT", "entries I…", "slots S…": from the end, since the text is the approver's own.
void Erasures::see(std::uint64_t index, const ledger::Entry& entry) {
  if (entry.kind != ledger::EntryKind::erasure) return;
  std::string_view text = entry.content;
  const std::vector<std::uint64_t> slots = take_last_line(text, "slots");
  const std::vector<std::uint64_t> entries = take_last_line(text, "entries");
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.starts_with(kApprover)) text.remove_prefix(kApprover.size());
  const std::size_t count = std::min(slots.size(), entries.size());
  for (std::size_t i = 0; i < count; ++i) named_.push_back({entries[i], slots[i], list_.size()});
  sorted_ = sorted_ && count == 0;
  list_.push_back({index, entry.time, entry.basis, std::string(text), count});
}

Status Erasures::read(const LogReader& log, std::uint64_t from) {
  const auto look = [this](std::uint64_t index, BytesView bytes) -> Status {
    if (ledger::kind_of(bytes) != ledger::EntryKind::erasure) return {};
    const auto entry = ledger::decode(bytes);
    if (entry.ok()) see(index, *entry);  // verify() names what has no form
    return {};
  };
  CHUANYU_CHECK(log.for_each_hashed(from, log.size(), look));
  // Beyond the end it stops where there is nothing yet.
  if (log.is_data_folder() && log.may_have_grown()) {
    (void)log.for_each(log.size(), std::numeric_limits<std::uint64_t>::max(), look);
  }
  return {};
}

const Erasure* Erasures::of(std::uint64_t index, std::uint64_t slot) const {
  if (!sorted_) std::sort(named_.begin(), named_.end());
  sorted_ = true;
  const auto found = std::lower_bound(named_.begin(), named_.end(), Named{index, slot, 0});
  if (found == named_.end() || found->index != index || found->slot != slot) return nullptr;
  return &list_[found->by];
}

std::uint64_t Erasures::payloads(std::uint64_t from, std::uint64_t to) const {
  return static_cast<std::uint64_t>(std::count_if(
      named_.begin(), named_.end(), [&](const Named& one) { return one.index >= from && one.index < to; }));
}

bool has_keys(const LogReader& log) {
  std::error_code unknown;
  return std::filesystem::is_directory(log.folder() + "/keys", unknown);
}

std::optional<bool> has_key(const LogReader& log, std::uint64_t slot) {
  if (!has_keys(log)) return std::nullopt;
  const auto row = log.row(LogReader::Rows::slots, ledger::layout::number_key(slot));
  if (!row.ok()) return std::nullopt;
  return row->has_value();
}

Result<Fate> Fates::of(std::uint64_t index, const ledger::Entry& entry) {
  Fate fate;
  if (entry.slot == 0) return fate;
  const std::optional<bool> there = has_key(*log_, entry.slot);
  if (there.value_or(false)) return fate;
  if (!erasures_) {
    erasures_.emplace();
    CHUANYU_CHECK(erasures_->read(*log_, 0));
  }
  if (const Erasure* by = erasures_->of(index, entry.slot)) fate.erased_by = *by;
  fate.lost = there && !fate.erased_by;
  return fate;
}

Error lost_payload(std::uint64_t index) {
  return error(Code::LOG_KEY_MISSING, "内容的密钥已不在，而没有一个依法删除的条目说明", place_of(index));
}

}  // namespace chuanyu::audit
