// The table of forgeries: each has a verdict of its own, by code and by what the auditor says.
#include <algorithm>
#include <fstream>
#include <functional>
#include <map>

#include "gateway/audit/verify.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

constexpr std::uint64_t kSize = 700;

class TamperingTest : public testing::Test {
 protected:
  TamperingTest() {
    for (std::uint64_t i = 1; i < kSize; ++i) log_.add(entry_of(EntryKind::published));
  }
  // The gravest finding in words, without numbers.
  std::string verdict(const crypto::VerifyKey& key) const {
    const auto log = LogReader::open(folder_);
    std::string text;
    if (!log.ok()) {
      text = log.error().to_text();
    } else {
      const LogReport report = verify(**log, key, {});
      for (const Error& found : report.findings.listed) text += found.to_text() + "\n";
    }
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
  }
  void checkpoint_of(const RawLog& said) const {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < said.entries.size(); ++i) tree.append(said.leaf(i));
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      txn.put(env.table("checkpoint"), layout::number_key(tree.size()),
              ledger::sign_checkpoint({said.origin, tree.size(), tree.root(), {}}, log_.key));
    });
  }
  // The rows of `entry` from `first` on, and nothing else.
  void put_entries(const std::vector<Bytes>& entries, std::uint64_t first) const {
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      for (std::uint64_t i = first; i < std::max<std::uint64_t>(kSize, entries.size()); ++i) {
        if (i < entries.size()) txn.put(env.table("entry"), layout::number_key(i), entries[i]);
        if (i >= entries.size()) txn.erase(env.table("entry"), layout::number_key(i));
      }
    });
  }
  static Bytes other_entry() { return ledger::encode(entry_of(EntryKind::denied)); }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
};

