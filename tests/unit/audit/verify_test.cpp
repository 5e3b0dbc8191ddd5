// Each way in which a log can be wrong, and what the auditor is told.
#include "gateway/audit/verify.h"

#include <fstream>

#include "gateway/audit/audit.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    for (int i = 0; i < 699; ++i) log_.add(entry_of(EntryKind::published));
  }
  LogReport verify_it() {
    auto log = LogReader::open(folder_);
    EXPECT_TRUE(log.ok()) << log.error().to_text();
    return verify(**log, log_.key.verify_key(), {});
  }
  // In the folder: what the signer said of log_, whatever else stands there.
  void put_true_checkpoint() {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < log_.entries.size(); ++i) tree.append(log_.leaf(i));
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      txn.put(env.table("checkpoint"), layout::number_key(tree.size()),
              ledger::sign_checkpoint({log_.origin, tree.size(), tree.root(), {}}, log_.key));
    });
  }
  static bool has(const LogReport& report, Code code, const std::string& where) {
    for (const Error& found : report.findings.listed) {
      if (found.code == code && found.where == where) return true;
    }
    for (const Error& found : report.findings.listed) ADD_FAILURE() << found.to_text();
    return false;
  }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
};

TEST_F(VerifyTest, ACleanLog) {
  log_.write(folder_, {1, 256, 300});
  const LogReport report = verify_it();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.size, 700U);
  EXPECT_EQ(report.checkpoints, 4U);
  EXPECT_EQ(report.signed_size, 700U);
  EXPECT_EQ(report.kinds.at("published"), 699U);
  EXPECT_EQ(report.kinds.at("shard_open"), 1U);
}

TEST_F(VerifyTest, AFlippedBitNamesItsEntry) {
  log_.write(folder_);
  RawLog::flip(folder_, "entry", layout::number_key(123), 30);
  const LogReport report = verify_it();
  EXPECT_TRUE(has(report, Code::LOG_TAMPERED, "log#123"));
  EXPECT_TRUE(has(report, Code::LOG_TAMPERED, "checkpoint#700"));
}

TEST_F(VerifyTest, AFlippedBitInATile) {
  log_.write(folder_);
  RawLog::flip(folder_, "tile", layout::tile_key({0, 1}), 5 * 32);
  EXPECT_TRUE(has(verify_it(), Code::LOG_TAMPERED, "log#261"));
  RawLog::flip(folder_, "tile", layout::tile_key({1, 0}), 0);
  EXPECT_TRUE(has(verify_it(), Code::LOG_TAMPERED, "tile/1/000"));
}

TEST_F(VerifyTest, AWholeLogWrittenAnewByAnotherKey) {
  RawLog forged("sc");
  forged.add(entry_of(EntryKind::published));
  forged.write(folder_);
  EXPECT_TRUE(has(verify_it(), Code::LOG_SIGNATURE, "checkpoint#2"));
}

TEST_F(VerifyTest, AWrongKeyIsOneFindingThatSaysSo) {
  log_.write(folder_, {1, 256, 300});
  auto log = LogReader::open(folder_);
  ASSERT_TRUE(log.ok());
  const LogReport report = verify(**log, crypto::SigningKey::generate().verify_key(), {});
  ASSERT_EQ(report.findings.listed.size(), 1U);
  const Error& found = report.findings.listed[0];
  EXPECT_EQ(found.code, Code::LOG_SIGNATURE);
  EXPECT_EQ(found.where, "checkpoint#1");
  EXPECT_NE(found.detail.find("4 个检查点中有 4 个"), std::string::npos) << found.detail;
  EXPECT_NE(found.detail.find("公钥给错了"), std::string::npos) << found.detail;
}

TEST_F(VerifyTest, OneForgedSignatureDoesNotBlameTheKey) {
  log_.write(folder_, {1, 256, 300});
  RawLog::flip(folder_, "checkpoint", layout::number_key(256), 1000);
  const LogReport report = verify_it();
  for (const Error& found : report.findings.listed) {
    EXPECT_EQ(found.code, Code::LOG_SIGNATURE);
    EXPECT_EQ(found.where, "checkpoint#256");
    EXPECT_EQ(found.detail.find("公钥给错了"), std::string::npos) << found.detail;
  }
  EXPECT_EQ(report.findings.listed.size(), 1U);
}

