// Logs in several shards: whether they follow from one another, and reading over all of them.
#include <filesystem>

#include "gateway/audit/export.h"
#include "gateway/audit/pairing.h"
#include "gateway/audit/sharded_log.h"
#include "gateway/audit/verify.h"
#include "gateway/ledger/shard.h"
#include "gateway/ledger/succession.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

namespace fs = std::filesystem;
using ledger::EntryKind;

constexpr const char* kSecond = "20261122t114929z";
constexpr const char* kThird = "20270101t000000z";

// A log that is written shard by shard, right or wrong as the test wants it.
class ShardsTest : public testing::Test {
 protected:
  // A shard of two entries and a SHARD_CLOSE.
  RawLog shard(const std::string& name) {
    RawLog log("sc");
    log.key = key_;
    log.origin = ledger::shard_origin("chuanyu/sc/1", name);
    log.add(entry_of(EntryKind::published));
    log.add(entry_of(EntryKind::published));
    log.add(entry_of(EntryKind::shard_close));
    return log;
  }
  static std::string note_of(const RawLog& log) {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < log.entries.size(); ++i) tree.append(log.leaf(i));
    return ledger::sign_checkpoint({log.origin, log.entries.size(), tree.root(), {}}, log.key);
  }
  static ledger::Recovery recovery_of(const RawLog& log) {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < log.entries.size(); ++i) tree.append(log.leaf(i));
    return {"局长", "磁盘损坏", log.entries.size(), tree.root(), {{"peer", 9}}, {}};
  }
  static ledger::ShardOpening opening_after(const RawLog& log, std::uint64_t base) {
    return {log.origin, base, note_of(log)};
  }
  static void open_with(RawLog& log, const ledger::ShardOpening& opening,
                        const std::optional<ledger::Recovery>& recovery = {}) {
    ledger::Entry first = entry_of(EntryKind::shard_open, log.id);
    first.gateway = "sc";
    first.time = 1'795'302'633'000'000;
    first.content = to_text(opening);
    log.entries[0] = ledger::encode(first);
    if (!recovery) return;
    ledger::Entry second = entry_of(EntryKind::recovery);
    second.gateway = "sc";
    second.time = first.time;
    second.content = to_text(*recovery);
    log.entries.insert(log.entries.begin() + 1, ledger::encode(second));
  }
  // As the journal lays them out.
  void write(const RawLog& log, const std::string& name) {
    const std::string place = folder_ / "one";
    log.write(place);
    fs::create_directories(folder_ / "data/shards");
    fs::rename(place + "/log", folder_ / (name.empty() ? "data/log" : "data/shards/" + name));
  }
  // Three shards that follow from one another; what `change` makes of the opening of the second.
  void write_three(const std::function<void(ledger::ShardOpening&)>& change = {}) {
    const RawLog first = shard({});
    RawLog second = shard(kSecond);
    ledger::ShardOpening opening = opening_after(first, 4);
    if (change) change(opening);
    open_with(second, opening);
    RawLog third = shard(kThird);
    open_with(third, opening_after(second, 8));
    third.entries.pop_back();  // still open
    write(first, {});
    write(second, kSecond);
    write(third, kThird);
  }
  std::vector<LogReport> verify_all() const {
    const auto log = LogReader::open(folder_ / "data").value();
    return verify_shards(*log, key_.verify_key(), {});
  }
  // "CODE: detail" of every finding.
  std::vector<std::string> findings() const {
    std::vector<std::string> all;
    for (const LogReport& report : verify_all()) {
      for (const Error& found : report.findings.listed) all.push_back(found.to_text());
    }
    return all;
  }
  void expect_one(Code code, const std::string& words) const {
    const auto found = findings();
    ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
    EXPECT_NE(found[0].find(to_string(code)), std::string::npos) << found[0];
    EXPECT_NE(found[0].find(words), std::string::npos) << found[0];
  }

  crypto::SigningKey key_ = crypto::SigningKey::generate();
  TempFolder folder_;
};

TEST_F(ShardsTest, FollowFromOneAnother) {
  write_three();
  EXPECT_TRUE(findings().empty()) << testing::PrintToString(findings());
  const auto reports = verify_all();
  EXPECT_EQ(reports[1].base, 4U);
  EXPECT_EQ(reports[2].base, 8U);
  EXPECT_FALSE(reports[2].ends_closed);
}

