// The SM profile (国密) in a log: payloads, the second signature line, the second tree and its catching up.
#include "gateway/ledger/sm_checkpoint.h"

#include "gateway/journal/rotate.h"
#include "gateway/ledger/layout.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

namespace layout = ledger::layout;
using ledger::Profile;

class SmTest : public JournalTest {
 protected:
  Status open_as(Profile profile, bool with_key = true) {
    Options made = options();
    made.profile = profile;
    if (with_key) made.sm2_log_key = sm2_key_;
    return open(std::move(made));
  }
  void close() {
    journal_->stop();
    healthy_ = journal_->healthy();
    journal_.reset();
  }

  // The closed log's tables.
  std::unique_ptr<storage::Environment> tables(const char* folder, std::vector<std::string> names) const {
    storage::Options options;
    options.folder = folder_ + "/data/" + folder;
    options.tables = std::move(names);
    return storage::Environment::open(options).value();
  }
  std::unique_ptr<storage::Environment> log() const { return tables("log", layout::log_tables()); }
  void change(const char* table, BytesView key, const std::function<void(storage::WriteTxn&, storage::Table)>& with) {
    const auto env = log();
    auto txn = env->write().value();
    ASSERT_TRUE(txn.get(env->table(table), key)) << "nothing there to change";
    with(txn, env->table(table));
    ASSERT_TRUE(txn.commit().ok());
  }

  // The first byte of each slot's row that an entry names, in the order of the entries.
  std::string profiles_of(const std::vector<std::uint64_t>& slots) const {
    const auto env = tables("keys", layout::key_tables());
    const auto txn = env->read().value();
    std::string found;
    for (const std::uint64_t slot : slots)
      found += to_hex(txn.get(env->table("slot"), layout::number_key(slot))->substr(0, 1));
    return found;
  }

  // The second tree's newest note of the closed log, its signature checked; nothing when there is none.
  std::optional<ledger::Checkpoint> last_sm3() const {
    const auto env = log();
    const auto txn = env->read().value();
    auto cursor = txn.cursor(env->table("checkpoint"));
    std::optional<ledger::Checkpoint> last;
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (!layout::is_sm3_checkpoint_key(cursor.key())) continue;
      const auto note = ledger::parse_note(cursor.value()).value();
      EXPECT_EQ(ledger::sm2_signature(note, "chuanyu/test/1/sm3", sm2_key_->verify_key()), ledger::Sm2Signature::good);
      last = ledger::parse_checkpoint(note.text).value();
      EXPECT_EQ(layout::sm3_checkpoint_key(last->size), cursor.key());
    }
    return last;
  }
  // Of the closed log's entries.
  ledger::Checkpoint computed_sm3() const {
    const auto env = log();
    const auto txn = env->read().value();
    auto cursor = txn.cursor(env->table("entry"));
    ledger::Sm3Frontier tree;
    for (bool more = cursor.first(); more; more = cursor.next()) tree.append(ledger::sm3_leaf_hash(cursor.value()));
    return {"chuanyu/test/1/sm3", tree.size(), tree.root(), {}};
  }

  const std::shared_ptr<const crypto::Sm2SigningKey> sm2_key_ =
      std::make_shared<const crypto::Sm2SigningKey>(crypto::Sm2SigningKey::generate());
  bool healthy_ = false;
};

