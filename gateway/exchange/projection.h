// gateway/exchange/projection.h: what the entries of the log mean: apply(entry) to the state.
//
// apply() depends on nothing but the entry, its body and the tables, so a rebuilt state equals the live one. While it
// applies it notes which topics changed; after the group's commit those who wait for them are woken (waiters.h).
// Threads: the journal's writer thread; during open(), the thread that opens the journal.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange/state.h"
#include "gateway/exchange/waiters.h"
#include "gateway/journal/journal.h"

namespace chuanyu::v1 {
class LogBody;
}

namespace chuanyu::exchange {

class Projection final : public journal::Projection {
 public:
  Projection(State& state, Waiters& waiters) : state_(state), waiters_(waiters) {}

  std::vector<std::string> tables() const override { return State::names(); }
  std::uint32_t version() const override { return 6; }
  void open(const storage::Environment& environment) override { state_.open(environment); }
  void apply(storage::WriteTxn& txn, const journal::Applied& applied) override;
  void committed() override;

 private:
  void open_exchange(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body, Verb verb,
                     ExchangeStatus status);
  void update(storage::WriteTxn& txn, const journal::Applied& applied, ExchangeRow row);
  void published(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body);
  void received(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body);
  void settle(storage::WriteTxn& txn, const journal::Applied& applied, ExchangeRow row, ExchangeStatus status);
  void settled(storage::WriteTxn& txn, const journal::Applied& applied);
  void shard_opened(storage::WriteTxn& txn, const journal::Applied& applied);
  void acknowledged(storage::WriteTxn& txn, const journal::Applied& applied);
  void to_inbox(storage::WriteTxn& txn, std::string_view uscc, const journal::Applied& applied, std::uint64_t index);
  void to_outbox(storage::WriteTxn& txn, const journal::Applied& applied);
  void quarantine(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body);
  void release(storage::WriteTxn& txn, BytesView key);
  void erased(storage::WriteTxn& txn, const journal::Applied& applied);
  void count_gaps(storage::WriteTxn& txn, const journal::Applied& applied, const v1::LogBody& body);
  void came_in(storage::WriteTxn& txn, const journal::Applied& applied);

  State& state_;
  Waiters& waiters_;
  std::vector<std::string> changed_;
};

}  // namespace chuanyu::exchange
