#include "gateway/exchange/inbox.h"

#include <utility>

#include "schemas/canonical/log.pb.h"
#include "schemas/canonical/peer.pb.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;

constexpr std::size_t kPageBytes = std::size_t{8} << 20;  // of native records in one page

bool may_see(const identity::Principal& reader, const ExchangeRow& row) {
  if (reader.role() == identity::Role::op || reader.role() == identity::Role::auditor) return true;
  return reader.party().uscc == row.from || reader.party().uscc == row.to;
}

}  // namespace

void Inbox::list(const std::shared_ptr<const identity::Principal>& reader, std::uint64_t after, std::size_t limit,
                 std::chrono::milliseconds wait, const Reply<std::vector<InboxItem>>& reply) {
  const std::string uscc = reader->party().uscc;
  const auto answer = [this, uscc, after, limit, reply](bool even_empty) {
    auto items = read(uscc, after, limit);
    if (!items.ok()) return reply(Failure{items.error(), {}, {}}), true;
    if (items->empty() && !even_empty) return false;
    return reply(std::move(*items)), true;
  };
  if (answer(wait.count() == 0)) return;
  const auto deadline = Waiters::Clock::now() + wait;
  desk_.waiters.wait(Waiters::inbox_topic(uscc), deadline, [answer](Wake) { answer(true); });
  const auto txn = desk_.journal.state();  // one that came between the look and the wait
  if (txn.ok() && !desk_.state.inbox(*txn, uscc, after, 1).empty()) desk_.waiters.changed({Waiters::inbox_topic(uscc)});
}

Result<std::vector<InboxItem>> Inbox::read(const std::string& uscc, std::uint64_t after, std::size_t limit) const {
  std::vector<State::InboxItem> rows;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    rows = desk_.state.inbox(txn, uscc, after, limit);
  }
  std::vector<InboxItem> items;
  std::size_t bytes = 0;
  for (const State::InboxItem& row : rows) {
    CHUANYU_TRY(InboxItem read_item, item(row.index, row.exchange));
    bytes += read_item.message.size();
    for (const Bytes& record : read_item.records) bytes += record.size();
    if (bytes > kPageBytes && !items.empty()) break;  // the reader comes for the rest with the last cursor
    items.push_back(std::move(read_item));
  }
  return items;
}

Result<InboxItem> Inbox::item(std::uint64_t index, const Uuid& exchange) const {
  CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(index));
  v1::LogBody body;
  if (!body.ParseFromString(stored.body)) return error(Code::LOCAL_CORRUPT, "日志条目的内容不可读");
  const ledger::Entry& entry = stored.entry;
  InboxItem item;
  item.cursor = index;
  item.exchange = exchange;
  item.what = entry.what;
  item.from = entry.from;
  item.received = entry.time;
  item.in_reply_to = Uuid::from_bytes(body.in_reply_to()).value_or(Uuid{});
  item.error = entry.result;
  item.answer = entry.kind == EntryKind::received && item.in_reply_to == exchange;
  if (entry.kind != EntryKind::received && entry.kind != EntryKind::accepted) {
    item.answer = true;  // the end of a query that waited: refused, expired, or not to be put into the asker's format
    item.in_reply_to = exchange;
  }
  item.matter = entry.matter;
  item.basis = entry.basis;
  item.grant = entry.grant;
  item.profile = entry.mapping_out.id;
  item.records = {body.native_out().begin(), body.native_out().end()};
  item.message = body.message();
  item.notes = notes_of(body);
  item.erased = stored.erased;
  return item;
}

void Inbox::acknowledge(const std::shared_ptr<const identity::Principal>& reader, const Uuid& exchange,
                        const Reply<journal::Receipt>& reply) {
  const std::string uscc = reader->party().uscc;
  const auto opened = [&]() -> Result<std::pair<ExchangeRow, ledger::Entry>> {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const auto row = desk_.state.exchange(txn, exchange);
    const bool receiver = row && row->inbox != 0 && (row->verb == Verb::push ? row->to : row->from) == uscc;
    if (!receiver) return error(Code::CLIENT_NOT_FOUND, "收件箱中没有这一交换");
    CHUANYU_TRY(journal::Stored stored, desk_.journal.read(row->inbox));
    return std::pair{*row, std::move(stored.entry)};
  }();
  if (!opened.ok()) return reply(Failure{opened.error(), exchange, {}});
  const auto& [row, arrived] = *opened;
  const auto world = desk_.world();
  ledger::Entry entry = desk_.entry(EntryKind::acknowledged, {reader, {}, {}}, *world, exchange, row.what);
  entry.to = arrived.from;
  entry.allowed = true;
  // The sender of a push learns that it was taken; an answer's giver has no need to.
  const bool remote_push = row.verb == Verb::push && arrived.kind == EntryKind::received;
  if (remote_push) entry.peer = arrived.peer;

  journal::Command job{desk_.journal.prepare({std::move(entry), {}}), {}, {}};
  job.decide = [this, uscc, inbox = row.inbox](const storage::ReadTxn& state) {
    journal::Verdict verdict;
    if (!state.get(desk_.state.inbox_table, inbox_key(uscc, inbox))) verdict.act = journal::Verdict::Act::drop;
    return verdict;
  };
  job.done = [this, exchange, reply](const journal::Outcome& outcome) {
    if (!outcome.status.ok()) return reply(Failure{outcome.status.error(), exchange, {}});
    if (outcome.appended) return reply(outcome.receipt);
    desk_.waiters.post([this, exchange, reply] {  // acknowledged before: the same receipt
      const auto first = [&]() -> Result<journal::Receipt> {
        CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
        const auto present = desk_.state.exchange(txn, exchange);
        for (const std::uint64_t index : present ? present->entries : std::vector<std::uint64_t>()) {
          CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(index));
          if (stored.entry.kind == EntryKind::acknowledged) return desk_.receipt(index);
        }
        return error(Code::CLIENT_NOT_FOUND, "收件箱中没有这一交换");
      }();
      if (first.ok()) return reply(*first);
      reply(Failure{first.error(), exchange, {}});
    });
  };
  desk_.journal.submit(std::move(job));
}

Result<ExchangeView> Inbox::view(const identity::Principal& reader, const Uuid& exchange) const {
  ExchangeView view;
  view.exchange = exchange;
  {
    CHUANYU_TRY(const storage::ReadTxn txn, desk_.journal.state());
    const auto row = desk_.state.exchange(txn, exchange);
    if (!row || !may_see(reader, *row)) return error(Code::CLIENT_NOT_FOUND, "没有这一交换，或不属于本机构");
    view.row = *row;
  }
  for (const std::uint64_t index : view.row.entries) {
    CHUANYU_TRY(const journal::Stored stored, desk_.journal.read(index));
    view.log.push_back({index, stored.entry.kind, stored.entry.time});
    v1::SignedReceipt signed_receipt;
    v1::PeerReceipt receipt;
    if (!stored.entry.receipt.empty() && signed_receipt.ParseFromString(stored.entry.receipt) &&
        receipt.ParseFromString(signed_receipt.receipt())) {
      view.receipts.push_back({receipt.gateway(), receipt.log_index(), receipt.time()});
    }
    if (index == view.row.settled && !view.row.error.empty()) {
      v1::LogBody body;
      body.ParseFromString(stored.body);
      view.error_detail = body.error_detail();
      view.error_where = body.error_where();
    }
  }
  return view;
}

}  // namespace chuanyu::exchange