TEST_F(TamperingTest, EachHasItsOwnVerdict) {
  struct Forgery {
    const char* name;
    const char* said;  // a part of the verdict
    std::function<void()> make;
  };
  const auto at = [](std::uint64_t n) { return layout::number_key(n); };
  const std::vector<Forgery> table{
      {"deleted", "LOG_INCOMPLETE: 日志不完整：缺少第",
       [&] { RawLog::change(folder_, [&](auto& env, auto& txn) { txn.erase(env.table("entry"), at(50)); }); }},
      {"deleted, the rest moved up", "被删去，其后各条前移",
       [&] {
         auto entries = log_.entries;
         entries.erase(entries.begin() + 50);
         put_entries(entries, 50);
       }},
      {"inserted", "是插入的，其后各条后移",
       [&] {
         auto entries = log_.entries;
         entries.insert(entries.begin() + 50, other_entry());
         put_entries(entries, 50);
       }},
      {"reordered", "互换了位置",
       [&] {
         auto entries = log_.entries;
         std::swap(entries[50], entries[60]);
         put_entries(entries, 50);
       }},
      {"edited", "被改动：与日志所记的哈希不符",
       [&] {
         RawLog::change(folder_, [&](auto& env, auto& txn) { txn.put(env.table("entry"), at(50), other_entry()); });
       }},
      {"edited, tree computed anew", "得出的根哈希与已签名的不符",
       [&] {
         RawLog forged = log_;
         forged.entries[50] = other_entry();
         std::filesystem::remove_all(folder_);
         forged.write(folder_);
         checkpoint_of(log_);
       }},
      {"truncated", "末尾被截去，或副本较旧",
       [&] {
         RawLog shorter = log_;
         shorter.entries.resize(600);
         std::filesystem::remove_all(folder_);
         shorter.write(folder_);
         checkpoint_of(log_);
       }},
      {"signed with another key", "没有所给公钥的有效签名",
       [&] {
         RawLog forged = log_;
         forged.key = crypto::SigningKey::generate();
         std::filesystem::remove_all(folder_);
         forged.write(folder_);
       }},
      {"a tile changed", "哈希块中它的哈希被改动",
       [&] {
         RawLog::flip(folder_, "tile", layout::tile_key({0, 1}), 5 * 32);
       }},
      {"an upper tile changed", "上层哈希块与条目不符",
       [&] {
         RawLog::flip(folder_, "tile", layout::tile_key({1, 0}), 3);
       }},
      {"a tile missing", "哈希块缺失或不完整",
       [&] {
         RawLog::change(folder_, [](auto& env, auto& txn) { txn.erase(env.table("tile"), layout::tile_key({0, 1})); });
       }},
      {"a tile too many", "表中有",
       [&] {
         RawLog::change(folder_, [](auto& env, auto& txn) {
           txn.put(env.table("tile"), layout::tile_key({0, 9}), "x");
         });
       }},
      {"a tile with a tail", "哈希块的长度与日志的长度不符",
       [&] {
         RawLog::change(folder_, [](auto& env, auto& txn) {
           const Bytes tile(*txn.get(env.table("tile"), layout::tile_key({0, 1})));
           txn.put(env.table("tile"), layout::tile_key({0, 1}), tile + "x");
         });
       }},
      {"no checkpoint", "日志没有检查点",
       [&] { RawLog::change(folder_, [](auto& env, auto& txn) { txn.clear(env.table("checkpoint")); }); }},
      {"a page of the file changed", "LOCAL_CORRUPT",
       [&] {
         std::fstream file(folder_ + "/log/data.mdb", std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(4096 + 16 + 40 + 48);  // a first page: the tables' directory
         file.write("xxxx", 4);
         file.seekp(16 + 40 + 48);
         file.write("xxxx", 4);
       }},
  };
  std::map<std::string, const char*> verdicts;
  for (const Forgery& forgery : table) {
    std::filesystem::remove_all(folder_);
    log_.write(folder_);
    ASSERT_EQ(verdict(log_.key.verify_key()), "") << forgery.name;
    forgery.make();
    const std::string said = verdict(log_.key.verify_key());
    EXPECT_NE(said.find(forgery.said), std::string::npos) << forgery.name << ":\n" << said;
    const auto [same, is_new] = verdicts.emplace(said, forgery.name);
    EXPECT_TRUE(is_new) << forgery.name << " reads as " << same->second;
  }
}

TEST_F(TamperingTest, TheEntryIsNamedHoweverManyCheckpointsFollowIt) {
  for (std::uint64_t i = kSize; i < 2 * kSize; ++i) log_.add(entry_of(EntryKind::published));
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = 100; size < 2 * kSize; size += 5) sizes.push_back(size);
  log_.write(folder_, sizes);
  RawLog::change(folder_, [](storage::Environment& env, storage::WriteTxn& txn) {
    txn.put(env.table("entry"), layout::number_key(50), other_entry());
  });
  const LogReport report = verify(**LogReader::open(folder_), log_.key.verify_key(), {});
  std::string text;
  for (const Error& found : report.findings.listed) text += found.to_text() + "\n";
  EXPECT_NE(text.find("第 50 条被改动"), std::string::npos) << text;
  EXPECT_LT(report.findings.listed.size(), 10U) << text;
}

// Two tiles exchanged, the entries as they were: the tiles are blamed.
TEST_F(TamperingTest, TilesSwapped) {
  log_.write(folder_);
  RawLog::change(folder_, [](auto& env, auto& txn) {
    const Bytes first(*txn.get(env.table("tile"), layout::tile_key({0, 0})));
    const Bytes second(*txn.get(env.table("tile"), layout::tile_key({0, 1})));
    txn.put(env.table("tile"), layout::tile_key({0, 0}), second);
    txn.put(env.table("tile"), layout::tile_key({0, 1}), first);
  });
  const std::string said = verdict(log_.key.verify_key());
  EXPECT_NE(said.find("哈希块中它的哈希被改动"), std::string::npos) << said;
  EXPECT_EQ(said.find("互换"), std::string::npos) << said;
}

}  // namespace
}  // namespace chuanyu::audit
