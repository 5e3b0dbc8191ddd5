// Shards: a log that is closed and goes on in the next, and one that goes on after a restored backup.
#include <latch>

#include "gateway/journal/recovery.h"
#include "gateway/ledger/shard.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

namespace fs = std::filesystem;

class ShardTest : public JournalTest {
 protected:
  std::string shard_folder() const {
    for (const auto& item : fs::directory_iterator(folder_ + "/data/shards")) return item.path().string();
    return {};
  }
  ledger::Entry entry(std::uint64_t index) const { return journal_->read(index)->entry; }
  // Three entries and the last one.
  void fill_and_close() {
    ASSERT_TRUE(open().ok());
    for (const char* body : {"a", "b", "c"}) append(body);
    ASSERT_TRUE(journal_->close_shard("operator").status.ok());
  }
};

TEST_F(ShardTest, TheNextBeginsWithTheLastNoteAndCountsOn) {
  fill_and_close();
  EXPECT_TRUE(journal_->closed());
  EXPECT_EQ(journal_->append(draft_of(ledger::EntryKind::published, "d")).status.error().code,
            Code::LOCAL_SHARD_CLOSED);
  journal_->stop();  // signs
  const std::string last = journal_->checkpoint();
  ASSERT_TRUE(open().ok());
  EXPECT_FALSE(journal_->closed());
  EXPECT_EQ(journal_->base(), 4U);
  EXPECT_EQ(journal_->size(), 5U);
  EXPECT_EQ(entry(3).kind, ledger::EntryKind::shard_close);
  EXPECT_EQ(entry(4).kind, ledger::EntryKind::shard_open);
  const auto opening = ledger::parse_shard_opening(entry(4).content);
  ASSERT_TRUE(opening.ok());
  EXPECT_EQ(opening->previous, "chuanyu/test/1");
  EXPECT_EQ(opening->base, 4U);
  EXPECT_EQ(opening->note, last);
  EXPECT_EQ(append("d"), 5U);
  EXPECT_EQ(journal_->read(0)->body, "a");
  EXPECT_EQ(journal_->read(5)->body, "d");
  EXPECT_TRUE(ledger::covers("chuanyu/test/1", journal_->origin()));
  EXPECT_NE(journal_->origin(), "chuanyu/test/1");
}

TEST_F(ShardTest, ReceiptsComeFromEitherShard) {
  fill_and_close();
  ASSERT_TRUE(open().ok());
  const std::uint64_t index = append("d");
  journal_->stop();
  ASSERT_TRUE(open().ok());
  for (const auto& [number, place, origin] :
       {std::tuple{std::uint64_t{1}, std::uint64_t{1}, std::string("chuanyu/test/1")},
        std::tuple{index, std::uint64_t{1}, journal_->origin()}}) {
    const auto proven = journal_->prove(number);
    ASSERT_TRUE(proven.ok()) << proven.error().to_text();
    EXPECT_EQ(proven->index, place);
    EXPECT_TRUE(ledger::open_receipt(*proven, {origin, key_->verify_key()}).ok());
  }
}

TEST_F(ShardTest, TheStateIsOfAllShards) {
  fill_and_close();
  ASSERT_TRUE(open().ok());
  append("d");
  ASSERT_TRUE(open().ok());  // taken up
  append("e");
  EXPECT_EQ(projection_.count(journal_->state().value(), ledger::EntryKind::published), 5U);
  journal_.reset();
  fs::remove_all(folder_ + "/data/state");
  ASSERT_TRUE(open().ok());  // made anew
  EXPECT_EQ(projection_.count(journal_->state().value(), ledger::EntryKind::published), 5U);
}

TEST_F(ShardTest, AClosedShardOfAnySizeIsRead) {
  ASSERT_TRUE(open().ok());
  append_many(3000, [](std::size_t i) { return Bytes(1000, static_cast<char>('a' + i % 26)); });
  ASSERT_TRUE(journal_->close_shard("operator").status.ok());
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(open().ok());
    EXPECT_EQ(journal_->base(), 3001U);
    EXPECT_EQ(journal_->read(2999)->body, Bytes(1000, static_cast<char>('a' + 2999 % 26)));
  }
}

TEST_F(ShardTest, ItWaitsUntilTheLastCheckpointIsEnough) {
  fill_and_close();
  Options waiting = options();
  waiting.closes_with = [](const std::string&) { return false; };
  ASSERT_TRUE(open(std::move(waiting)).ok());
  EXPECT_TRUE(journal_->closed());
  EXPECT_FALSE(journal_->complete().value());
  EXPECT_EQ(journal_->append(draft_of(ledger::EntryKind::published, "d")).status.error().code,
            Code::LOCAL_SHARD_CLOSED);
  EXPECT_FALSE(fs::exists(folder_ + "/data/shards"));
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(append("d"), 5U);
}

