// The SM profile's signatures and tree, right and wrong, and what the auditor is told.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/audit/audit.h"
#include "gateway/audit/export.h"
#include "gateway/audit/verify.h"
#include "gateway/ledger/sm_checkpoint.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class SmVerifyTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 300;

  SmVerifyTest() {
    while (log_.entries.size() < kSize) log_.add(entry_of(EntryKind::published));
    log_.write(folder_, {1, 256});
  }

  // Second lines on the checkpoints of these sizes, and checkpoints of the second tree there.
  void sign(const std::vector<std::uint64_t>& sizes) {
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      const storage::Table notes = env.table("checkpoint");
      for (const std::uint64_t size : sizes) {
        std::string note(*txn.get(notes, layout::number_key(size)));
        note += ledger::sm2_line(note.substr(0, note.find("\n\n") + 1), log_.origin, key_);
        txn.put(notes, layout::number_key(size), note);
        put_sm3(env, txn, size, sm3_root(size));
      }
    });
  }
  crypto::Digest sm3_root(std::uint64_t size) const {
    ledger::Sm3Frontier tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.append(ledger::sm3_leaf_hash(log_.entries[i]));
    return tree.root();
  }
  void put_sm3(storage::Environment& env, storage::WriteTxn& txn, std::uint64_t size,
               const crypto::Digest& root) const {
    txn.put(env.table("checkpoint"), layout::sm3_checkpoint_key(size),
            ledger::sign_sm3_checkpoint({log_.origin + "/sm3", size, root, {}}, key_));
  }
  void put_sm3(std::uint64_t size, const crypto::Digest& root) const {
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) { put_sm3(env, txn, size, root); });
  }

  LogReport verify_with(const crypto::Sm2VerifyKey* key, const std::string& folder) const {
    return verify(*LogReader::open(folder).value(), log_.key.verify_key(), {}, nullptr, nullptr, key);
  }
  LogReport verify_it() const { return verify_with(&key_.verify_key(), folder_); }
  static std::vector<std::string> found(const LogReport& report) {
    std::vector<std::string> list;
    for (const Error& one : report.findings.listed) list.push_back(std::string(to_string(one.code)) + " " + one.where);
    return list;
  }
  using List = std::vector<std::string>;

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
  crypto::Sm2SigningKey key_ = crypto::Sm2SigningKey::generate();
};

TEST_F(SmVerifyTest, ACleanLogSinceItsSecondCheckpoint) {
  sign({256, kSize});
  const LogReport report = verify_it();
  EXPECT_EQ(found(report), List());
  EXPECT_TRUE(report.sm2_checked);
  EXPECT_EQ(report.sm2_signed_size, kSize);
  EXPECT_EQ(report.sm3_checkpoints, 2U);
  EXPECT_EQ(report.sm3_size, kSize);
}

TEST_F(SmVerifyTest, AnExportCarriesItAll) {
  sign({256, kSize});
  ASSERT_TRUE(export_log(*LogReader::open(folder_).value(), temporary_ / "out", {}).ok());
  const LogReport report = verify_with(&key_.verify_key(), temporary_ / "out");
  EXPECT_EQ(found(report), List());
  EXPECT_EQ(report.sm2_signed_size, kSize);
  EXPECT_EQ(report.sm3_size, kSize);
}

TEST_F(SmVerifyTest, WithoutAKeyOnlyRootsAreCompared) {
  sign({kSize});
  const LogReport report = verify_with(nullptr, folder_);
  EXPECT_EQ(found(report), List());
  EXPECT_FALSE(report.sm2_checked);
  EXPECT_EQ(report.sm2_signed_size, 0U);
  EXPECT_EQ(report.sm3_size, kSize);
}

TEST_F(SmVerifyTest, AWrongSm2LineIsFoundThoughEd25519Holds) {
  sign({256, kSize});
  const Bytes key = layout::number_key(256);
  RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
    // The line of another checkpoint: valid in itself.
    const std::string other(*txn.get(env.table("checkpoint"), layout::number_key(kSize)));
    std::string note(*txn.get(env.table("checkpoint"), key));
    const std::size_t last_line = note.rfind("\xE2\x80\x94 ");
    note.replace(last_line, std::string::npos, other.substr(other.rfind("\xE2\x80\x94 ")));
    txn.put(env.table("checkpoint"), key, note);
  });
  EXPECT_EQ(found(verify_it()), List{"LOG_SIGNATURE checkpoint#256"});
  EXPECT_EQ(found(verify_with(nullptr, folder_)), List());
}

