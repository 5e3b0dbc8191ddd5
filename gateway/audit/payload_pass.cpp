#include "gateway/audit/payload_pass.h"

#include <algorithm>

namespace chuanyu::audit {
namespace {

namespace layout = ledger::layout;

constexpr std::size_t kBlock = 4096;
constexpr std::uint64_t kNear = 64;  // rows that are walked over rather than sought past

}  // namespace

void PayloadPass::entry(std::uint64_t index, const ledger::Entry& entry) {
  erasures_.see(index, entry);
  if (entry.slot == 0 || !report_.keys_checked) return;
  block_.emplace_back(entry.slot, index);
  if (block_.size() == kBlock) look_up();
}

void PayloadPass::look_up() {
  std::sort(block_.begin(), block_.end());
  std::size_t at = 0;
  while (at < block_.size()) {
    const std::size_t from = at;
    const Status read = log_.for_each_row(LogReader::Rows::slots, layout::number_key(block_[at].first),
                                          [&](BytesView key, BytesView) -> Result<bool> {
                                            const std::uint64_t slot = key.size() == 8 ? read_u64(key) : 0;
                                            for (; at < block_.size() && block_[at].first < slot; ++at)
                                              gone_.push_back(block_[at]);
                                            while (at < block_.size() && block_[at].first == slot) ++at;
                                            return at < block_.size() && block_[at].first <= slot + kNear;
                                          });
    if (!read.ok()) {  // an auditor may have been given log/ alone to read: the report says that nothing is known
      report_.keys_checked = false;
      gone_.clear();
      break;
    }
    if (at > from) continue;
    gone_.insert(gone_.end(), block_.begin() + static_cast<std::ptrdiff_t>(at), block_.end());  // beyond the last row
    break;
  }
  block_.clear();
}

void PayloadPass::finish() {
  if (report_.keys_checked) look_up();
  // An erasure that came after the log was opened, and before its keys were looked up.
  if (!gone_.empty()) (void)erasures_.read(log_, log_.size());
  std::sort(gone_.begin(), gone_.end(), [](const Place& a, const Place& b) { return a.second < b.second; });
  for (const auto& [slot, index] : gone_) {
    const bool accounted = erasures_.of(index, slot) != nullptr;
    report_.erased += accounted ? 1 : 0;
    if (!accounted) report_.findings.add(lost_payload(index));
  }
  if (!report_.keys_checked) report_.erased = erasures_.payloads();
  report_.erasures = erasures_.list();
  report_.not_yet_erased = erasures_.payloads() - std::min(erasures_.payloads(), report_.erased);
}

}  // namespace chuanyu::audit