TEST_F(ShardTest, WhatWasQueuedBehindTheLastEntryIsRefused) {
  ASSERT_TRUE(open().ok());
  append("a");
  Draft last = draft_of(ledger::EntryKind::shard_close, {});
  std::vector<Command> commands;
  std::vector<Status> told;
  std::latch all(2);
  const auto tell = [&](const Outcome& outcome) {
    told.push_back(outcome.status);
    all.count_down();
  };
  commands.push_back({journal_->prepare(std::move(last)), {}, tell});
  commands.push_back({journal_->prepare(draft_of(ledger::EntryKind::published, "late")), {}, tell});
  journal_->submit(std::move(commands));
  all.wait();
  EXPECT_TRUE(told[0].ok());
  EXPECT_EQ(told[1].error().code, Code::LOCAL_SHARD_CLOSED);
  EXPECT_EQ(journal_->size(), 2U);
}

TEST_F(ShardTest, AMissingShardIsNamed) {
  fill_and_close();
  ASSERT_TRUE(open().ok());
  const std::string second = journal_->origin();
  append("d");
  ASSERT_TRUE(journal_->close_shard("operator").status.ok());
  const std::string folder = shard_folder();
  ASSERT_TRUE(open().ok());
  journal_.reset();
  fs::rename(folder, folder_ + "/elsewhere");
  const Status opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::LOCAL_CORRUPT);
  EXPECT_NE(opened.error().detail.find(second), std::string::npos) << opened.error().detail;
}

TEST_F(ShardTest, AKeyThatHasGoneStillStandsBehindItsShard) {
  fill_and_close();
  ASSERT_TRUE(open().ok());
  append("d");
  const auto old = key_;
  key_ = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  Options both = options();
  both.old_log_key = old;
  ASSERT_TRUE(open(std::move(both)).ok());
  append("e");
  ASSERT_TRUE(open().ok());  // the new key alone
  EXPECT_EQ(append("f"), 7U);
  EXPECT_EQ(journal_->read(0)->body, "a");
}

TEST_F(ShardTest, WhatIsHalfMadeWasNever) {
  fill_and_close();
  journal_.reset();
  fs::create_directories(folder_ + "/data/shards/.opening");
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(append("d"), 5U);
  EXPECT_FALSE(fs::exists(folder_ + "/data/shards/.opening"));
}

TEST_F(ShardTest, ARecoverySaysWhatWasHere) {
  ASSERT_TRUE(open().ok());
  for (const char* body : {"a", "b"}) append(body);
  journal_.reset();
  Options with = options();
  const SystemClock clock;
  with.clock = &clock;
  with.who = "operator";
  const auto origin = open_recovered(with, {"局长", "磁盘损坏", 0, {}, {{"peer", 9}}, {}});
  ASSERT_TRUE(origin.ok()) << origin.error().to_text();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->origin(), *origin);
  EXPECT_EQ(entry(2).kind, ledger::EntryKind::shard_open);
  EXPECT_EQ(entry(3).kind, ledger::EntryKind::recovery);
  const auto recovery = ledger::parse_recovery(entry(3).content);
  ASSERT_TRUE(recovery.ok());
  EXPECT_EQ(recovery->approver, "局长");
  EXPECT_EQ(recovery->reason, "磁盘损坏");
  EXPECT_EQ(recovery->size, 2U);
  ASSERT_EQ(recovery->seen.size(), 1U);
  EXPECT_EQ(recovery->seen[0].size, 9U);
  EXPECT_EQ(append("c"), 4U);
}

TEST(ShardNameTest, IsLaterThanTheLastWhateverTheClockSays) {
  const TimeUs opened = *parse_rfc3339("2026-11-22T11:49:29Z");
  EXPECT_EQ(ledger::shard_name(opened), "20261122t114929z");
  EXPECT_EQ(ledger::shard_name(opened, "20261231t235959z"), "20270101t000000z");
  EXPECT_TRUE(ledger::is_shard_name("20261122t114929z"));
  for (const char* wrong : {"", ".opening", "20261322t114929z", "20261122t114960z", "20261122T114929z"}) {
    EXPECT_FALSE(ledger::is_shard_name(wrong)) << wrong;
  }
}

TEST(ShardNameTest, ALogCoversItsShardsAndNobodyElse) {
  EXPECT_TRUE(ledger::covers("o", "o"));
  EXPECT_TRUE(ledger::covers("o", "o/20261122t114929z"));
  EXPECT_TRUE(ledger::covers("o/", "o/x"));
  EXPECT_FALSE(ledger::covers("o", "other"));
  EXPECT_FALSE(ledger::covers("o/", "o"));
  EXPECT_FALSE(ledger::covers("", "o"));
}

TEST(ShardNameTest, AQuarterIsOfTheCalendarInChina) {
  const auto at = [](const char* text) { return ledger::quarter_in_china(*parse_rfc3339(text)); };
  EXPECT_EQ(at("2026-12-31T23:59:59+08:00") + 1, at("2026-12-31T16:00:00Z"));
  EXPECT_EQ(at("2026-10-01T00:00:00+08:00"), at("2026-12-31T00:00:00+08:00"));
}

}  // namespace
}  // namespace chuanyu::journal
