// What stands in quarantine, and what takes it out.
#include "tests/unit/exchange/testing.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;
using testing::Book;
using testing::id_of;
using testing::kSuining;
using testing::kTongnan;
using testing::line;
using testing::token_of;

Book::Line quarantined(int exchange, const Bytes& key = {}) {
  Book::Line made = line(EntryKind::failed, exchange);
  made.entry.to.clear();
  made.entry.result = "RECORD_QUARANTINED";
  made.body.set_native_in("<案件/>");
  made.body.set_idempotency(key);
  return made;
}

Book::Line published(int exchange, std::uint64_t rerun_of) {
  Book::Line made = line(EntryKind::published, exchange);
  made.body.mutable_index()->set_token(token_of('r'));
  made.body.mutable_index()->set_digest(token_of('d'));
  if (rerun_of != 0) made.body.mutable_rerun_of()->set_index(rerun_of);
  return made;
}

std::vector<std::uint64_t> held(const Book& book, const std::string& agency = {}, const Uuid& exchange = {}) {
  std::vector<std::uint64_t> indexes;
  for (const auto& row : book.state().quarantine(book.read(), agency, {}, exchange, 100)) indexes.push_back(row.index);
  return indexes;
}

TEST(Quarantine, IsTheAgencysOwn) {
  Book book;
  book.apply(quarantined(1));
  Book::Line other = quarantined(2);
  other.entry.from = kTongnan;
  book.apply(other);
  Book::Line plain = quarantined(3);
  plain.entry.result = "RECORD_VALUE";
  book.apply(plain);
  Book::Line arrival = quarantined(4);
  arrival.entry.peer = "cq";
  arrival.entry.stream = 1;
  arrival.entry.peer_log = id_of(9);
  book.apply(arrival);
  EXPECT_EQ(held(book, kSuining), std::vector<std::uint64_t>{1});
  EXPECT_EQ(held(book, kTongnan), std::vector<std::uint64_t>{2});
  EXPECT_EQ(held(book).size(), 2U);
  EXPECT_EQ(held(book, {}, id_of(2)), std::vector<std::uint64_t>{2});
}

TEST(Quarantine, ARerunTakesItOutWhenItTakesEffect) {
  Book book;
  book.apply(quarantined(1));
  Book::Line again = quarantined(1);
  again.body.mutable_rerun_of()->set_index(1);
  book.apply(again);
  EXPECT_EQ(held(book), std::vector<std::uint64_t>{1});
  book.apply(published(1, 1));
  EXPECT_TRUE(held(book).empty());
  const auto row = book.state().record(book.read(), token_of('r'));
  EXPECT_EQ(row->index, 3U);
  EXPECT_EQ(row->since, 1U) << "as new as when it came first";
}

TEST(Quarantine, OvertakenLeaves) {
  Book book;
  book.apply(quarantined(1));
  Book::Line over = line(EntryKind::failed, 1);
  over.entry.result = "CLIENT_STATE_CONFLICT";
  over.body.mutable_rerun_of()->set_index(1);
  book.apply(over);
  EXPECT_TRUE(held(book).empty());
}

TEST(Quarantine, TheSameCommandStandsThereOnceAndLeavesWhenItSucceeds) {
  Book book;
  book.apply(quarantined(1, token_of('k')));
  book.apply(quarantined(2, token_of('k')));
  EXPECT_EQ(held(book), std::vector<std::uint64_t>{2});
  Book::Line done = published(3, 0);
  done.body.set_idempotency(token_of('k'));
  done.body.set_request_digest(token_of('d'));
  book.apply(done);
  EXPECT_TRUE(held(book).empty());
}

}  // namespace
}  // namespace chuanyu::exchange
