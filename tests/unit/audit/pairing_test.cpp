// Two logs against each other.
#include "gateway/audit/pairing.h"

#include "gateway/ledger/shard.h"
#include "raw_log.h"
#include "schemas/canonical/peer.pb.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class PairingTest : public testing::Test {
 protected:
  // Sichuan sends; returns the stream position.
  std::uint64_t send(EntryKind kind, Uuid exchange) {
    ledger::Entry entry = entry_of(kind, exchange);
    entry.peer = "cq";
    sc_.add(entry);
    return ++position_;
  }
  // Chongqing takes it; returns the index of its entry.
  std::uint64_t arrive(EntryKind kind, Uuid exchange, std::uint64_t position) {
    ledger::Entry entry = entry_of(kind, exchange);
    entry.peer = "sc";
    entry.stream = position;
    entry.peer_log = sc_.id;
    return cq_.add(entry);
  }
  v1::PeerReceipt receipt_for(Uuid exchange, std::uint64_t position, std::uint64_t index) {
    v1::PeerReceipt receipt;
    receipt.set_gateway("cq");
    receipt.set_stream(std::string(sc_.id.bytes()));
    receipt.set_position(position);
    receipt.set_exchange(std::string(exchange.bytes()));
    receipt.set_log_index(index);
    if (index < cq_.entries.size()) receipt.set_leaf(Bytes(crypto::view(cq_.leaf(index))));
    return receipt;
  }
  // Sichuan writes the outcome down.
  void settle(EntryKind kind, Uuid exchange, std::uint64_t position, const v1::PeerReceipt& receipt) {
    ledger::Entry entry = entry_of(kind, exchange);
    entry.peer = "cq";
    entry.stream = position;
    v1::SignedReceipt signed_receipt;
    signed_receipt.set_receipt(receipt.SerializeAsString());
    signed_receipt.set_signature(cq_.key.sign("chuanyu-receipt-v1", signed_receipt.receipt()));
    entry.receipt = signed_receipt.SerializeAsString();
    sc_.add(entry);
  }
  PairReport pair_them() {
    sc_.write(temporary_ / "sc");
    cq_.write(temporary_ / "cq");
    const auto sc = LogReader::open(temporary_ / "sc").value();
    const auto cq = LogReader::open(temporary_ / "cq").value();
    return pair({*sc, sc_keys_, none_}, {*cq, cq_keys_, none_});
  }
  static std::string all(const PairReport& report) {
    std::string text;
    for (const Error& found : report.findings.listed) text += found.to_text() + "\n";
    return text;
  }
  bool only(const PairReport& report, Code code) {
    return report.findings.counts.size() == 1 && report.findings.counts.begin()->first == code;
  }

  TempFolder temporary_;
  RawLog sc_{"sc"};
  RawLog cq_{"cq"};
  const ledger::VerifyKeys none_;
  ledger::VerifyKeys sc_keys_{sc_.key.verify_key()};
  ledger::VerifyKeys cq_keys_{cq_.key.verify_key()};
  std::uint64_t position_ = 0;
  Uuid e1_ = Uuid::make(1'795'302'633'000'000);
  Uuid e2_ = Uuid::make(1'795'302'633'000'001);
};

TEST_F(PairingTest, EverythingHasItsPartner) {
  const auto p1 = send(EntryKind::accepted, e1_);
  const auto a1 = arrive(EntryKind::received, e1_, p1);
  settle(EntryKind::delivered, e1_, p1, receipt_for(e1_, p1, a1));

  const auto p2 = send(EntryKind::queried, e2_);
  const auto a2 = arrive(EntryKind::denied, e2_, p2);
  auto refusal = receipt_for(e2_, p2, a2);
  refusal.set_refused(true);
  settle(EntryKind::refused, e2_, p2, refusal);

  const auto p3 = send(EntryKind::acknowledged, e1_);
  arrive(EntryKind::acknowledged, e1_, p3);
  send(EntryKind::accepted, Uuid::make(5));

  const auto p5 = send(EntryKind::accepted, Uuid::make(6));
  settle(EntryKind::expired, Uuid::make(6), p5, {});

  const PairReport report = pair_them();
  EXPECT_TRUE(report.findings.empty()) << all(report);
  EXPECT_EQ(report.sent, 5U);
  EXPECT_EQ(report.delivered, 1U);
  EXPECT_EQ(report.refused, 1U);
  EXPECT_EQ(report.receipt_pending, 1U);
  EXPECT_EQ(report.under_way, 1U);
  EXPECT_EQ(report.expired, 1U);
}

TEST_F(PairingTest, AReceiptWithoutAPartnerIsTampering) {
  const auto p1 = send(EntryKind::accepted, e1_);
  cq_.add(entry_of(EntryKind::published));
  settle(EntryKind::delivered, e1_, p1, receipt_for(e1_, p1, 1));
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_TAMPERED)) << all(report);
}

