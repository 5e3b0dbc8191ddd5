// What each kind of entry makes of the state.
#include "gateway/exchange/projection.h"

#include <future>

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

const Bytes kStream(16, 'L');

Book::Line publish(int exchange, char token, std::string_view terms) {
  Book::Line made = line(EntryKind::published, exchange);
  made.body.mutable_index()->set_token(token_of(token));
  made.body.mutable_index()->set_digest(Bytes(kTokenBytes, static_cast<char>(exchange)));
  for (const char term : terms) made.body.mutable_index()->add_terms(token_of(term));
  return made;
}

Book::Line remote(EntryKind kind, int exchange, std::uint64_t stream = 0) {
  Book::Line made = line(kind, exchange);
  made.entry.peer = "cq";
  made.entry.stream = stream;
  if (stream != 0) made.entry.peer_log = *Uuid::from_bytes(kStream);
  return made;
}

ExchangeStatus status(const Book& book, int exchange) {
  return book.state().exchange(book.read(), id_of(exchange))->status;
}
std::size_t inbox(const Book& book, const std::string& uscc) {
  return book.state().inbox(book.read(), uscc, 0, 10).size();
}
std::size_t outbox(const Book& book) { return book.state().outbox(book.read(), "cq", 0, 10).size(); }

TEST(Projection, AReplacedRecordIsFoundByItsNewTermsOnly) {
  Book book;
  book.apply(publish(1, 'r', "ab"));
  book.apply(publish(2, 's', "b"));
  book.apply(publish(3, 'r', "bc"));
  const auto txn = book.read();
  EXPECT_TRUE(book.state().records_of(txn, token_of('a'), 10).empty());
  EXPECT_EQ(book.state().records_of(txn, token_of('b'), 10), (std::vector<Bytes>{token_of('r'), token_of('s')}));
  EXPECT_EQ(book.state().records_of(txn, token_of('b'), 1).size(), 1U);
  EXPECT_EQ(book.state().records_of(txn, token_of('c'), 10), std::vector<Bytes>{token_of('r')});
  EXPECT_EQ(book.state().record(txn, token_of('r'))->index, 3U);
  EXPECT_EQ(book.state().record(txn, token_of('x')), std::nullopt);
}

TEST(Projection, AKeyIsRememberedWithItsRequest) {
  Book book;
  Book::Line made = publish(1, 'r', "a");
  made.body.set_idempotency(token_of('k'));
  made.body.set_request_digest(token_of('d'));
  book.apply(made);
  const auto known = book.state().idem(book.read(), token_of('k'));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->exchange, id_of(1));
  EXPECT_EQ(known->request_digest, token_of('d'));
  EXPECT_FALSE(book.state().idem(book.read(), token_of('x')));
}

TEST(Projection, ALocalPushIsDeliveredAtOnceAndTakenOnce) {
  Book book;
  book.apply(line(EntryKind::accepted, 1));
  EXPECT_EQ(status(book, 1), ExchangeStatus::delivered);
  EXPECT_EQ(inbox(book, kTongnan), 1U);
  EXPECT_EQ(outbox(book), 0U);
  Book::Line taken = line(EntryKind::acknowledged, 1);
  taken.entry.from = kTongnan;
  taken.entry.to = kSuining;
  book.apply(taken);
  EXPECT_EQ(status(book, 1), ExchangeStatus::acknowledged);
  EXPECT_EQ(inbox(book, kTongnan), 0U);
}

TEST(Projection, ARemotePushGoesThroughTheOutbox) {
  Book book;
  book.apply(remote(EntryKind::accepted, 1));
  book.apply(remote(EntryKind::accepted, 2));
  const auto rows = book.state().outbox(book.read(), "cq", 0, 10);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].position, 1U);
  EXPECT_EQ(rows[1].position, 2U);
  book.apply(remote(EntryKind::refused, 1, 1));
  book.apply(remote(EntryKind::delivered, 2, 2));
  EXPECT_EQ(outbox(book), 0U);
  EXPECT_EQ(status(book, 1), ExchangeStatus::refused);
  EXPECT_EQ(status(book, 2), ExchangeStatus::delivered);
  book.apply(remote(EntryKind::accepted, 3));  // positions are never used again
  EXPECT_EQ(book.state().outbox(book.read(), "cq", 0, 10).front().position, 3U);
  book.apply(remote(EntryKind::acknowledged, 2, 1));  // by the other side
  EXPECT_EQ(status(book, 2), ExchangeStatus::acknowledged);
}

TEST(Projection, AnEnvelopeIsRememberedWhateverBecameOfIt) {
  Book book;
  book.apply(remote(EntryKind::received, 1, 1));
  book.apply(remote(EntryKind::denied, 2, 2));
  book.apply(remote(EntryKind::failed, 3, 3));
  for (std::uint64_t position = 1; position <= 3; ++position)
    EXPECT_EQ(book.state().inbound(book.read(), "cq", kStream, position), position);
  EXPECT_FALSE(book.state().inbound(book.read(), "cq", kStream, 4));
  EXPECT_FALSE(book.state().inbound(book.read(), "cq", Bytes(16, 'M'), 1));  // another log of the peer
  EXPECT_EQ(inbox(book, kTongnan), 1U);
  EXPECT_FALSE(book.state().exchange(book.read(), id_of(2)));  // a refusal opens nothing
}

