#include "gateway/audit/rederive.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "gateway/audit/reconvert.h"
#include "gateway/audit/redecide.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class Rederiving {
 public:
  Rederiving(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options, RederiveReport& report)
      : bodies_(bodies), options_(options), report_(report), versions_(log, bodies) {
    if (bodies != nullptr) reconverter_.emplace(log, *bodies, versions_, options.reveal);
  }

  // Which entries account for what was erased: they come later than what they erase.
  Status trace(const LogReader& log) {
    if (gone_.empty()) return {};
    Erasures all;
    CHUANYU_CHECK(all.read(log, 0));
    std::map<const Erasure*, std::uint64_t> counts;  // in their order: they stand in one vector
    for (const auto& [index, slot] : gone_) {
      if (const Erasure* by = all.of(index, slot)) {
        ++counts[by];
        continue;
      }
      --report_.erased;
      ++report_.lost;
      report_.findings.add(lost_payload(index));
    }
    for (const auto& [erasure, count] : counts) {
      report_.erasures.push_back(*erasure);
      report_.erasures.back().payloads = count;
    }
    return {};
  }

  Status visit(std::uint64_t index, BytesView bytes) {
    auto entry = ledger::decode(bytes);
    if (entry.ok()) versions_.see(index, *entry);
    if (index < options_.from) return {};
    index_ = index;
    if (!entry.ok()) {
      count_unable(entry.error());
      return {};
    }
    if (options_.exchange && entry->exchange != *options_.exchange) return {};
    derive(*entry);
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
    if (erased) {
      gone_.emplace_back(index_, entry.slot);
      return count(report_.erased);
    }
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
  std::uint64_t index_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gone_;  // index, slot
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
  if (const Status traced = rederiving.trace(log); !traced.ok()) report.findings.add(traced.error());
  if (options.progress) options.progress(end, end);
  return report;
}

}  // namespace chuanyu::audit