TEST_F(SmTest, TheProfileMayChangeFromEntryToEntry) {
  std::vector<std::uint64_t> slots;
  const std::string large(100'000, 'l');  // a blob
  for (const Profile profile : {Profile::international, Profile::sm, Profile::international}) {
    ASSERT_TRUE(open_as(profile).ok());
    for (const std::string& body : {std::string("body"), large})
      slots.push_back(journal_->read(append(body))->entry.slot);
    for (std::uint64_t i = 0; i < journal_->size(); ++i)
      EXPECT_EQ(journal_->read(i)->body, i % 2 == 0 ? "body" : large);
  }
  close();
  EXPECT_EQ(profiles_of(slots), "010102020101");
}

TEST_F(SmTest, RotationKeepsTheProfileOfEachKey) {
  std::vector<std::uint64_t> slots;
  for (const Profile profile : {Profile::international, Profile::sm}) {
    ASSERT_TRUE(open_as(profile).ok());
    slots.push_back(journal_->read(append("body"))->entry.slot);
  }
  close();
  Rotation rotation;
  rotation.folder = folder_ + "/data";
  rotation.old_key = test_kek();
  rotation.new_key = Secret(std::string(32, 'N'));
  rotation.new_epoch = 2;
  ASSERT_TRUE(rotate_keys(rotation).ok());
  EXPECT_EQ(profiles_of(slots), "0102");
  Options made = options();
  made.key_encryption_key = Secret(std::string(32, 'N'));
  made.key_epoch = 2;
  ASSERT_TRUE(open(std::move(made)).ok());
  EXPECT_EQ(journal_->read(0)->body, "body");
  EXPECT_EQ(journal_->read(1)->body, "body");
}

TEST_F(SmTest, TheSecondLineComesWithTheKeyAndTheSecondTreeWithTheProfile) {
  for (const bool with_key : {false, true}) {
    ASSERT_TRUE(open_as(Profile::international, with_key).ok());
    append("body");
    journal_->stop();
    const auto note = ledger::parse_note(journal_->checkpoint()).value();
    EXPECT_TRUE(ledger::is_signed_by(note, "chuanyu/test/1", key_->verify_key()));
    EXPECT_EQ(ledger::sm2_signature(note, "chuanyu/test/1", sm2_key_->verify_key()),
              with_key ? ledger::Sm2Signature::good : ledger::Sm2Signature::absent);
    close();
    EXPECT_FALSE(last_sm3());
  }
  EXPECT_EQ(open_as(Profile::sm, false).error().code, Code::LOCAL_KEY_FILE);
}

TEST_F(SmTest, TheSecondTreeIsOverTheSameEntries) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(open_as(Profile::sm).ok());
    append_many(300, [](std::size_t i) { return "body " + std::to_string(i); });
    close();
    EXPECT_TRUE(healthy_);
    EXPECT_EQ(last_sm3(), computed_sm3());
  }
}

// Each opening goes on where the one before stopped, at least one chunk of 4,096 further.
TEST_F(SmTest, ALongerLogIsCaughtUpWith) {
  ASSERT_TRUE(open_as(Profile::international).ok());
  append_many(10'000, [](std::size_t) { return "b"; });
  close();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(open_as(Profile::sm).ok());
    close();
  }
  EXPECT_EQ(last_sm3(), computed_sm3());
}

TEST_F(SmTest, WhatWasSignedWithoutTheProfileIsCaughtUpWith) {
  for (const Profile profile : {Profile::sm, Profile::international, Profile::sm}) {
    ASSERT_TRUE(open_as(profile).ok());
    append("body");
    close();
  }
  EXPECT_EQ(last_sm3(), computed_sm3());
}

TEST_F(SmTest, ALostRowIsMadeAnewAndMustAgreeWithWhatWasSigned) {
  ASSERT_TRUE(open_as(Profile::sm).ok());
  append("body");
  close();
  const auto lose_row = [](storage::WriteTxn& txn, storage::Table table) { txn.erase(table, layout::kSm3TreeKey); };
  change("tree", layout::kSm3TreeKey, lose_row);
  ASSERT_TRUE(open_as(Profile::sm).ok());
  append("body");
  close();
  EXPECT_TRUE(healthy_);
  EXPECT_EQ(last_sm3(), computed_sm3());

  // As if the entries had been others when the second tree was signed.
  change("tree", layout::kSm3TreeKey, lose_row);
  const Bytes key = layout::sm3_checkpoint_key(last_sm3()->size);
  change("checkpoint", key, [&](storage::WriteTxn& txn, storage::Table table) {
    const ledger::Checkpoint forged{"chuanyu/test/1/sm3", read_u64(key), ledger::sm3_leaf_hash("other"), {}};
    txn.put(table, key, ledger::sign_sm3_checkpoint(forged, *sm2_key_));
  });
  ASSERT_TRUE(open_as(Profile::sm).ok());
  close();
  EXPECT_FALSE(healthy_);
}

TEST_F(SmTest, ADamagedRowIsRefused) {
  ASSERT_TRUE(open_as(Profile::sm).ok());
  append("body");
  close();
  change("tree", layout::kSm3TreeKey, [](storage::WriteTxn& txn, storage::Table table) {
    Bytes row(*txn.get(table, layout::kSm3TreeKey));
    row[20] = static_cast<char>(row[20] ^ 1);
    txn.put(table, layout::kSm3TreeKey, row);
  });
  EXPECT_EQ(open_as(Profile::sm).error().code, Code::LOCAL_CORRUPT);
  EXPECT_TRUE(open_as(Profile::international).ok()) << "the log itself is whole";
}

}  // namespace
}  // namespace chuanyu::journal