TEST_F(VerifyTest, AnEntryReplacedTogetherWithItsTreeIsCaughtByTheCheckpoint) {
  RawLog forged = log_;
  forged.entries[10] = ledger::encode(entry_of(EntryKind::denied));
  forged.write(folder_);  // tree and tiles agree with the forgery
  put_true_checkpoint();
  EXPECT_TRUE(has(verify_it(), Code::LOG_TAMPERED, "checkpoint#700"));
}

TEST_F(VerifyTest, ATruncatedLogIsIncomplete) {
  RawLog shorter = log_;
  shorter.entries.resize(600);
  shorter.write(folder_);
  put_true_checkpoint();
  EXPECT_TRUE(has(verify_it(), Code::LOG_INCOMPLETE, ""));
}

TEST_F(VerifyTest, AMissingEntryIsNamed) {
  log_.write(folder_);
  RawLog::change(folder_, [](storage::Environment& env, storage::WriteTxn& txn) {
    txn.erase(env.table("entry"), layout::number_key(50));
  });
  const LogReport report = verify_it();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings.listed[0].code, Code::LOG_INCOMPLETE);
  EXPECT_NE(report.findings.listed[0].detail.find("50"), std::string::npos);
}

TEST_F(VerifyTest, ANewerEntryIsUnsupportedAndTheRestIsChecked) {
  log_.entries.push_back(Bytes("\x02\x01\x01\x01", 4));
  log_.entries.push_back(Bytes("\x01\x01\x01\x01\x7F\x01x", 7));
  log_.write(folder_);
  const LogReport report = verify_it();
  EXPECT_TRUE(has(report, Code::LOG_VERSION, "log#700"));
  EXPECT_TRUE(has(report, Code::LOG_VERSION, "log#701"));
  EXPECT_EQ(report.findings.counts.size(), 1U) << "tree and signatures are right";
}

TEST_F(VerifyTest, AnEntryThatIsNotCanonicalIsTampering) {
  log_.entries.push_back(Bytes("\x01\x01\x01\x01\x04\x00", 6));
  log_.write(folder_);
  EXPECT_TRUE(has(verify_it(), Code::LOG_ENTRY_INVALID, "log#700"));
}

TEST_F(VerifyTest, Blobs) {
  ledger::Entry large = entry_of(EntryKind::published);
  const Bytes sealed(40'000, 's');
  large.slot = 1;
  large.blob = crypto::sha256(sealed);
  large.blob_bytes = sealed.size();
  log_.add(large);
  log_.write(folder_);
  EXPECT_TRUE(has(verify_it(), Code::LOG_INCOMPLETE, "log#700"));
  const std::filesystem::path path = layout::blob_path(folder_, large.blob);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << sealed;
  EXPECT_TRUE(verify_it().findings.empty());
  std::ofstream(path) << sealed << "x";
  EXPECT_TRUE(has(verify_it(), Code::LOG_TAMPERED, "log#700"));
}

TEST_F(VerifyTest, ClockStepsAreFlaggedAndNoFault) {
  ledger::Entry early = entry_of(EntryKind::published);
  early.time = 1;
  log_.add(early);
  log_.write(folder_);
  const LogReport report = verify_it();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.clock_steps_back, 1U);
}

TEST_F(VerifyTest, WithoutACheckpointNothingIsProved) {
  log_.write(folder_);
  RawLog::change(folder_,
                 [](storage::Environment& env, storage::WriteTxn& txn) { txn.clear(env.table("checkpoint")); });
  EXPECT_TRUE(has(verify_it(), Code::LOG_INCOMPLETE, ""));
}

TEST(ExitCodes, TheGravestWins) {
  EXPECT_EQ(graver(kClean, kClean), kClean);
  EXPECT_EQ(graver(kIncomplete, kTampered), kTampered);
  EXPECT_EQ(graver(kUnsupported, kIncomplete), kIncomplete);
  EXPECT_EQ(graver(kUnsupported, kClean), kUnsupported);
  EXPECT_EQ(exit_code(Code::LOG_SIGNATURE), kTampered);
  EXPECT_EQ(exit_code(Code::LOG_VERSION), kUnsupported);
  EXPECT_EQ(exit_code(Code::LOCAL_IO), kUnreadable);
}

}  // namespace
}  // namespace chuanyu::audit
