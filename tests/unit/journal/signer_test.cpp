// What the signer signs, and that it stops at what it should not sign.
#include <condition_variable>
#include <thread>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/layout.h"
#include "gateway/ledger/merkle.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

class SignerTest : public JournalTest {
 protected:
  // Appends until a checkpoint covers at least `size`: signing follows growth.
  ledger::Checkpoint wait_for_checkpoint(std::uint64_t size) {
    for (;;) {
      const auto found = ledger::open_checkpoint(journal_->checkpoint(), "chuanyu/test/1", key_->verify_key());
      if (found.ok() && found->size >= size) return *found;
      append("filler");
    }
  }

  // Changes a stored row of the closed log, as a fault of the disk or an intruder would.
  void tamper(const char* table, Bytes key, std::size_t place) {
    storage::Options log;
    log.folder = folder_ + "/data/log";
    log.tables = ledger::layout::log_tables();
    auto env = storage::Environment::open(log).value();
    auto txn = env->write().value();
    Bytes row(*txn.get(env->table(table), key));
    row[place % row.size()] ^= 1;
    txn.put(env->table(table), key, row);
    ASSERT_TRUE(txn.commit().ok());
  }
  void drop_checkpoints() {
    storage::Options log;
    log.folder = folder_ + "/data/log";
    log.tables = ledger::layout::log_tables();
    auto env = storage::Environment::open(log).value();
    auto txn = env->write().value();
    txn.clear(env->table("checkpoint"));
    ASSERT_TRUE(txn.commit().ok());
  }
};

TEST_F(SignerTest, TheCheckpointIsTheRootOfTheEntries) {
  ASSERT_TRUE(open().ok());
  append_many(700, [](std::size_t i) { return "body " + std::to_string(i); });
  const ledger::Checkpoint checkpoint = wait_for_checkpoint(700);
  ledger::Frontier frontier;
  for (std::uint64_t i = 0; i < checkpoint.size; ++i) {
    frontier.append(ledger::leaf_hash(ledger::encode(journal_->read(i)->entry)));
  }
  EXPECT_EQ(checkpoint.root, frontier.root());
  EXPECT_TRUE(journal_->healthy());
}

TEST_F(SignerTest, AFlippedBitInAnEntryStopsIt) {
  ASSERT_TRUE(open().ok());
  append_many(600, [](std::size_t) { return "body"; });
  journal_.reset();
  drop_checkpoints();  // as if the crash had come before the signature
  tamper("entry", ledger::layout::number_key(100), 5);
  ASSERT_TRUE(open().ok()) << "entry 100 is not at the right edge";
  while (journal_->healthy()) std::this_thread::yield();
  EXPECT_EQ(journal_->checkpoint(), "");
  append("the log itself goes on");
  // What nobody signed is not given out.
  EXPECT_EQ(journal_->checkpoint_of({}).error().code, Code::CLIENT_NOT_FOUND);
  EXPECT_EQ(journal_->tile({}, {{0, 0}, 256}).error().code, Code::CLIENT_NOT_FOUND);
  EXPECT_EQ(journal_->bundle({}, {{0, 0}, 1}).error().code, Code::CLIENT_NOT_FOUND);
  journal_->stop();
  EXPECT_EQ(journal_->checkpoint(), "");
}

TEST_F(SignerTest, AFlippedBitInATileIsSeenAtOpening) {
  ASSERT_TRUE(open().ok());
  append_many(600, [](std::size_t) { return "body"; });
  journal_.reset();
  tamper("tile", ledger::layout::tile_key({0, 0}), 40);
  EXPECT_TRUE(open().ok()) << "a full tile below the edge is the signer's and the auditor's to find";
  journal_.reset();
  tamper("tile", ledger::layout::tile_key({1, 0}), 40);
  EXPECT_EQ(open().error().code, Code::LOCAL_CORRUPT);
}

TEST_F(SignerTest, AFlippedBitAtTheRightEdgeIsSeenAtOpening) {
  ASSERT_TRUE(open().ok());
  append_many(300, [](std::size_t) { return "body"; });
  journal_.reset();
  tamper("entry", ledger::layout::number_key(299), 9);
  EXPECT_EQ(open().error().code, Code::LOCAL_CORRUPT);
}

