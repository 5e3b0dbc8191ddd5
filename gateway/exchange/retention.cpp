#include "gateway/exchange/retention.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gateway/exchange/erasure.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/record.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr int kSlice = 800;  // payloads in an ERASURE entry: their numbers fit into it

// The day on which a published record says that it ends; nothing when it says none.
std::optional<Date> end_of(std::string_view what, BytesView canonical) {
  const auto date = [](bool there, const v1::Date& day) -> std::optional<Date> {
    if (!there) return std::nullopt;
    return Date{day.year(), day.month(), day.day()};
  };
  const auto size = static_cast<int>(canonical.size());
  const auto kind = schemas::parse_kind(what);
  if (!kind.ok()) return std::nullopt;
  switch (*kind) {
    case schemas::Kind::credit: {
      v1::CreditRecord record;
      if (!record.ParseFromArray(canonical.data(), size)) return std::nullopt;
      return date(record.has_publish_until(), record.publish_until());
    }
    case schemas::Kind::licence: {
      v1::Licence record;
      if (!record.ParseFromArray(canonical.data(), size)) return std::nullopt;
      return date(record.has_valid_until(), record.valid_until());
    }
    case schemas::Kind::enforcement_case: {
      v1::EnforcementCase record;
      if (!record.ParseFromArray(canonical.data(), size)) return std::nullopt;
      return date(record.publicity().has_until(), record.publicity().until());
    }
  }
  return std::nullopt;
}

std::string basis_of(const RetentionRule& rule) {
  std::string text = "保存期限届满（个人信息保护法 第四十七条；政务数据共享条例 第二十九条）：";
  text += rule.months == 0 ? "其余永久保存" : "满 " + std::to_string(rule.months) + " 个月";
  for (const auto& [kind, months] : rule.kinds) {
    text += "，" + kind + (months == 0 ? " 永久保存" : " " + std::to_string(months) + " 个月");
  }
  return text;
}

class Retaining {
 public:
  Retaining(Desk& desk, const RetentionOrder& order)
      : desk_(desk), order_(order), today_(date_in_china(desk.clock.now())) {}

  Result<RetentionReport> run() {
    CHUANYU_CHECK(read_outbox());
    const std::uint64_t size = desk_.journal.size();
    for (std::uint64_t index = 0; index < size; ++index) {
      CHUANYU_CHECK(look_at(index));
      if (slice_.erased_size() == kSlice) CHUANYU_CHECK(erase_slice());
    }
    if (slice_.erased_size() > 0) CHUANYU_CHECK(erase_slice());
    return report_;
  }

 private:
  bool is_over(const ledger::Entry& entry) const {
    const auto own = order_.rule.kinds.find(entry.what);
    const unsigned months = own == order_.rule.kinds.end() ? order_.rule.months : own->second;
    return months > 0 && date_in_china(entry.time) < months_before(today_, months);
  }

  Status look_at(std::uint64_t index) {
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(index));
    const ledger::Entry& entry = stored.entry;
    if (entry.slot == 0 || stored.erased || ledger::is_own(entry.kind) || !is_over(entry)) return {};
    CHUANYU_TRY(std::uint64_t * kept, needed(stored));
    if (kept != nullptr) return ++*kept, Status{};
    CHUANYU_TRY(auto gone, erasable(stored));
    *slice_.add_erased() = std::move(gone);
    const Date day = date_in_china(entry.time);
    if (report_.payloads++ == 0) report_.oldest = report_.newest = day;
    report_.oldest = std::min(report_.oldest, day);
    report_.newest = std::max(report_.newest, day);
    return {};
  }

  // What counts it when the state still needs it; nullptr when nothing does.
  Result<std::uint64_t*> needed(const journal::Stored& stored) {
    const ledger::Entry& entry = stored.entry;
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const State& state = desk_.state;
    if (const auto row = state.exchange(txn, entry.exchange)) {
      if (under_way(*row)) return &report_.under_way;
      const auto listed = [&](const std::string& uscc) {
        return txn.get(state.inbox_table, inbox_key(uscc, row->inbox)).has_value();
      };
      if (row->inbox != 0 && (listed(row->to) || listed(row->from))) return &report_.waiting;
    }
    if (outbox_.contains(stored.index)) return &report_.waiting;
    if (txn.get(state.quarantine_table, quarantine_key(entry.from, stored.index))) return &report_.quarantined;
    CHUANYU_TRY(const bool in_force, is_in_force(txn, stored));
    return in_force ? &report_.in_force : nullptr;
  }

  Result<bool> is_in_force(const storage::ReadTxn& txn, const journal::Stored& stored) const {
    if (stored.entry.kind != EntryKind::published) return false;
    v1::LogBody body;
    if (!body.ParseFromString(stored.body)) return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
    const auto record = desk_.state.record(txn, body.index().token());
    if (!record || record->index != stored.index) return false;
    const auto end = body.canonical_size() == 1 ? end_of(stored.entry.what, body.canonical(0)) : std::nullopt;
    return !end || *end >= today_;
  }

  // What has not left for a peer yet; a push that does not leave expires, so there is little of it.
  Status read_outbox() {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    auto cursor = txn.cursor(desk_.state.outbox_table);
    for (bool more = cursor.first(); more; more = cursor.next()) outbox_.insert(read_u64(cursor.value()));
    return txn.status();
  }

  Status erase_slice() {
    const v1::LogBody body = std::exchange(slice_, v1::LogBody());
    ++report_.erasures;
    if (order_.dry_run) return {};
    ledger::Entry entry = erasure_entry(desk_, basis_of(order_.rule), order_.approver, body);
    const journal::Outcome outcome = desk_.journal.append({std::move(entry), serialise(body)});
    CHUANYU_CHECK(outcome.status);
    return desk_.journal.destroy_keys(slots_of(body));
  }

  Desk& desk_;
  const RetentionOrder& order_;
  const Date today_;
  RetentionReport report_;
  v1::LogBody slice_;
  std::set<std::uint64_t> outbox_;
};

}  // namespace

Date months_before(Date day, unsigned months) {
  const int month = day.year * 12 + day.month - 1 - static_cast<int>(months);
  Date found{month / 12, month % 12 + 1, day.day};
  while (!is_valid(found)) --found.day;  // 31 March -> 28 February
  return found;
}

bool RetentionRule::keeps_everything() const {
  return months == 0 && std::all_of(kinds.begin(), kinds.end(), [](const auto& one) { return one.second == 0; });
}

Result<RetentionReport> retain(Desk& desk, const RetentionOrder& order) { return Retaining(desk, order).run(); }

}  // namespace chuanyu::exchange
