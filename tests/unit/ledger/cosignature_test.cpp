#include "gateway/ledger/cosignature.h"

#include <gtest/gtest.h>

#include <map>

namespace chuanyu::ledger {
namespace {

constexpr const char* kOrigin = "chuanyu.sc/2026q4";
constexpr const char* kWitness = "cq.witness";
constexpr std::uint64_t kSeconds = 1'795'302'633;

// A log that grows, with everything needed to prove things about it.
struct GrowingLog {
  crypto::SigningKey key = crypto::SigningKey::generate();
  std::vector<Digest> leaves;

  void grow_to(std::uint64_t size, char salt = 'a') {
    while (leaves.size() < size) leaves.push_back(leaf_hash(std::to_string(leaves.size()) + salt));
  }
  Digest root(std::uint64_t from, std::uint64_t to) const {
    if (to - from == 1) return leaves[from];
    std::uint64_t half = 1;
    while (half * 2 < to - from) half *= 2;
    return node_hash(root(from, from + half), root(from + half, to));
  }
  Digest root(std::uint64_t size) const { return size == 0 ? empty_root() : root(0, size); }
  NodeReader nodes() const {
    return [this](unsigned level, std::uint64_t index) -> Result<Digest> {
      return root(index << level, (index + 1) << level);
    };
  }
  std::string note(std::uint64_t size) const { return sign_checkpoint({kOrigin, size, root(size), {}}, key); }
  AddCheckpoint request(std::uint64_t old_size, std::uint64_t size) const {
    Proof proof;
    if (old_size > 0 && old_size < size) proof = consistency_proof(old_size, size, nodes()).value();
    return {old_size, proof, note(size)};
  }
};

// A witness of one log, as the specification has it.
struct Memory {
  const GrowingLog& log;
  Seen seen{};