TEST_F(SmVerifyTest, AnotherKeyFindsNoSignatureOfItsOwn) {
  sign({256, kSize});
  const auto stranger = crypto::Sm2SigningKey::generate();
  EXPECT_EQ(found(verify_with(&stranger.verify_key(), folder_)), List{"LOG_SIGNATURE sm3-checkpoint#256"});
}

TEST_F(SmVerifyTest, ALogWithoutSm2IsNotPassedOffAsSigned) { EXPECT_EQ(found(verify_it()), List{"LOG_SIGNATURE "}); }

TEST_F(SmVerifyTest, ASecondTreeOverOtherEntries) {
  sign({256, kSize});
  put_sm3(256, sm3_root(255));
  EXPECT_EQ(found(verify_it()), List{"LOG_TAMPERED sm3-checkpoint#256"});
  EXPECT_EQ(found(verify_with(nullptr, folder_)), List{"LOG_TAMPERED sm3-checkpoint#256"})
      << "no key is needed to see it";
}

TEST_F(SmVerifyTest, ASecondTreesCheckpointInTheWrongPlaceOrBeyondTheEnd) {
  sign({kSize});
  RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
    txn.put(env.table("checkpoint"), layout::sm3_checkpoint_key(7),
            ledger::sign_sm3_checkpoint({log_.origin + "/sm3", 8, sm3_root(7), {}}, key_));
  });
  put_sm3(kSize + 1, sm3_root(kSize));
  EXPECT_EQ(found(verify_it()), (List{"LOG_TAMPERED sm3-checkpoint#7", "LOG_INCOMPLETE sm3-checkpoint#301"}));
}

TEST_F(SmVerifyTest, OnTheCommandLine) {
  sign({kSize});
  const auto words_to = [](std::vector<std::string> words, std::ostringstream& out) {
    words.insert(words.begin(), "chuanyu-audit");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::ostringstream err;
    return run(static_cast<int>(argv.size()), argv.data(), out, err, false);
  };
  const auto run_it = [&](std::vector<std::string> more, std::ostringstream& out) {
    const std::vector<std::string> verify{"verify", folder_, "--key",
                                          ledger::to_vkey(log_.origin, log_.key.verify_key())};
    more.insert(more.begin(), verify.begin(), verify.end());
    return words_to(std::move(more), out);
  };
  std::ofstream(temporary_ / "sm2.pub") << key_.verify_key().to_pem();
  for (const std::string& key : {temporary_ / "sm2.pub", ledger::to_sm2_vkey(log_.origin, key_.verify_key())}) {
    std::ostringstream out;
    EXPECT_EQ(run_it({"--sm2-key", key, "--json"}, out), kClean) << out.str();
    const auto log = nlohmann::json::parse(out.str())["logs"][0];
    EXPECT_EQ(log["sm2SignedSize"], kSize);
    EXPECT_EQ(log["sm3Size"], kSize);
  }
  std::ostringstream out;
  EXPECT_EQ(run_it({}, out), kClean);
  EXPECT_NE(out.str().find("SM2 签名未核验；SM3 检查点 1 个"), std::string::npos) << out.str();
  EXPECT_EQ(
      run_it({"--sm2-key", ledger::to_sm2_vkey(log_.origin, crypto::Sm2SigningKey::generate().verify_key())}, out),
      kTampered);
  std::ostringstream text;
  EXPECT_EQ(words_to({"vkey", temporary_ / "sm2.pub", "--sm2", "--name", log_.origin}, text), kClean);
  EXPECT_EQ(text.str(), ledger::to_sm2_vkey(log_.origin, key_.verify_key()) + "\n");
  EXPECT_EQ(run_it({"--sm2-key", temporary_ / "none.pub"}, out), kUsage);
  EXPECT_EQ(run_it({"--sm2-key", temporary_ / "sm2.pub", "--sm2-key", temporary_ / "sm2.pub"}, out), kUsage);
}

}  // namespace
}  // namespace chuanyu::audit
