#include "gateway/exchange/residual.h"

#include <utility>

#include "gateway/exchange/filing.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/record.h"

namespace chuanyu::exchange {
namespace {

Error stale(std::string_view why) { return error(Code::RECORD_RESIDUAL_STALE, std::string(why)); }

Result<std::optional<ExchangeRow>> row_of(const Desk& desk, const ReturnedRecord& record) {
  CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
  auto row = desk.state.exchange(txn, record.exchange);
  if (!row || row->what != adapters::to_string(record.kind)) return std::optional<ExchangeRow>();
  return row;
}

// Where in the body the record stands; -1: nowhere.
int position(const v1::LogBody& body, const ReturnedRecord& record) {
  for (int i = 0; i < body.canonical_size(); ++i) {
    const auto view = schemas::view_record(record.kind, body.canonical(i));
    if (view.ok() && view->id == record.id) return i;
  }
  return -1;
}

struct Opened {
  journal::Stored stored;
  v1::LogBody body;
};

Result<Opened> open(const Desk& desk, std::uint64_t index) {
  Opened opened;
  CHUANYU_TRY(opened.stored, desk.journal.read(index));
  if (!opened.stored.erased && !opened.body.ParseFromString(opened.stored.body))
    return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
  return opened;
}

// The published version that the answer was made from, when it is still the newest.
Result<std::optional<std::uint64_t>> published(const Desk& desk, const ExchangeRow& row, const ReturnedRecord& record) {
  CHUANYU_TRY(const Opened answer, open(desk, row.settled));
  if (answer.stored.erased) return stale("该次应答的内容已依法删除");
  const int at = position(answer.body, record);
  if (at < 0 || at >= answer.body.answered_from_size()) return std::optional<std::uint64_t>();
  const auto view = schemas::view_record(record.kind, answer.body.canonical(at));
  if (view->owner_uscc != record.agency) return std::optional<std::uint64_t>();
  const std::uint64_t index = answer.body.answered_from(at).index();
  CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
  const auto newest = desk.state.record(txn, record_token(desk, record.kind, record.agency, record.id));
  if (!newest || newest->index != index) return stale("此后来源机构已发布新版本，请按新版本重新修改");
  return std::optional(index);
}

}  // namespace

Result<std::optional<Origin>> brought(const Desk& desk, const ReturnedRecord& record) {
  CHUANYU_TRY(const auto row, row_of(desk, record));
  if (!row) return std::optional<Origin>();
  const bool push = row->verb == Verb::push && row->to == record.agency;
  const bool query = row->verb == Verb::query && row->from == record.agency;
  const std::uint64_t index = push ? row->inbox : query ? row->settled : 0;
  if (index == 0) return std::optional<Origin>();
  CHUANYU_TRY(const Opened arrived, open(desk, index));
  if (arrived.stored.erased) return stale("该次交换的内容已依法删除");
  const int at = position(arrived.body, record);
  if (at < 0) return std::optional<Origin>();
  return std::optional(Origin{index, arrived.body.canonical(at)});
}

Result<std::optional<Origin>> residual(const Desk& desk, const ReturnedRecord& record) {
  CHUANYU_TRY(const auto row, row_of(desk, record));
  if (!row) return std::optional<Origin>();
  std::uint64_t index = 0;
  if (row->verb == Verb::push && row->from == record.agency) {
    index = row->opened;
  } else if (row->verb == Verb::query && row->settled != 0) {
    CHUANYU_TRY(const auto found, published(desk, *row, record));
    if (!found) return std::optional<Origin>();
    index = *found;
  } else {
    return std::optional<Origin>();
  }
  CHUANYU_TRY(Opened source, open(desk, index));
  if (source.stored.erased) return stale("来源原文已依法删除");
  if (position(source.body, record) < 0) return std::optional<Origin>();
  Bytes native = std::move(*source.body.mutable_native_in());
  if (native.empty() || desk.journal.keyed_digest(native) != source.stored.entry.native_in)
    return stale("来源原文与日志中的摘要不符");
  return std::optional(Origin{index, std::move(native)});
}

}  // namespace chuanyu::exchange
