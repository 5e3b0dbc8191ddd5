#include "gateway/exchange/erasure.h"

#include <algorithm>
#include <utility>

#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kLongest = 512;  // bytes of basis and approver

Status check_words(const std::string& text, const char* pointer) {
  if (text.empty()) return error(Code::CLIENT_FIELD_MISSING, "必填", pointer);
  if (text.size() > kLongest) return error(Code::CLIENT_FIELD_INVALID, "不得超过 512 字节", pointer);
  const bool one_line = std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; });
  if (!one_line) return error(Code::CLIENT_FIELD_INVALID, "应为一行文字，不含控制字符", pointer);
  return {};
}

// Every entry of an exchange: those that its row lists, and between the first and the last of an import.
Result<std::vector<std::uint64_t>> entries_of(const Desk& desk, const ExchangeRow& row, const Uuid& exchange) {
  if (row.verb != Verb::import || row.entries.size() < 2) return row.entries;
  std::vector<std::uint64_t> found;
  for (std::uint64_t index = row.entries[0]; index <= row.entries[1]; ++index) {
    CHUANYU_TRY(const journal::Stored stored, desk.journal.read(index));
    if (stored.entry.exchange == exchange) found.push_back(index);
  }
  return found;
}

Result<v1::LogBody> collect(const Desk& desk, const std::vector<Uuid>& exchanges) {
  v1::LogBody body;
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    std::string pointer = "/exchanges/";
    pointer += std::to_string(i);
    CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
    const auto row = desk.state.exchange(txn, exchanges[i]);
    if (!row) return error(Code::CLIENT_NOT_FOUND, "本网关没有这一交换", pointer);
    if (under_way(*row)) return error(Code::CLIENT_STATE_CONFLICT, "交换尚未了结，不能删除其内容", pointer);
    CHUANYU_TRY(const std::vector<std::uint64_t> entries, entries_of(desk, *row, exchanges[i]));
    for (const std::uint64_t index : entries) {
      CHUANYU_TRY(const journal::Stored stored, desk.journal.read(index));
      if (stored.entry.slot == 0 || stored.erased) continue;
      CHUANYU_TRY(auto gone, erasable(stored));
      *body.add_erased() = std::move(gone);
    }
  }
  if (body.erased_size() == 0)
    return error(Code::CLIENT_NOT_FOUND, "没有可删除的内容：这些交换的内容已经删除", "/exchanges");
  return body;
}

// What everybody may read of it: which entries and slots, why, and who approved.
Bytes content_of(const std::string& approver, const v1::LogBody& body) {
  Bytes text = "approver " + approver + "\nentries";
  for (const v1::ErasedEntry& gone : body.erased()) text += " " + std::to_string(gone.index());
  text += "\nslots";
  for (const v1::ErasedEntry& gone : body.erased()) text += " " + std::to_string(gone.slot());
  return text + "\n";
}

}  // namespace

bool under_way(const ExchangeRow& row) {
  return row.status == ExchangeStatus::accepted || row.status == ExchangeStatus::waiting;
}

Result<v1::ErasedEntry> erasable(const journal::Stored& stored) {
  v1::LogBody body;
  if (!body.ParseFromString(stored.body)) return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
  v1::ErasedEntry made;
  made.set_index(stored.index);
  made.set_slot(stored.entry.slot);
  made.set_idempotency(body.idempotency());
  if (stored.entry.kind == EntryKind::published) {
    made.set_record(body.index().token());
    *made.mutable_terms() = body.index().terms();
  }
  if (stored.entry.result == to_string(Code::RECORD_QUARANTINED)) made.set_agency(stored.entry.from);
  return made;
}

ledger::Entry erasure_entry(const Desk& desk, const std::string& basis, const std::string& approver,
                            const v1::LogBody& body) {
  ledger::Entry entry;
  entry.kind = EntryKind::erasure;
  entry.time = desk.clock.now();
  entry.exchange = Uuid::make(entry.time);
  entry.gateway = desk.settings.gateway;
  entry.what = "payloads";
  entry.basis = basis;
  entry.count = static_cast<std::uint32_t>(body.erased_size());
  entry.content = content_of(approver, body);
  return entry;
}

std::vector<std::uint64_t> slots_of(const v1::LogBody& body) {
  std::vector<std::uint64_t> slots;
  for (const v1::ErasedEntry& gone : body.erased()) slots.push_back(gone.slot());
  return slots;
}

void Erasing::erase(const EraseCommand& command, const Reply<Erased>& reply) {
  const auto refuse = [&reply](Error why) { reply(Failure{std::move(why), {}, {}}); };
  if (const Status status = check_words(command.basis, "/basis"); !status.ok()) return refuse(status.error());
  if (const Status status = check_words(command.approver, "/approver"); !status.ok()) return refuse(status.error());
  if (command.exchanges.empty() || command.exchanges.size() > kErasedAtOnce) {
    return refuse(error(Code::CLIENT_FIELD_INVALID, "须给出 1 至 256 个交换编号", "/exchanges"));
  }
  auto body = collect(desk_, command.exchanges);
  if (!body.ok()) return refuse(body.error());

  ledger::Entry entry = erasure_entry(desk_, command.basis, command.approver, *body);
  entry.from = command.principal->party().uscc;
  entry.principal = command.principal->certificate().fingerprint;
  const std::vector<std::uint64_t> slots = slots_of(*body);
  if (ledger::encoded_bytes(entry) > ledger::kMaxEntryBytes / 2) {
    return refuse(error(Code::CLIENT_FIELD_INVALID, "一次删除的条目过多，请分几次", "/exchanges"));
  }

  const Uuid exchange = entry.exchange;
  auto prepared = desk_.journal.prepare({std::move(entry), serialise(*body)});
  // The keys go on the waiters' thread: the writer must not wait for another flush.
  desk_.journal.submit({std::move(prepared), {}, [this, exchange, slots, reply](const journal::Outcome& outcome) {
                          if (!outcome.status.ok()) return reply(Failure{outcome.status.error(), exchange, {}});
                          desk_.waiters.post([this, exchange, slots, reply, receipt = outcome.receipt] {
                            const Status gone = desk_.journal.destroy_keys(slots);
                            if (!gone.ok()) return reply(Failure{gone.error(), exchange, {}});
                            reply(Erased{exchange, receipt, slots.size()});
                          });
                        }});
}

Status finish_erasures(Desk& desk) {
  std::vector<std::uint64_t> slots;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk.journal.state());
    slots = desk.state.erased_slots(txn);
  }
  return desk.journal.destroy_keys(slots);
}

}  // namespace chuanyu::exchange