TEST_F(ShardsTest, AreReadAsOne) {
  write_three();
  const auto log = LogReader::open(folder_ / "data").value();
  EXPECT_EQ(log->origin(), "chuanyu/sc/1");
  EXPECT_EQ(log->size(), 11U);
  std::vector<std::uint64_t> indices;
  ASSERT_TRUE(log->for_each_hashed(3, 9,
                                   [&](std::uint64_t index, BytesView) -> Status {
                                     indices.push_back(index);
                                     return {};
                                   })
                  .ok());
  EXPECT_EQ(indices, (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(ledger::decode(log->entry(4).value())->kind, EntryKind::shard_open);
  EXPECT_FALSE(log->entry(11).ok());
}

TEST_F(ShardsTest, AMissingOneIsNamed) {
  write_three();
  fs::remove_all(folder_ / (std::string("data/shards/") + kSecond));
  expect_one(Code::LOG_INCOMPLETE, std::string("缺少前一分卷 chuanyu/sc/1/") + kSecond);
  const auto log = LogReader::open(folder_ / "data").value();
  EXPECT_EQ(log->for_each(0, log->size(), [](std::uint64_t, BytesView) -> Status { return {}; }).error().code,
            Code::LOG_INCOMPLETE);
}

TEST_F(ShardsTest, TheFirstIsMissedToo) {
  write_three();
  fs::remove_all(folder_ / "data/log");
  expect_one(Code::LOG_INCOMPLETE, "缺少前一分卷 chuanyu/sc/1");
}

TEST_F(ShardsTest, AnotherNoteThanTheLastIsTampering) {
  write_three([this](ledger::ShardOpening& opening) {
    opening.note = ledger::sign_checkpoint({opening.previous, 4, crypto::Digest{}, {}}, key_);
  });
  expect_one(Code::LOG_TAMPERED, "所引的检查点与前一分卷不符");
}

TEST_F(ShardsTest, ANoteThatTheLogDidNotSignIsNamed) {
  write_three([](ledger::ShardOpening& opening) {
    const auto text = opening.note.substr(0, opening.note.find("\n\n") + 1);
    const auto checkpoint = ledger::parse_checkpoint(text).value();
    opening.note = ledger::sign_checkpoint(checkpoint, crypto::SigningKey::generate());
  });
  expect_one(Code::LOG_SIGNATURE, "所引的检查点没有所给公钥的有效签名");
}

TEST_F(ShardsTest, AWrongBaseIsTampering) {
  write_three([](ledger::ShardOpening& opening) { opening.base = 3; });
  const auto found = findings();
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].find("所记的起始序号 3 与此前各卷共 4 条不符"), std::string::npos) << found[0];
}

TEST_F(ShardsTest, WhatWasCutOffTheEndOfAClosedOneIsMissed) {
  write_three();
  RawLog first = shard({});
  first.entries.pop_back();
  fs::remove_all(folder_ / "data/log");
  write(first, {});
  const std::string all = testing::PrintToString(findings());  // the base does not fit either
  EXPECT_NE(all.find("末尾被截去"), std::string::npos) << all;
}

TEST_F(ShardsTest, NothingMayFollowTheLastEntry) {
  RawLog first = shard({});
  first.add(entry_of(EntryKind::published));
  RawLog second = shard(kSecond);
  open_with(second, opening_after(first, 5));
  write(first, {});
  write(second, kSecond);
  const auto found = findings();
  ASSERT_EQ(found.size(), 2U) << testing::PrintToString(found);
  EXPECT_NE(found[0].find("之后还有条目"), std::string::npos) << found[0];
  EXPECT_NE(found[1].find("没有封存"), std::string::npos) << found[1];
}

TEST_F(ShardsTest, ARecoveryIsToldAndIsNoTampering) {
  RawLog first = shard({});
  first.entries.pop_back();  // not closed
  RawLog second = shard(kSecond);
  open_with(second, opening_after(first, 3), recovery_of(first));
  write(first, {});
  write(second, kSecond);
  expect_one(Code::LOG_RECOVERED, "批准人 局长，原因 磁盘损坏");
  EXPECT_EQ(verify_all()[1].recovery->seen[0].size, 9U);
}

