#include "gateway/audit/rederive.h"

#include <algorithm>
#include <future>
#include <map>
#include <vector>

#include "gateway/audit/digests.h"
#include "gateway/audit/reconvert.h"
#include "gateway/audit/redecide.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

// An entry as it was read: held against its hash, taken apart, its body opened. The memory is used again.
struct Item {
  std::uint64_t index = 0;
  Status decoded;
  ledger::Entry entry;
  std::optional<Result<Bytes>> sealed;  // when there is a body to open
  v1::LogBody body;                     // when that was opened
  bool readable = false;
  std::vector<const char*> other_digests;  // fields of the entry that are not of this body
};

bool is_wanted(const Item& item, const RederiveOptions& options) {
  if (item.index < options.from) return false;
  return !item.decoded.ok() || !options.exchange || item.entry.exchange == *options.exchange;
}

// Reads a tile's entries while those of the one before are derived from: reading, hashing and opening take a third of
// the time.
class ReadAhead {
 public:
  // `digests`: nullptr: not compared.
  ReadAhead(const LogReader& log, const BodyOpener* bodies, const Digests* digests, const RederiveOptions& options,
            std::uint64_t end)
      : log_(log), bodies_(bodies), digests_(digests), options_(options), end_(end) {
    start();
  }

  struct Batch {
    std::vector<Item> items;
    std::size_t size = 0;
    Status read;  // what came after them
  };
  // Good until the next call. Not asked for after the last one, or one that ends with an error.
  const Batch& next() {
    reading_.get();
    std::swap(ahead_, now_);
    if (now_.read.ok() && next_ < end_) start();
    return now_;
  }

 private:
  void start() {
    const std::uint64_t from = next_;
    next_ = std::min(end_, from + ledger::kTileWidth);
    reading_ = std::async(std::launch::async, [this, from, to = next_] { fill(from, to); });
  }

  void fill(std::uint64_t from, std::uint64_t to) {
    ahead_.items.resize(ledger::kTileWidth);
    ahead_.size = 0;
    ahead_.read = log_.for_each_hashed(from, to, [this](std::uint64_t index, BytesView bytes) -> Status {
      Item& item = ahead_.items[ahead_.size++];
      item.index = index;
      item.decoded = ledger::decode(bytes, item.entry);
      item.sealed.reset();
      item.readable = false;
      item.other_digests.clear();
      const bool sealed = item.decoded.ok() && !ledger::is_own(item.entry.kind) && item.entry.slot != 0;
      if (sealed && bodies_ != nullptr && is_wanted(item, options_)) open(item);
      return {};
    });
  }

  void open(Item& item) const {
    item.sealed = bodies_->body(item.entry);
    item.readable = item.sealed->ok() && item.body.ParseFromString(**item.sealed);
    if (item.readable && digests_ != nullptr) item.other_digests = digests_->differing(item.entry, item.body);
  }

  const LogReader& log_;
  const BodyOpener* bodies_;
  const Digests* digests_;
  const RederiveOptions& options_;
  const std::uint64_t end_;
  std::uint64_t next_ = 0;
  Batch now_;
  Batch ahead_;  // the other thread's until reading_ is ready
  std::future<void> reading_;
};

class Rederiving {
 public:
  Rederiving(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options, RederiveReport& report)
      : bodies_(bodies), options_(options), report_(report), versions_(log, bodies), fates_(log) {
    if (bodies != nullptr) reconverter_.emplace(log, *bodies, versions_, options.reveal);
  }

  void visit(const Item& item) {
    if (item.decoded.ok()) versions_.see(item.index, item.entry);
    if (!is_wanted(item, options_)) return;
    index_ = item.index;
    if (!item.decoded.ok()) return count_unable(item.decoded.error());
    derive(item);
  }

 private:
  void derive(const Item& item) {
    const ledger::Entry& entry = item.entry;
    if (ledger::is_own(entry.kind)) return count(report_.nothing);
    const auto& opened = item.sealed;
    const bool erased = opened && !opened->ok() && opened->error().code == Code::LOCAL_PAYLOAD_ERASED;
    if (opened && !opened->ok() && !erased) return count_unable(opened->error());
    if (opened && !erased && !item.readable) return count_unable(error(Code::LOG_TAMPERED, "正文不可读"));
    const bool readable = item.readable;
    static const v1::LogBody kNone;
    const v1::LogBody& body = readable ? item.body : kNone;
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
    for (const char* field : item.other_digests) {
      add(error(Code::LOG_DIFFERS, "条目所记的摘要与正文中的内容不符", field));
    }
    if (!again->differences.empty() || !item.other_digests.empty()) return count(report_.different);
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
};

}  // namespace

RederiveReport rederive(const LogReader& log, const BodyOpener* bodies, const RederiveOptions& options) {
  RederiveReport report;
  report.folder = log.folder();
  report.origin = log.origin();
  Rederiving rederiving(log, bodies, options, report);
  const std::uint64_t end = std::min(options.to, log.size());
  // From the start, whatever the range: the versions stand before what they were used for.
  std::optional<Digests> digests;
  if (bodies != nullptr) {
    auto opened = Digests::open(*bodies);
    if (!opened.ok()) report.findings.add(opened.error());
    if (opened.ok()) digests = *std::move(opened);
  }
  ReadAhead ahead(log, bodies, digests ? &*digests : nullptr, options, end);
  for (std::uint64_t done = 0;;) {
    const ReadAhead::Batch& batch = ahead.next();
    for (std::size_t i = 0; i < batch.size; ++i) rederiving.visit(batch.items[i]);
    done += batch.size;
    if (options.progress) options.progress(done, end);
    if (!batch.read.ok()) report.findings.add(batch.read.error());
    if (!batch.read.ok() || done == end) break;
  }
  return report;
}

}  // namespace chuanyu::audit