TEST_F(PairingTest, AnOlderCopyOfThePeerIsIncomplete) {
  const auto p1 = send(EntryKind::accepted, e1_);
  settle(EntryKind::delivered, e1_, p1, receipt_for(e1_, p1, 17));
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_INCOMPLETE)) << all(report);
}

TEST_F(PairingTest, AnArrivalThatWasNeverSent) {
  arrive(EntryKind::received, e1_, 1);
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_INCOMPLETE)) << all(report);
}

TEST_F(PairingTest, AStreamThatTheSenderDoesNotHave) {
  ledger::Entry entry = entry_of(EntryKind::received, e1_);
  entry.peer = "sc";
  entry.stream = 1;
  entry.peer_log = e2_;  // of a shard behind a recovery, lost since
  cq_.add(entry);
  entry.exchange = e2_;
  entry.stream = 2;
  cq_.add(entry);
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_INCOMPLETE)) << all(report);
  EXPECT_EQ(report.findings.listed.size(), 1U);
  EXPECT_NE(all(report).find("收到了 2 封"), std::string::npos) << all(report);
}

TEST_F(PairingTest, AnEnvelopeThatTookEffectTwice) {
  const auto p1 = send(EntryKind::accepted, e1_);
  arrive(EntryKind::received, e1_, p1);
  arrive(EntryKind::received, e1_, p1);
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_TAMPERED)) << all(report);
}

TEST_F(PairingTest, AReceiptThatNamesAnotherEntry) {
  const auto p1 = send(EntryKind::accepted, e1_);
  const auto a1 = arrive(EntryKind::received, e1_, p1);
  auto receipt = receipt_for(e1_, p1, a1);
  receipt.set_leaf(Bytes(crypto::view(cq_.leaf(0))));
  settle(EntryKind::delivered, e1_, p1, receipt);
  EXPECT_TRUE(only(pair_them(), Code::LOG_TAMPERED));
}

TEST_F(PairingTest, AReceiptThatThePeerDidNotSign) {
  const auto p1 = send(EntryKind::accepted, e1_);
  const auto a1 = arrive(EntryKind::received, e1_, p1);
  const auto receipt = receipt_for(e1_, p1, a1);
  cq_.key = crypto::SigningKey::generate();
  settle(EntryKind::delivered, e1_, p1, receipt);
  cq_.key = crypto::SigningKey::generate();
  EXPECT_TRUE(only(pair_them(), Code::LOG_SIGNATURE));
}

TEST_F(PairingTest, TheTwoDisagreeOnTheExchangeOrTheOutcome) {
  const auto p1 = send(EntryKind::accepted, e1_);
  arrive(EntryKind::received, e2_, p1);
  const auto p2 = send(EntryKind::accepted, e2_);
  const auto a2 = arrive(EntryKind::failed, e2_, p2);
  settle(EntryKind::delivered, e2_, p2, receipt_for(e2_, p2, a2));
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_TAMPERED));
  EXPECT_EQ(report.findings.listed.size(), 2U) << all(report);
}

// A gateway that struck a receipt out of its log and signed the log anew: the ones after it give it away.
TEST_F(PairingTest, AReceiptThatWasDropped) {
  for (const bool dropped : {true, false}) {
    const Uuid exchange = Uuid::make(1'795'302'633'000'000 + (dropped ? 1 : 2));
    const std::uint64_t position = send(EntryKind::accepted, exchange);
    const std::uint64_t index = arrive(EntryKind::received, exchange, position);
    if (!dropped) settle(EntryKind::delivered, exchange, position, receipt_for(exchange, position, index));
  }
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_INCOMPLETE)) << all(report);
  EXPECT_NE(all(report).find("这一封的回执却不在日志中"), std::string::npos) << all(report);
}

// A later shard alone: its positions count from entries that are not there.
TEST_F(PairingTest, WithoutItsBeginningALogIsNotPaired) {
  ledger::Entry opening = entry_of(EntryKind::shard_open, sc_.id);
  opening.gateway = "sc";
  opening.time = 1'795'302'633'000'000;
  opening.content = to_text(ledger::ShardOpening{"chuanyu/sc/1", 40, {}});
  sc_.entries[0] = ledger::encode(opening);
  send(EntryKind::accepted, e1_);
  settle(EntryKind::delivered, e1_, 41, receipt_for(e1_, 41, 7));
  const PairReport report = pair_them();
  EXPECT_TRUE(only(report, Code::LOG_INCOMPLETE)) << all(report);
  EXPECT_NE(all(report).find("缺少此前的分卷"), std::string::npos) << all(report);
}