// What was signed long ago and rots on the disk: nobody asks for it, the scrubber finds it.
TEST_F(SignerTest, TheScrubberFindsWhatRots) {
  const std::pair<const char*, Bytes> places[] = {{"entry", ledger::layout::number_key(100)},
                                                  {"tile", ledger::layout::tile_key({0, 0})}};
  for (const auto& [table, key] : places) {
    std::filesystem::remove_all(folder_ + "/data");
    ASSERT_TRUE(open().ok());
    append_many(700, [](std::size_t i) { return "body " + std::to_string(i); });
    wait_for_checkpoint(700);
    journal_.reset();
    tamper(table, key, 5);
    Options scrubbed = options();
    scrubbed.scrub_entries_per_second = 1'000'000;
    auto opened = Journal::open(std::move(scrubbed), projection_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_text();
    journal_ = *std::move(opened);
    while (journal_->healthy()) std::this_thread::yield();
    journal_.reset();
  }
}

TEST_F(SignerTest, AnotherKeyOriginOrKekIsRefused) {
  ASSERT_TRUE(open().ok());
  append("x");
  journal_.reset();

  Options other_key = options();
  other_key.log_key = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  EXPECT_EQ(Journal::open(std::move(other_key), projection_).error().code, Code::LOG_SIGNATURE);
  Options other_origin = options();
  other_origin.origin = "chuanyu/other/1";
  EXPECT_EQ(Journal::open(std::move(other_origin), projection_).error().code, Code::CONFIG_VALUE);
  Options other_kek = options();
  other_kek.key_encryption_key = Secret(std::string(32, 'X'));
  EXPECT_EQ(Journal::open(std::move(other_kek), projection_).error().code, Code::LOCAL_CRYPTO);
  EXPECT_TRUE(open().ok());
}

TEST_F(SignerTest, TwoKeysSignWhileOneTakesOverFromTheOther) {
  ASSERT_TRUE(open().ok());
  append("x");
  journal_.reset();

  const auto successor = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  const auto alone = [&] {
    Options made = options();
    made.log_key = successor;
    return made;
  };
  const auto overlap = [&] {
    Options made = alone();
    made.old_log_key = key_;
    return made;
  };
  const Status too_early = open(alone());
  EXPECT_EQ(too_early.error().code, Code::LOG_SIGNATURE);
  EXPECT_NE(too_early.error().detail.find("keys.old_log_key"), std::string::npos);

  ASSERT_TRUE(open(overlap()).ok());
  EXPECT_EQ(journal_->signing_key().verify_key().raw(), key_->verify_key().raw());  // that everybody knows
  journal_.reset();
  EXPECT_EQ(open(alone()).error().code, Code::LOG_SIGNATURE);  // nothing was signed by both yet
  ASSERT_TRUE(open(overlap()).ok());
  append("y");
  journal_.reset();  // signs what it has
  ASSERT_TRUE(open(overlap()).ok());
  const ledger::Note note = ledger::parse_note(journal_->checkpoint()).value();
  EXPECT_TRUE(ledger::is_signed_by(note, "chuanyu/test/1", key_->verify_key()));
  EXPECT_TRUE(ledger::is_signed_by(note, "chuanyu/test/1", successor->verify_key()));

  ASSERT_TRUE(open(alone()).ok());
  append("z");
  journal_.reset();
  ASSERT_TRUE(open(alone()).ok());
  const ledger::Note last = ledger::parse_note(journal_->checkpoint()).value();
  EXPECT_FALSE(ledger::is_signed_by(last, "chuanyu/test/1", key_->verify_key()));
  EXPECT_EQ(journal_->signing_key().verify_key().raw(), successor->verify_key().raw());
  EXPECT_EQ(open().error().code, Code::LOG_SIGNATURE);
}

TEST_F(SignerTest, AMissingTreeRowIsRefused) {
  ASSERT_TRUE(open().ok());
  append("x");
  journal_.reset();
  storage::Options log;
  log.folder = folder_ + "/data/log";
  log.tables = ledger::layout::log_tables();
  {
    auto env = storage::Environment::open(log).value();
    auto txn = env->write().value();
    txn.erase(env->table("entry"), ledger::layout::number_key(0));
    ASSERT_TRUE(txn.commit().ok());
  }
  EXPECT_EQ(open().error().code, Code::LOCAL_CORRUPT);
}

}  // namespace
}  // namespace chuanyu::journal