  Judgement ask(const AddCheckpoint& request) {
    auto made = judge(
        request,
        [&](const std::string& origin) -> VerifyKeys {
          if (origin != kOrigin) return {};
          return log.key.verify_key();
        },
        [&](const std::string&) -> Result<Seen> { return seen; });
    EXPECT_TRUE(made.ok());
    if (made->status == 200) seen = {made->checkpoint.size, made->checkpoint.root};
    return *made;
  }
};

TEST(Cosignature, IsOfThisWitnessThisTimeAndThisText) {
  const auto key = crypto::SigningKey::generate();
  const NamedKey witness{kWitness, key.verify_key(), KeyType::cosignature};
  GrowingLog log;
  log.grow_to(5);
  std::string text = log.note(5);
  text += to_line(cosign(parse_note(text)->text, kWitness, key, kSeconds));
  EXPECT_EQ(cosigned_at(parse_note(text).value(), witness), kSeconds);

  const NamedKey other_name{"other.witness", key.verify_key(), KeyType::cosignature};
  const NamedKey other_key{kWitness, crypto::SigningKey::generate().verify_key(), KeyType::cosignature};
  EXPECT_EQ(cosigned_at(parse_note(text).value(), other_name), std::nullopt);
  EXPECT_EQ(cosigned_at(parse_note(text).value(), other_key), std::nullopt);
  // The same key as a log's key has another id: a checkpoint's signature is no cosignature.
  EXPECT_NE(witness.id(), key_id(kWitness, key.verify_key()));

  Note changed = parse_note(text).value();
  changed.text[kOrigin[0] == 'c' ? 1 : 0] ^= 1;
  EXPECT_EQ(cosigned_at(changed, witness), std::nullopt);
  Note later = parse_note(text).value();
  later.signatures.back().signature[7] ^= 1;  // the time is signed
  EXPECT_EQ(cosigned_at(later, witness), std::nullopt);
}

TEST(Cosignature, TheMessageIsThatOfTheSpecification) {
  const auto key = crypto::SigningKey::generate();
  const NoteSignature line = cosign("example.com/log\n1\nAAA=\n", kWitness, key, 1679315147);
  EXPECT_EQ(line.signature.substr(0, 8), from_hex("00000000641850cb").value());
  EXPECT_TRUE(key.verify_key().verify({}, "cosignature/v1\ntime 1679315147\nexample.com/log\n1\nAAA=\n",
                                      line.signature.substr(8)));
}

TEST(Cosignature, AKeyOfAWitnessHasAVkeyOfItsOwn) {
  const auto key = crypto::SigningKey::generate();
  const std::string vkey = to_vkey(kWitness, key.verify_key(), KeyType::cosignature);
  const auto read = parse_vkey(vkey);
  ASSERT_TRUE(read.ok()) << read.error().to_text();
  EXPECT_EQ(read->type, KeyType::cosignature);
  EXPECT_NE(vkey, to_vkey(kWitness, key.verify_key()));
}

TEST(AddCheckpointText, GoesThereAndBack) {
  GrowingLog log;
  log.grow_to(9);
  const AddCheckpoint asked = log.request(3, 9);
  const auto read = parse_add_checkpoint(to_text(asked));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->old_size, 3U);
  EXPECT_EQ(read->proof, asked.proof);
  EXPECT_EQ(read->note, asked.note);
  for (const char* bad : {"", "old\n\n", "old 01\n\nx", "old 1\nxx\n\n", "new 1\n\n", "old 1\n", "old -1\n\n"}) {
    EXPECT_FALSE(parse_add_checkpoint(bad).ok()) << bad;
  }
  std::string long_proof = "old 1\n";
  for (int i = 0; i < 64; ++i) long_proof += to_base64(std::string(32, 'x')) + "\n";
  EXPECT_FALSE(parse_add_checkpoint(long_proof + "\n").ok());
}

TEST(AddCheckpointText, TheSizeThatWasSeenIsOneDecimalLine) {
  EXPECT_EQ(parse_seen_size("300\n").value(), 300U);
  EXPECT_EQ(parse_seen_size("18446744073709551615\n").value(), UINT64_MAX);
  for (const char* bad : {"", "300", "0300\n", "-1\n", "300\n\n", "18446744073709551616\n", "{}\n"}) {
    EXPECT_FALSE(parse_seen_size(bad).ok()) << bad;
  }
}

TEST(Judge, FollowsALogThatGrows) {
  GrowingLog log;
  log.grow_to(300);
  Memory witness{log};
  EXPECT_EQ(witness.ask(log.request(0, 0)).status, 200);
  for (const auto& [from, to] : std::map<std::uint64_t, std::uint64_t>{{0, 1}, {1, 7}, {7, 8}, {8, 255}, {255, 300}}) {
    EXPECT_EQ(witness.ask(log.request(from, to)).status, 200) << from << "-" << to;
  }
  EXPECT_EQ(witness.ask(log.request(300, 300)).status, 200);  // again: as good as before
  EXPECT_EQ(witness.seen.size, 300U);
}

TEST(Judge, RefusesAsTheSpecificationSays) {
  GrowingLog log;
  log.grow_to(20);
  Memory witness{log};
  ASSERT_EQ(witness.ask(log.request(0, 10)).status, 200);

  const Judgement stale = witness.ask(log.request(5, 12));
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.seen_size, 10U);
  EXPECT_FALSE(stale.evidence);
  EXPECT_EQ(witness.ask(log.request(15, 12)).status, 400);  // old size beyond the checkpoint
  AddCheckpoint unproven = log.request(10, 12);
  unproven.proof.clear();
  EXPECT_EQ(witness.ask(unproven).status, 422);
  AddCheckpoint garbage = log.request(10, 12);
  garbage.note = "not a note";
  EXPECT_EQ(witness.ask(garbage).status, 400);
  AddCheckpoint unknown = log.request(10, 12);
  unknown.note = sign_checkpoint({"other/log", 12, log.root(12), {}}, log.key);
  EXPECT_EQ(witness.ask(unknown).status, 404);
  AddCheckpoint forged = log.request(10, 12);
  forged.note = sign_checkpoint({kOrigin, 12, log.root(12), {}}, crypto::SigningKey::generate());
  EXPECT_EQ(witness.ask(forged).status, 403);
  EXPECT_EQ(witness.seen.size, 10U);  // none of them moved it
}

TEST(Judge, KeepsWhatALogSignedTwice) {
  GrowingLog log;
  log.grow_to(10);
  Memory witness{log};
  ASSERT_EQ(witness.ask(log.request(0, 10)).status, 200);
  GrowingLog other{log.key, {}};
  other.grow_to(5);
  other.grow_to(12, 'b');  // another history from entry 5 on, under the same key
  const Judgement split = witness.ask(other.request(10, 10));
  EXPECT_EQ(split.status, 409);
  EXPECT_TRUE(split.evidence);
  const Judgement rewritten = witness.ask(other.request(10, 12));
  EXPECT_EQ(rewritten.status, 422);
  EXPECT_TRUE(rewritten.evidence);
}

}  // namespace
}  // namespace chuanyu::ledger