TEST_F(ShardsTest, ARecoveryThatSaysSomethingElseThanWasThereIsTampering) {
  RawLog first = shard({});
  first.entries.pop_back();
  RawLog second = shard(kSecond);
  ledger::Recovery recovery = recovery_of(first);
  recovery.root[0] ^= 1;
  open_with(second, opening_after(first, 3), recovery);
  write(first, {});
  write(second, kSecond);
  const auto found = findings();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].find("LOG_TAMPERED"), std::string::npos) << found[0];
}

TEST_F(ShardsTest, AnExportHasThemAll) {
  write_three();
  const auto log = LogReader::open(folder_ / "data").value();
  const auto done = export_shards(*log, folder_ / "copy", {});
  ASSERT_TRUE(done.ok()) << done.error().to_text();
  EXPECT_EQ(done->size, 11U);
  EXPECT_EQ(export_shards(*log, folder_ / "copy", {})->files, 0U);
  const auto copy = LogReader::open(folder_ / "copy").value();
  EXPECT_EQ(copy->parts().size(), 3U);
  EXPECT_EQ(copy->origin(), log->origin());
  EXPECT_EQ(copy->root(), log->root());
  EXPECT_EQ(copy->entry(9).value(), log->entry(9).value());
}

TEST_F(ShardsTest, AnExportTakesNoOtherHistory) {
  write_three();
  const std::string data = folder_ / "data";
  ASSERT_TRUE(export_shards(*LogReader::open(data).value(), folder_ / "copy", {}).ok());
  const auto names = ShardedLog::names_in(data);
  std::filesystem::remove_all(data + "/shards/" + names.back());
  const auto refused = export_shards(*LogReader::open(data).value(), folder_ / "copy", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::LOG_INCOMPLETE);
  EXPECT_NE(refused.error().detail.find(names.back()), std::string::npos);
}

TEST_F(ShardsTest, PlacesAreCountedThroughAll) {
  write_three();
  const std::string second = folder_ / (std::string("data/shards/") + kSecond);
  fs::create_directories(folder_ / "moved");
  fs::rename(second, folder_ / "moved/log");
  RawLog::change(folder_ / "moved", [](storage::Environment& env, storage::WriteTxn& txn) {
    Bytes entry(*txn.get(env.table("entry"), layout::number_key(2)));
    entry.back() ^= 1;
    txn.put(env.table("entry"), layout::number_key(2), entry);
  });
  fs::rename(folder_ / "moved/log", second);
  const std::string all = testing::PrintToString(findings());
  EXPECT_NE(all.find("第 6 条被改动"), std::string::npos) << all;
  EXPECT_NE(all.find("log#6"), std::string::npos) << all;
}

// Given by itself a later shard says what it is not.
TEST_F(ShardsTest, OneAloneIsNotTheLog) {
  write_three();
  const auto log = LogReader::open(folder_ / "data").value();
  ASSERT_TRUE(export_shards(*log, folder_ / "copy", {}).ok());
  const auto alone = LogReader::open(folder_ / (std::string("copy/shards/") + kThird)).value();
  const auto reports = verify_shards(*alone, key_.verify_key(), {});
  ASSERT_EQ(reports.size(), 1U);
  ASSERT_EQ(reports[0].findings.listed.size(), 1U) << reports[0].findings.listed[0].to_text();
  EXPECT_EQ(reports[0].findings.listed[0].code, Code::LOG_INCOMPLETE);
  EXPECT_NE(reports[0].findings.listed[0].detail.find(std::string("缺少前一分卷 chuanyu/sc/1/") + kSecond),
            std::string::npos);
}

TEST_F(ShardsTest, OneThatCannotBeOpenedDoesNotHideTheOthers) {
  write_three();
  const std::string copy = folder_ / "copy";
  ASSERT_TRUE(export_shards(*LogReader::open(folder_ / "data").value(), copy, {}).ok());
  fs::remove(copy + "/shards/" + kSecond + "/checkpoint");
  EXPECT_FALSE(LogReader::open(copy).ok());
  std::vector<Error> left_out;
  const auto log = LogReader::open(copy, &left_out).value();
  ASSERT_EQ(left_out.size(), 1U);
  EXPECT_NE(left_out[0].where.find(kSecond), std::string::npos) << left_out[0].to_text();
  const auto reports = verify_shards(*log, key_.verify_key(), {});
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_TRUE(reports[0].findings.empty());
  EXPECT_EQ(reports[1].findings.counts.count(Code::LOG_INCOMPLETE), 1U);
}

