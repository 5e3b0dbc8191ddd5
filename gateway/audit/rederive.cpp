#include "gateway/audit/rederive.h"

#include <algorithm>
#include <map>

#include "gateway/audit/reconvert.h"
#include "gateway/audit/redecide.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class Rederiving {
 public:
  Rederiving(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options, RederiveReport& report)
      : bodies_(bodies), options_(options), report_(report), versions_(log, bodies), fates_(log) {
    if (bodies != nullptr) reconverter_.emplace(log, *bodies, versions_, options.reveal);
  }

  Status visit(std::uint64_t index, BytesView bytes) {
    const Status decoded = ledger::decode(bytes, entry_);
    if (decoded.ok()) versions_.see(index, entry_);
    if (index < options_.from) return {};
    index_ = index;
    if (!decoded.ok()) {
      count_unable(decoded.error());
      return {};
    }
    if (options_.exchange && entry_.exchange != *options_.exchange) return {};
    derive(entry_);
    return {};
  }

 private:
  void derive(const ledger::Entry& entry) {
    if (ledger::is_own(entry.kind)) return count(report_.nothing);
    v1::LogBody body;
    bool readable = bodies_ != nullptr && entry.slot != 0;
    bool erased = false;
    if (readable) {
      const auto opened = bodies_->body(entry);
      erased = !opened.ok() && opened.error().code == Code::LOCAL_PAYLOAD_ERASED;
      if (!opened.ok() && !erased) return count_unable(opened.error());
      if (!erased && !body.ParseFromString(*opened)) return count_unable(error(Code::LOG_TAMPERED, "正文不可读"));
      readable = !erased;
    }
    const bool sealed = bodies_ == nullptr && entry.slot != 0;
    const auto decided = redecide(versions_, entry, readable || entry.slot == 0 ? &body : nullptr);
    if (!decided.ok()) return settle(decided.error());
    report_.decisions += *decided ? 1 : 0;
    if (erased) return count_gone(entry);
    if (sealed && entry.kind != EntryKind::queried) return count(report_.sealed);
    if (!readable) return count(*decided ? report_.same : report_.nothing);
    const auto again = reconverter_->again(entry, body);
    if (!again.ok()) return settle(again.error());
    report_.conversions += again->conversions;
    report_.other_checks += again->other_checks ? 1 : 0;
    for (const Error& difference : again->differences) add(difference);
    if (!again->differences.empty()) return count(report_.different);
    if (!again->not_recorded.empty()) return count_reason(again->not_recorded);
    count(*decided || again->conversions > 0 ? report_.same : report_.nothing);
  }

  void count_gone(const ledger::Entry& entry) {
    const auto fate = fates_.of(index_, entry);
    if (!fate.ok()) return count_unable(fate.error());
    if (fate->lost) {
      report_.findings.add(lost_payload(index_));
      return count(report_.lost);
    }
    if (fate->erased_by) {
      Erasure& known = report_.erasures.try_emplace(fate->erased_by->index, *fate->erased_by).first->second;
      known.payloads = ++erased_by_[known.index];
    }
    count(report_.erased);
  }

  void settle(const Error& why) {
    if (why.code != Code::LOG_DIFFERS) return count_unable(why);
    add(why);
    count(report_.different);
  }

  // Erased by law, sealed without a key, or a finding: something that ought to be there is not.
  void count_unable(const Error& why) {
    if (why.code == Code::LOCAL_PAYLOAD_ERASED) return count(report_.erased);
    if (why.code == Code::LOCAL_KEY_FILE) return count(report_.sealed);
    std::string reason(to_string(why.code));
    reason += " " + why.detail;
    // One finding for each reason: a missing version would be one for every entry.
    if (!report_.reasons.contains(reason)) add(why);
    count_reason(reason);
  }

  void count_reason(const std::string& reason) {
    ++report_.reasons[reason];
    count(report_.unable);
  }

  static void count(std::uint64_t& counter) { ++counter; }

  void add(const Error& found) {
    std::string where = place_of(index_);
    if (!found.where.empty()) where += " " + found.where;
    report_.findings.add(error(found.code, found.detail, std::move(where)));
  }

  const BodyOpener* bodies_;
  const RederiveOptions& options_;
  RederiveReport& report_;
  Versions versions_;
  std::optional<Reconverter> reconverter_;
  Fates fates_;
  std::map<std::uint64_t, std::uint64_t> erased_by_;  // ERASURE entry -> how many of these
  std::uint64_t index_ = 0;
  ledger::Entry entry_;  // the one at index_, here because its memory is used again
};

}  // namespace

RederiveReport rederive(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options) {
  RederiveReport report;
  report.folder = log.folder();
  report.origin = log.origin();
  Rederiving rederiving(log, bodies, options, report);
  const std::uint64_t end = std::min(options.to, log.size());
  // From the start, whatever the range: the versions stand before what they were used for.
  const Status read = log.for_each_hashed(0, end, [&](std::uint64_t index, BytesView bytes) {
    if (options.progress && index % 4096 == 0) options.progress(index, end);
    return rederiving.visit(index, bytes);
  });
  if (!read.ok()) report.findings.add(read.error());
  if (options.progress) options.progress(end, end);
  return report;
}

}  // namespace chuanyu::audit
