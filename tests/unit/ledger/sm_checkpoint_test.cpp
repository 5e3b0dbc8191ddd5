// The SM profile's part in checkpoints: the SM2 line, its key's text form, and the SM3 tree.
#include "gateway/ledger/sm_checkpoint.h"

#include <gtest/gtest.h>

#include <bit>

#include "gateway/ledger/layout.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::ledger {
namespace {

constexpr std::string_view kOrigin = "chuanyu.sc/2026q4";

struct Keys {
  crypto::SigningKey ed25519 = crypto::SigningKey::generate();
  crypto::Sm2SigningKey sm2 = crypto::Sm2SigningKey::generate();
};

Checkpoint checkpoint_of(std::uint64_t size) { return {std::string(kOrigin), size, leaf_hash("root"), {}}; }

std::string signed_twice(const Keys& keys, std::uint64_t size) {
  const Checkpoint checkpoint = checkpoint_of(size);
  return sign_checkpoint(checkpoint, keys.ed25519) + sm2_line(to_text(checkpoint), kOrigin, keys.sm2);
}

TEST(SmCheckpoint, BothLinesHoldAndNeitherDisturbsTheOther) {
  const Keys keys;
  const Note note = parse_note(signed_twice(keys, 7)).value();
  EXPECT_EQ(note.signatures.size(), 2U);
  EXPECT_TRUE(is_signed_by(note, kOrigin, keys.ed25519.verify_key()));
  EXPECT_EQ(sm2_signature(note, kOrigin, keys.sm2.verify_key()), Sm2Signature::good);
  EXPECT_EQ(sm2_signature(note, "another/log", keys.sm2.verify_key()), Sm2Signature::absent);
  EXPECT_EQ(sm2_signature(note, kOrigin, Keys().sm2.verify_key()), Sm2Signature::absent);
  const Note plain = parse_note(sign_checkpoint(checkpoint_of(7), keys.ed25519)).value();
  EXPECT_EQ(sm2_signature(plain, kOrigin, keys.sm2.verify_key()), Sm2Signature::absent);
}

TEST(SmCheckpoint, AWrongLineSpoilsTheNote) {
  const Keys keys;
  Note note = parse_note(signed_twice(keys, 7)).value();
  note.text = to_text(checkpoint_of(8));
  EXPECT_EQ(sm2_signature(note, kOrigin, keys.sm2.verify_key()), Sm2Signature::bad);
  Note twice = parse_note(signed_twice(keys, 7)).value();
  twice.signatures.push_back(twice.signatures.back());
  twice.signatures.back().signature.back() = static_cast<char>(twice.signatures.back().signature.back() ^ 1);
  EXPECT_EQ(sm2_signature(twice, kOrigin, keys.sm2.verify_key()), Sm2Signature::bad);
}

// Key ids stand in checkpoints for ever. The key is that of GM/T 0003.5-2012 annex A.
TEST(SmCheckpointGolden, KeyIdAndText) {
  const auto key =
      crypto::Sm2VerifyKey::from_raw(*from_hex("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
                                               "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"));
  const std::string text = to_sm2_vkey("example.com/log", *key);
  EXPECT_EQ(text,
            "example.com/log+02c71568+/2NodWFueXUvc20yLXdpdGgtc20zBAn53zEeVCGhUN19Fh5LxcZyF5+tGDP8B2uwj/"
            "NW81AgzOpJDOJndaUtxupxjMGqYArtBfvzXghKZjL2By2prRM=");
  EXPECT_EQ(sm2_key_id("example.com/log", *key), 0x02c71568U);
  const auto back = parse_sm2_vkey(text);
  ASSERT_TRUE(back.ok()) << back.error().to_text();
  EXPECT_EQ(back->name, "example.com/log");
  EXPECT_EQ(back->key.raw(), key->raw());
}

TEST(SmCheckpoint, WhatIsNoKey) {
  const Keys keys;
  std::string other_id = to_sm2_vkey("a/log", keys.sm2.verify_key());
  other_id.replace(0, 1, "b");
  for (const std::string& bad : {std::string(), std::string("a+b"), other_id,
                                 to_vkey("a/log", keys.ed25519.verify_key()), std::string("a/log+00000000+/w==")}) {
    const auto refused = parse_sm2_vkey(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, Code::CONFIG_VALUE);
  }
  EXPECT_FALSE(parse_vkey(to_sm2_vkey("a/log", keys.sm2.verify_key())).ok()) << "an SM2 key is no Ed25519 key";
}

// RFC 6962's definition, word for word, with SM3.
Digest slow_root(const std::vector<std::string>& entries, std::size_t begin, std::size_t end) {
  if (begin == end) return crypto::sm3("");
  if (end - begin == 1) return crypto::sm3(std::string(1, '\0') + entries[begin]);
  const std::size_t split = begin + std::bit_floor(end - begin - 1);
  const Digest left = slow_root(entries, begin, split);
  const Digest right = slow_root(entries, split, end);
  return crypto::sm3("\x01" + std::string(crypto::view(left)) + std::string(crypto::view(right)));
}

TEST(Sm3Tree, IsTheTreeOfRfc6962WithSm3) {
  std::vector<std::string> entries;
  Sm3Frontier frontier;
  for (std::size_t size = 0; size < 130; ++size) {
    ASSERT_EQ(frontier.root(), slow_root(entries, 0, size)) << size;
    entries.push_back("entry " + std::to_string(size));
    frontier.append(sm3_leaf_hash(entries.back()));
  }
}

TEST(Sm3Tree, ItsRowComesBackAndIsNotTakenForTheOtherTrees) {
  Sm3Frontier frontier;
  for (int i = 0; i < 11; ++i) frontier.append(sm3_leaf_hash(std::to_string(i)));
  const Bytes row = layout::encode_sm3({sm3_origin(kOrigin), frontier});
  const auto back = layout::decode_sm3_tree_row(row);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->origin, "chuanyu.sc/2026q4/sm3");
  EXPECT_EQ(back->frontier, frontier);
  EXPECT_EQ(layout::decode_tree_row(row).error().code, Code::LOCAL_CORRUPT);
}

TEST(Sm3Tree, ItsCheckpointIsSignedWithSm2Alone) {
  const Keys keys;
  const std::string origin = sm3_origin(kOrigin);
  const Note note = parse_note(sign_sm3_checkpoint({origin, 3, sm3_leaf_hash("root"), {}}, keys.sm2)).value();
  EXPECT_EQ(note.signatures.size(), 1U);
  EXPECT_EQ(sm2_signature(note, origin, keys.sm2.verify_key()), Sm2Signature::good);
  EXPECT_EQ(parse_checkpoint(note.text)->origin, origin);
}

}  // namespace
}  // namespace chuanyu::ledger