// What Chongqing's gateway cosigned of Sichuan's log stands in its own.
class EntangledTest : public PairingTest {
 protected:
  EntangledTest() {
    for (int i = 0; i < 600; ++i) sc_.add(entry_of(EntryKind::published));
  }
  std::string note(std::uint64_t size, const crypto::SigningKey& key, std::string origin = {}) const {
    ledger::Frontier tree;
    for (std::uint64_t i = 0; i < size && i < sc_.entries.size(); ++i) tree.append(sc_.leaf(i));
    if (origin.empty()) origin = sc_.origin;
    return ledger::sign_checkpoint({origin, size, tree.root(), {}}, key);
  }
  void quote(const std::string& note, const std::string& origin) {
    ledger::Entry entry;
    entry.kind = EntryKind::peer_checkpoint;
    entry.exchange = Uuid::make(7);
    entry.what = origin;
    entry.content = note;
    cq_.add(entry);
  }
  void expect_one(Code code, const std::string& words) {
    const PairReport report = pair_them();
    EXPECT_TRUE(only(report, code)) << all(report);
    EXPECT_NE(all(report).find(words), std::string::npos) << all(report);
  }
};

TEST_F(EntangledTest, CheckpointsOfThatLogAgree) {
  for (const std::uint64_t size : {1U, 255U, 256U, 257U, 600U, 601U}) quote(note(size, sc_.key), sc_.origin);
  const PairReport report = pair_them();
  EXPECT_TRUE(report.findings.empty()) << all(report);
  EXPECT_EQ(report.cosigned, 6U);
}

TEST_F(EntangledTest, TwoStoriesAreFound) {
  auto checkpoint = ledger::parse_checkpoint(ledger::parse_note(note(300, sc_.key))->text).value();
  checkpoint.root[5] ^= 1;
  quote(ledger::sign_checkpoint(checkpoint, sc_.key), sc_.origin);
  expect_one(Code::LOG_SPLIT, "前 300 条");
}

// Whose the fault is, the entries say: nobody is accused of two stories because a tile was damaged.
TEST_F(EntangledTest, ADamagedTileIsNoSecondStory) {
  for (const std::uint64_t size : {300U, 400U, 500U}) quote(note(size, sc_.key), sc_.origin);
  sc_.write(temporary_ / "sc");
  cq_.write(temporary_ / "cq");
  RawLog::flip(temporary_ / "sc", "tile", layout::tile_key({0, 1}), 40);
  const auto sc = LogReader::open(temporary_ / "sc").value();
  const auto cq = LogReader::open(temporary_ / "cq").value();
  const PairReport report = pair({*sc, sc_keys_, none_}, {*cq, cq_keys_, none_});
  EXPECT_TRUE(report.findings.empty()) << all(report);
}

TEST_F(EntangledTest, ManyThatDoNotAgreeAreOneFinding) {
  for (const std::uint64_t size : {300U, 400U, 500U}) quote(note(size, sc_.key), sc_.origin);
  sc_.entries[20] = ledger::encode(entry_of(EntryKind::expired));
  const PairReport report = pair_them();
  EXPECT_EQ(report.findings.listed.size(), 1U) << all(report);
  EXPECT_NE(all(report).find("前 300 条"), std::string::npos) << all(report);
  EXPECT_NE(all(report).find("另有 2 个"), std::string::npos) << all(report);
}

TEST_F(EntangledTest, ALogThatWasSetBackIsFound) {
  quote(note(650, sc_.key), sc_.origin);
  quote(note(700, sc_.key), sc_.origin);
  expect_one(Code::LOG_INCOMPLETE, "前 700 条，所给的日志只有 601 条");
}

TEST_F(EntangledTest, AShardThatWasGivenUpIsNamed) {
  const std::string shard = ledger::shard_origin(sc_.origin, "20261122t114929z");
  quote(note(20, sc_.key, shard), shard);
  expect_one(Code::LOG_INCOMPLETE, shard + " 的前 20 条，所给的日志没有这一分卷");
}

TEST_F(EntangledTest, NobodyElseSpeaksForTheLog) {
  quote(note(300, cq_.key), sc_.origin);
  expect_one(Code::LOG_SIGNATURE, "不是对方的公钥所签");
}

TEST_F(EntangledTest, CheckpointsOfOthersAreNoneOfItsConcern) {
  quote(note(300, cq_.key, "other.example/1"), "other.example/1");
  EXPECT_TRUE(pair_them().findings.empty());
}

}  // namespace
}  // namespace chuanyu::audit
