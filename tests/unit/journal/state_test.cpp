// The state is a projection: deleted, behind, of another version or another boot, it comes back the same.
#include "gateway/journal/state.h"

#include <fstream>
#include <thread>
#include <vector>

#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

namespace fs = std::filesystem;

class StateTest : public JournalTest {
 protected:
  void fill(std::size_t entries) {
    append_many(entries,
                [](std::size_t i) { return i % 50 == 7 ? std::string(40'000, 'L') : "body " + std::to_string(i); });
  }
  crypto::Digest digest() const { return state_digest(journal_->state_environment(), projection_.tables()).value(); }
  fs::path state_folder() const { return folder_ + "/data/state"; }
};

TEST_F(StateTest, ARebuiltStateIsTheLiveState) {
  ASSERT_TRUE(open().ok());
  fill(300);
  const auto live = digest();
  journal_.reset();

  TestProjection fresh;
  const StateReport report = rebuild_state(options(), fresh).value();
  EXPECT_EQ(report.entries, 300U);
  EXPECT_EQ(report.digest, live);
  EXPECT_EQ(fresh.committed_, 0U) << "nobody waits while catching up";

  const std::uint64_t before = projection_.applied_;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(projection_.applied_, before) << "the rebuilt state is complete";
  EXPECT_EQ(digest(), live);
}

TEST_F(StateTest, AReaderSeesWhatWasAnsweredBefore) {
  ASSERT_TRUE(open().ok());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, reads = thread < 2] {
      for (int i = 0; i < 80; ++i) {
        const Draft draft = draft_of(ledger::EntryKind::published, "body");
        const Uuid exchange = draft.entry.exchange;
        ASSERT_TRUE(journal_->append(draft).status.ok());
        if (!reads) continue;
        const auto state = journal_->state();
        ASSERT_TRUE(state.ok());
        ASSERT_TRUE(projection_.knows(*state, exchange));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(projection_.count(*journal_->state(), ledger::EntryKind::published), 320U);
}

TEST_F(StateTest, ADeletedStateComesBack) {
  ASSERT_TRUE(open().ok());
  fill(60);
  const auto live = digest();
  journal_.reset();
  fs::remove_all(state_folder());
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(digest(), live);
}

TEST_F(StateTest, AStateOfAnotherBootIsNotTrusted) {
  ASSERT_TRUE(open().ok());
  fill(60);
  const auto live = digest();
  journal_.reset();
  std::ofstream(state_folder() / "boot") << "00000000-0000-0000-0000-000000000000\n";
  projection_.applied_ = 0;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(projection_.applied_, 60U);
  EXPECT_EQ(digest(), live);
}

TEST_F(StateTest, ABrokenStateFileIsThrownAway) {
  ASSERT_TRUE(open().ok());
  fill(60);
  const auto live = digest();
  journal_.reset();
  std::ofstream(state_folder() / "data.mdb", std::ios::trunc) << std::string(8192, 'J');
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(digest(), live);
}

TEST_F(StateTest, AnotherVersionOfTheProjectionIsRebuilt) {
  ASSERT_TRUE(open().ok());
  fill(60);
  const auto live = digest();
  projection_.version_ = 2;
  projection_.applied_ = 0;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(projection_.applied_, 60U);
  EXPECT_EQ(digest(), live);
}

TEST_F(StateTest, AnOldCopyOfTheLogIsRefused) {
  ASSERT_TRUE(open().ok());
  fill(20);
  journal_.reset();
  fs::copy(folder_ + "/data/log", folder_ + "/old-log", fs::copy_options::recursive);
  ASSERT_TRUE(open().ok());
  fill(20);
  journal_.reset();
  fs::remove_all(folder_ + "/data/log");
  fs::rename(folder_ + "/old-log", folder_ + "/data/log");
  EXPECT_EQ(open().error().code, Code::LOCAL_CORRUPT);
}

TEST_F(StateTest, AnErasedPayloadIsAppliedAsErased) {
  ASSERT_TRUE(open().ok());
  fill(3);
  const std::uint64_t slot = journal_->read(1)->entry.slot;
  journal_.reset();
  {
    storage::Options keys;
    keys.folder = folder_ + "/data/keys";
    keys.tables = {"slot", "named"};
    auto env = storage::Environment::open(keys).value();
    auto txn = env->write().value();
    Bytes key;
    append_u64(key, slot);
    txn.erase(env->table("slot"), key);
    ASSERT_TRUE(txn.commit().ok());
  }
  fs::remove_all(state_folder());
  ASSERT_TRUE(open().ok());
  EXPECT_TRUE(journal_->read(1)->erased);
  EXPECT_EQ(journal_->read(1)->body, "");
  EXPECT_EQ(journal_->read(2)->body, "body 2");
}

TEST_F(StateTest, TheDigestSeesEveryRowAndItsTable) {
  storage::Options two;
  two.folder = folder_ + "/env";
  two.tables = {"a", "b"};
  auto env = storage::Environment::open(two).value();
  const auto put = [&](const char* table, const char* key, const char* value) {
    auto txn = env->write().value();
    txn.put(env->table(table), key, value);
    EXPECT_TRUE(txn.commit().ok());
    return state_digest(*env, {"a", "b"}).value();
  };
  const auto d1 = put("a", "k", "v");
  const auto d2 = put("a", "k", "w");
  const auto d3 = put("b", "k", "w");
  const auto d4 = put("a", "k", "v");
  EXPECT_EQ((std::set<crypto::Digest>{d1, d2, d3, d4}.size()), 4U);
  EXPECT_NE(state_digest(*env, {"a", "b"}).value(), state_digest(*env, {"b", "a"}).value());
}

}  // namespace
}  // namespace chuanyu::journal
