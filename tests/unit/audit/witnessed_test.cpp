// How far a quorum has seen a log, and what verify() says of the end that only the log's own key vouches for.
#include "gateway/audit/verify.h"
#include "gateway/ledger/cosignature.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

constexpr TimeUs kMinute = 60'000'000;
constexpr TimeUs kBegin = 1'795'302'633'000'000;

class WitnessedTest : public testing::Test {
 protected:
  // `count` entries, a minute apart; checkpoints after 10, 20 and at the end.
  void write(std::uint64_t count) {
    for (std::uint64_t i = 1; i < count; ++i) {
      ledger::Entry entry;
      entry.kind = ledger::EntryKind::acknowledged;
      entry.exchange = Uuid::make(kBegin);
      entry.time = kBegin + static_cast<TimeUs>(i) * kMinute;
      log_.add(entry);
    }
    log_.write(folder_, {10, 20});
  }
  // A line by the witness (or whoever has its name) for the checkpoint of that size.
  void cosign(std::uint64_t size, const crypto::SigningKey& key) {
    const std::string note = LogReader::open(folder_).value()->checkpoint_from(size)->note;
    auto line = ledger::cosign(ledger::parse_note(note)->text, "w", key, 1'795'302'700);
    line.key_id = witness().id();
    RawLog::change(folder_, [&](storage::Environment& env, storage::WriteTxn& txn) {
      txn.put(env.table("checkpoint"), layout::cosignature_key(size, line.key_id), ledger::to_line(line));
    });
  }
  ledger::NamedKey witness() const { return {"w", key_.verify_key(), ledger::KeyType::cosignature}; }
  LogReport report() const {
    const auto policy = ledger::WitnessPolicy::parse(
        "log " + ledger::to_vkey(log_.origin, log_.key.verify_key()) + "\nwitness w " +
        ledger::to_vkey("w", key_.verify_key(), ledger::KeyType::cosignature) + "\nquorum w\n");
    EXPECT_TRUE(policy.ok()) << policy.error().to_text();
    return verify(**LogReader::open(folder_), log_.key.verify_key(), {}, &*policy);
  }
  static std::vector<Code> codes(const LogReport& report) {
    std::vector<Code> found;
    for (const auto& [code, count] : report.findings.counts) found.push_back(code);
    return found;
  }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
  crypto::SigningKey key_ = crypto::SigningKey::generate();
};

TEST_F(WitnessedTest, ALittleAtTheEndIsAlwaysOnItsWay) {
  write(25);
  cosign(20, key_);
  const LogReport found = report();
  EXPECT_TRUE(found.findings.empty());
  EXPECT_EQ(found.witnessed_size, 20U);
  EXPECT_EQ(found.signed_size, 25U);
}

TEST_F(WitnessedTest, MoreThanTenMinutesOfItAreAFinding) {
  write(40);
  cosign(10, key_);
  const LogReport found = report();
  EXPECT_EQ(codes(found), std::vector{Code::LOG_UNWITNESSED});
  EXPECT_EQ(found.findings.listed.front().where, "log#10");
  EXPECT_EQ(found.witnessed_size, 10U);
}

TEST_F(WitnessedTest, NobodyAtAllIsAFinding) {
  write(5);
  EXPECT_EQ(codes(report()), std::vector{Code::LOG_UNWITNESSED});
}

TEST_F(WitnessedTest, ALineInTheWitnessesNameThatDoesNotVerifyIsNoAbsence) {
  write(25);
  cosign(20, key_);
  cosign(10, crypto::SigningKey::generate());
  const LogReport found = report();
  EXPECT_EQ(codes(found), std::vector{Code::LOG_SIGNATURE});
  EXPECT_EQ(found.findings.listed.front().where, "checkpoint#10");
}

TEST_F(WitnessedTest, ALineInANameThatIsNoWitnessesIsAFinding) {
  write(25);
  cosign(20, key_);
  cosign(10, key_);
  RawLog::change(folder_, [this](storage::Environment& env, storage::WriteTxn& txn) {
    const Bytes row = layout::cosignature_key(10, witness().id());
    Bytes line(*txn.get(env.table("checkpoint"), row));
    line.replace(line.find(" w "), 3, " v ");
    txn.put(env.table("checkpoint"), row, line);
  });
  const LogReport found = report();
  EXPECT_EQ(codes(found), std::vector{Code::LOG_SIGNATURE});
  EXPECT_EQ(found.findings.listed.front().where, "checkpoint#10");
}

TEST_F(WitnessedTest, ACosignatureStandsUnderItsKeyId) {
  write(25);
  cosign(20, key_);
  cosign(10, key_);
  RawLog::change(folder_, [this](storage::Environment& env, storage::WriteTxn& txn) {
    const Bytes row = layout::cosignature_key(10, witness().id());
    const Bytes line(*txn.get(env.table("checkpoint"), row));
    txn.erase(env.table("checkpoint"), row);
    txn.put(env.table("checkpoint"), layout::cosignature_key(10, witness().id() ^ 1U), line);
  });
  EXPECT_EQ(codes(report()), std::vector{Code::LOG_TAMPERED});
}

TEST_F(WitnessedTest, ACosignatureOfNoCheckpointIsAFinding) {
  write(25);
  cosign(20, key_);
  RawLog::change(folder_, [this](storage::Environment& env, storage::WriteTxn& txn) {
    const Bytes line(*txn.get(env.table("checkpoint"), layout::cosignature_key(20, witness().id())));
    txn.put(env.table("checkpoint"), layout::cosignature_key(2000, witness().id()), line);
  });
  EXPECT_EQ(codes(report()), std::vector{Code::LOG_INCOMPLETE});
}

TEST_F(WitnessedTest, ARowThatIsNeitherNoteNorCosignatureIsAFinding) {
  write(25);
  cosign(20, key_);
  RawLog::change(folder_, [](storage::Environment& env, storage::WriteTxn& txn) {
    txn.put(env.table("checkpoint"), layout::number_key(10) + "sn3", "x");
  });
  EXPECT_EQ(codes(report()), std::vector{Code::LOG_TAMPERED});
}

TEST_F(WitnessedTest, EveryLineOfTheLogIsByAKeyOfIts) {
  write(25);
  cosign(20, key_);
  RawLog::change(folder_, [this](storage::Environment& env, storage::WriteTxn& txn) {
    Bytes note(*txn.get(env.table("checkpoint"), layout::number_key(10)));
    const auto checkpoint = ledger::parse_checkpoint(ledger::parse_note(note)->text);
    // One might be by the log's SM2 key, which this auditor was not given.
    note += ledger::log_line(*checkpoint, key_) + ledger::log_line(*checkpoint, crypto::SigningKey::generate());
    txn.put(env.table("checkpoint"), layout::number_key(10), note);
  });
  const LogReport found = report();
  EXPECT_EQ(codes(found), std::vector{Code::LOG_SIGNATURE});
  EXPECT_EQ(found.findings.listed.front().where, "checkpoint#10");
}

TEST_F(WitnessedTest, WhatIsShownFitsItsTile) {
  write(25);
  RawLog::change(folder_, [](storage::Environment& env, storage::WriteTxn& txn) {
    const Bytes other(*txn.get(env.table("entry"), layout::number_key(3)));
    txn.put(env.table("entry"), layout::number_key(4), other);
  });
  const auto log = LogReader::open(folder_).value();
  EXPECT_TRUE(log->entry(3).ok());
  EXPECT_EQ(log->entry(4).error().code, Code::LOG_TAMPERED);
  const Status pass = log->for_each_hashed(0, 25, [](std::uint64_t, BytesView) { return Status{}; });
  EXPECT_EQ(pass.error().where, "log#4");
}

}  // namespace
}  // namespace chuanyu::audit
