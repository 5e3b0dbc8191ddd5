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
  if (entry.slot == 0 || !keys_checked_) return;
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
    if (!read.ok()) {
      if (read.error().code == Code::LOG_TAMPERED || read.error().code == Code::LOCAL_CORRUPT) damaged_ = read.error();
      // An auditor may have been given log/ alone to read: the report says that nothing is known.
      keys_checked_ = false;
      gone_.clear();
      break;
    }
    if (at > from) continue;
    gone_.insert(gone_.end(), block_.begin() + static_cast<std::ptrdiff_t>(at), block_.end());  // beyond the last row
    break;
  }
  block_.clear();
}

void PayloadPass::finish(std::vector<LogReport>& reports) {
  if (keys_checked_) look_up();
  if (damaged_ && !reports.empty()) reports.front().findings.add(*damaged_);
  // An erasure that came after the log was opened, and before its keys were looked up.
  if (!gone_.empty()) (void)erasures_.read(log_, log_.size());
  std::sort(gone_.begin(), gone_.end(), [](const Place& a, const Place& b) { return a.second < b.second; });
  auto at = gone_.begin();
  for (LogReport& report : reports) {
    const std::uint64_t end = report.base + report.size;
    report.keys_checked = keys_checked_;
    for (; at != gone_.end() && at->second < end; ++at) {
      const bool accounted = erasures_.of(at->second, at->first) != nullptr;
      report.erased += accounted ? 1 : 0;
      if (!accounted) report.findings.add(lost_payload(at->second));
    }
    const std::uint64_t named = erasures_.payloads(report.base, end);
    if (!keys_checked_) report.erased = named;
    report.not_yet_erased = named - std::min(named, report.erased);
    for (const Erasure& erasure : erasures_.list()) {
      const bool here = erasure.index >= report.base && (erasure.index < end || &report == &reports.back());
      if (here) report.erasures.push_back(erasure);
    }
  }
}

}  // namespace chuanyu::audit