// The key was changed in the last shard; who verifies has the newest only.
class ShardsByTwoKeysTest : public ShardsTest {
 protected:
  void write_rotated(const crypto::SigningKey& named_as_old) {
    const RawLog first = with_key(shard({}), "log " + ledger::to_vkey("chuanyu/sc/1", key_.verify_key()));
    RawLog second = shard(kSecond);
    open_with(second, opening_after(first, 5));
    second.entries.pop_back();
    second = with_key(second, "log " + ledger::to_vkey("chuanyu/sc/1", newest_.verify_key()) + "\n" +
                                  ledger::succession_line("chuanyu/sc/1", named_as_old, newest_.verify_key()));
    second.key = newest_;
    write(first, {});
    write(second, kSecond);
  }
  std::vector<LogReport> verify_with(const crypto::SigningKey& key) const {
    return verify_shards(*LogReader::open(folder_ / "data").value(), key.verify_key(), {});
  }
  static RawLog with_key(RawLog log, const std::string& content) {
    ledger::Entry entry = entry_of(EntryKind::key);
    entry.gateway = "sc";
    entry.time = 1'795'302'633'000'001;
    entry.content = content + "\n";
    log.entries.insert(log.entries.begin() + 1, ledger::encode(entry));
    return log;
  }
  crypto::SigningKey newest_ = crypto::SigningKey::generate();
};

TEST_F(ShardsByTwoKeysTest, TheNewestVouchesForWhatItQuotes) {
  write_rotated(key_);
  const auto reports = verify_with(newest_);
  for (const auto& report : reports) {
    for (const Error& found : report.findings.listed) ADD_FAILURE() << found.to_text();
  }
  EXPECT_TRUE(reports[0].by_earlier_keys);
  EXPECT_EQ(reports[0].unjudged_checkpoints, 1U);
  EXPECT_EQ(reports[0].signed_size, 0U);
  EXPECT_GT(reports[1].signed_size, 0U);
}

TEST_F(ShardsByTwoKeysTest, AKeyThatNoShardLeadsFromIsTheWrongOne) {
  write_rotated(crypto::SigningKey::generate());
  const auto reports = verify_with(newest_);
  EXPECT_FALSE(reports[0].by_earlier_keys);
  EXPECT_EQ(reports[0].unjudged_checkpoints, 0U);
  EXPECT_EQ(reports[0].findings.counts.count(Code::LOG_SIGNATURE), 1U);
}

TEST_F(ShardsByTwoKeysTest, BeforeAGapNothingIsVouchedFor) {
  write_rotated(key_);
  const RawLog elsewhere = shard(kSecond);  // what the newest shard follows is not here
  RawLog third = shard(kThird);
  open_with(third, opening_after(elsewhere, 9));
  third = with_key(third, "log " + ledger::to_vkey("chuanyu/sc/1", newest_.verify_key()) + "\n" +
                              ledger::succession_line("chuanyu/sc/1", key_, newest_.verify_key()));
  third.key = newest_;
  fs::remove_all(folder_ / (std::string("data/shards/") + kSecond));
  write(third, kThird);
  const auto reports = verify_with(newest_);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_FALSE(reports[0].by_earlier_keys);
  EXPECT_EQ(reports[0].findings.counts.count(Code::LOG_SIGNATURE), 1U);
  EXPECT_EQ(reports[1].findings.counts.count(Code::LOG_INCOMPLETE), 1U);
}

TEST_F(ShardsByTwoKeysTest, WhatTheOldKeySignedMustBeWhatIsQuoted) {
  write_rotated(key_);
  fs::remove_all(folder_ / "data/log");
  RawLog other = shard({});
  other.entries[2] = ledger::encode(entry_of(EntryKind::expired));
  write(with_key(other, "log " + ledger::to_vkey("chuanyu/sc/1", key_.verify_key())), {});
  const auto reports = verify_with(newest_);
  EXPECT_EQ(reports[1].findings.counts.count(Code::LOG_TAMPERED), 1U);
}

}  // namespace
}  // namespace chuanyu::audit