TEST(Projection, AnAnswerThatCameInTimeIsNotPutIntoTheInbox) {
  Book book;
  book.apply(remote(EntryKind::queried, 1));
  EXPECT_EQ(status(book, 1), ExchangeStatus::waiting);
  book.apply(remote(EntryKind::delivered, 1, 1));
  EXPECT_EQ(status(book, 1), ExchangeStatus::waiting);  // the receipt is not the answer
  book.apply(remote(EntryKind::received, 1, 1));
  EXPECT_EQ(status(book, 1), ExchangeStatus::answered);
  EXPECT_EQ(inbox(book, kSuining), 0U);
}

TEST(Projection, WhoWasToldLaterFindsItInTheInbox) {
  for (const EntryKind end : {EntryKind::received, EntryKind::refused, EntryKind::expired, EntryKind::failed}) {
    Book book;
    book.apply(remote(EntryKind::queried, 1));
    book.apply(remote(EntryKind::deferred, 1));
    EXPECT_EQ(inbox(book, kSuining), 0U);
    book.apply(remote(end, 1, 1));
    EXPECT_EQ(inbox(book, kSuining), 1U) << static_cast<int>(end);
    EXPECT_NE(status(book, 1), ExchangeStatus::waiting);
  }
}

TEST(Projection, ChangesWakeThoseWhoWait) {
  Book book;
  std::promise<void> woken;
  book.waiters().wait(Waiters::inbox_topic(kTongnan), Waiters::Clock::now() + std::chrono::hours(1),
                      [&](Wake wake) { wake == Wake::changed ? woken.set_value() : void(); });
  book.apply(line(EntryKind::accepted, 1));
  EXPECT_EQ(woken.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(Projection, AnImportListsItsFirstAndLastEntry) {
  Book book;
  for (int row = 1; row <= 5; ++row) {
    Book::Line made = publish(7, static_cast<char>('a' + row), "t");
    made.body.set_row(static_cast<std::uint64_t>(row));
    book.apply(made);
  }
  const auto row = book.state().exchange(book.read(), id_of(7));
  EXPECT_EQ(row->verb, Verb::import);
  EXPECT_EQ(row->entries, (std::vector<std::uint64_t>{1, 5}));
}

TEST(Projection, WhatIsInForceIsRemembered) {
  Book book;
  Book::Line opened = line(EntryKind::shard_open, 9);
  book.apply(opened);
  Book::Line policy = line(EntryKind::policy, 10);
  policy.entry.policy.fill(7);
  book.apply(policy);
  EXPECT_EQ(book.state().meta_value(book.read(), "log"), id_of(9).bytes());
  EXPECT_EQ(book.state().meta_value(book.read(), "policy"), Bytes(32, 7));
  EXPECT_EQ(book.state().meta_value(book.read(), "directory"), "");
}

TEST(Projection, ANewShardForgetsWhatIsInForceAndKeepsTheLogsId) {
  Book book;
  book.apply(line(EntryKind::shard_open, 9));
  Book::Line policy = line(EntryKind::policy, 10);
  policy.entry.policy.fill(7);
  book.apply(policy);
  Book::Line mapping = line(EntryKind::mapping, 11);
  mapping.entry.mapping_in = {"sc.case.v1", "1.0.0", 5};
  book.apply(mapping);
  Book::Line next = line(EntryKind::shard_open, 9);
  next.entry.content = "previous o\nbase 3\n\n";
  book.apply(next);
  EXPECT_EQ(book.state().meta_value(book.read(), "policy"), "");
  EXPECT_EQ(book.state().log_id(book.read(), 5), id_of(9).bytes());
  book.apply(mapping);  // recorded again: the same version
  const auto versions = book.state().mappings(book.read()).at("sc.case.v1");
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_EQ(versions[0].index, 5U);
}

TEST(Projection, WhatWasSentBeforeARecoveryCountsInTheOldLog) {
  Book book;
  book.apply(line(EntryKind::shard_open, 9));
  book.apply(remote(EntryKind::accepted, 1));
  Book::Line next = line(EntryKind::shard_open, 20);
  next.entry.content = "previous o\nbase 2\n\n";
  book.apply(next);
  book.apply(remote(EntryKind::accepted, 2));
  const auto txn = book.read();
  const auto rows = book.state().outbox(txn, "cq", 0, 10);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].position, 2U);  // counted on
  EXPECT_EQ(book.state().log_id(txn, rows[0].index), id_of(9).bytes());
  EXPECT_EQ(book.state().log_id(txn, rows[1].index), id_of(20).bytes());
}

}  // namespace
}  // namespace chuanyu::exchange
