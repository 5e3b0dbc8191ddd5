// A log whose signing key was changed, before an auditor with the first key, the newest, both, or a wrong one.
#include "gateway/audit/verify.h"
#include "gateway/ledger/succession.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using crypto::SigningKey;
using ledger::EntryKind;

// 0 … 99 first key, 100 KEY, 101 … 199 both, 200 KEY (the new one alone), 201 … 299 new key.
class RotationTest : public testing::Test {
 protected:
  using Signers = std::vector<const SigningKey*>;

  RotationTest() {
    add_key("log " + vkey(first_));
    fill(100);
    add_key("log " + vkey(second_) + "\n" + ledger::succession_line(log_.origin, first_, second_.verify_key()));
    fill(200);
    add_key("log " + vkey(second_));
    fill(300);
  }
  void write(const Signers& early, const Signers& overlap, const Signers& late) {
    std::filesystem::remove_all(folder_);
    log_.write(folder_);
    sign(50, early);
    sign(100, early);
    sign(150, overlap);
    sign(200, overlap);
    sign(250, late);
    sign(300, late);
  }
  void as_it_should_be() { write({&first_}, {&second_, &first_}, {&second_}); }
  void sign(std::uint64_t size, const Signers& signers) const {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.append(log_.leaf(i));
    const ledger::Checkpoint checkpoint{log_.origin, size, tree.root(), {}};
    std::string note = ledger::to_text(checkpoint) + "\n";
    for (const SigningKey* key : signers) note += ledger::log_line(checkpoint, *key);
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      txn.put(env.table("checkpoint"), layout::number_key(size), note);
    });
  }
  LogReport verify_with(const ledger::VerifyKeys& keys) const {
    return verify(*LogReader::open(folder_).value(), keys, {});
  }
  void add_key(const std::string& content) {
    ledger::Entry entry;
    entry.kind = EntryKind::key;
    entry.exchange = Uuid::make(1);
    entry.content = content + "\n";
    log_.add(entry);
  }
  void fill(std::size_t size) {
    while (log_.entries.size() < size) log_.add(entry_of(EntryKind::published));
  }
  std::string vkey(const SigningKey& key) const { return ledger::to_vkey(log_.origin, key.verify_key()); }
  static void expect_forged(const LogReport& report, const std::string& where) {
    ASSERT_EQ(report.findings.listed.size(), 1U);
    EXPECT_EQ(report.findings.listed[0].code, Code::LOG_SIGNATURE);
    EXPECT_EQ(report.findings.listed[0].where, where);
  }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
  SigningKey first_ = SigningKey::generate();
  SigningKey second_ = SigningKey::generate();
  SigningKey thief_ = SigningKey::generate();
};

TEST_F(RotationTest, TheFirstKeyLeadsToTheNewest) {
  as_it_should_be();
  const LogReport report = verify_with(first_.verify_key());
  for (const Error& found : report.findings.listed) ADD_FAILURE() << found.to_text();
  EXPECT_EQ(report.signed_size, 300U);
  EXPECT_EQ(report.unjudged_checkpoints, 0U);
  ASSERT_EQ(report.rotations.size(), 1U);
  EXPECT_EQ(report.rotations[0].index, 100U);
  EXPECT_NE(report.rotations[0].time, 0);
  EXPECT_EQ(report.rotations[0].from, vkey(first_));
  EXPECT_EQ(report.rotations[0].to, vkey(second_));
  EXPECT_TRUE(report.rotations[0].followed);
}

TEST_F(RotationTest, TheNewestKeySaysWhatItCannotJudge) {
  as_it_should_be();
  const LogReport report = verify_with(second_.verify_key());
  for (const Error& found : report.findings.listed) ADD_FAILURE() << found.to_text();
  EXPECT_EQ(report.signed_size, 300U);
  EXPECT_EQ(report.unjudged_checkpoints, 2U);
  EXPECT_EQ(report.unjudged_size, 100U);
  ASSERT_EQ(report.rotations.size(), 1U);
  EXPECT_FALSE(report.rotations[0].followed);
}

TEST_F(RotationTest, BothKeys) {
  as_it_should_be();
  ledger::VerifyKeys both(first_.verify_key());
  both.add(second_.verify_key());
  const LogReport report = verify_with(both);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.unjudged_checkpoints, 0U);
}

TEST_F(RotationTest, AWrongKey) {
  as_it_should_be();
  const LogReport report = verify_with(thief_.verify_key());
  EXPECT_EQ(report.findings.counts.at(Code::LOG_SIGNATURE), 2U);  // the checkpoints, and that no KEY entry names it
  EXPECT_EQ(report.signed_size, 0U);
  EXPECT_EQ(report.unjudged_checkpoints, 0U);
}

TEST_F(RotationTest, AnUnlistedKeyIsForged) {
  write({&first_}, {&second_, &first_}, {&thief_});
  expect_forged(verify_with(first_.verify_key()), "checkpoint#250");
  expect_forged(verify_with(second_.verify_key()), "checkpoint#250");
  write({&thief_}, {&second_, &first_}, {&second_});
  expect_forged(verify_with(first_.verify_key()), "checkpoint#50");
  expect_forged(verify_with(second_.verify_key()), "checkpoint#50");
}

TEST_F(RotationTest, TheSuccessorCountsFromAnEntryThatTheOldKeyAlsoSigned) {
  write({&first_}, {&second_}, {&second_});  // no checkpoint with both
  expect_forged(verify_with(first_.verify_key()), "checkpoint#150");
  write({&second_}, {&second_, &first_}, {&second_});  // before the entry
  expect_forged(verify_with(first_.verify_key()), "checkpoint#50");
}

TEST_F(RotationTest, TheOldKeyEndsWithTheOverlap) {
  write({&first_}, {&second_, &first_}, {&first_});
  expect_forged(verify_with(first_.verify_key()), "checkpoint#250");
}

TEST_F(RotationTest, ASuccessionThatTheOldKeyDidNotSign) {
  RawLog forged("sc");
  log_.entries = forged.entries;
  add_key("log " + vkey(first_));
  fill(100);
  std::string line = ledger::succession_line(log_.origin, thief_, second_.verify_key());
  line.replace(line.find(vkey(thief_)), vkey(thief_).size(), vkey(first_));
  add_key("log " + vkey(second_) + "\n" + line);
  fill(300);
  write({&first_}, {&second_, &first_}, {&second_});
  const LogReport report = verify_with(first_.verify_key());
  ASSERT_EQ(report.findings.listed.size(), 2U);
  EXPECT_EQ(report.findings.listed[0].where, "log#100");
  EXPECT_EQ(report.findings.listed[1].where, "checkpoint#250");
}

TEST_F(RotationTest, AnEarlierCheckpointOfAnotherTreeIsTold) {
  as_it_should_be();
  const ledger::Checkpoint other{log_.origin, 50, crypto::sha256("other"), {}};
  RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
    txn.put(env.table("checkpoint"), layout::number_key(50), ledger::sign_checkpoint(other, first_));
  });
  EXPECT_EQ(verify_with(second_.verify_key()).findings.counts.count(Code::LOG_TAMPERED), 1U);
  EXPECT_EQ(verify_with(first_.verify_key()).findings.counts.count(Code::LOG_TAMPERED), 1U);
}

}  // namespace
}  // namespace chuanyu::audit
