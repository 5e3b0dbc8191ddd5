#include "gateway/ledger/checkpoint.h"

#include <gtest/gtest.h>

namespace chuanyu::ledger {
namespace {

constexpr const char* kOrigin = "chuanyu/sc/2026q4";

Checkpoint some_checkpoint() {
  Checkpoint checkpoint{kOrigin, 1042, {}, {}};
  checkpoint.root.fill(0xAB);
  return checkpoint;
}

// The example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes: PeterNeumann's key and note.
TEST(SignedNote, TheNoteOfTheGoDocumentation) {
  const auto key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(key.ok()) << key.error().to_text();
  const std::string text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const std::string line =
      "\xE2\x80\x94 PeterNeumann "
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const auto note = parse_note(text + "\n" + line);
  ASSERT_TRUE(note.ok()) << note.error().to_text();
  EXPECT_EQ(note->text, text);
  EXPECT_TRUE(is_signed_by(*note, key->name, key->key));
  EXPECT_EQ(to_vkey(key->name, key->key), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");

  const auto changed = parse_note("I" + text + "\n" + line);
  EXPECT_FALSE(is_signed_by(*changed, key->name, key->key));
}

TEST(Checkpoint, TheText) {
  EXPECT_EQ(to_text(some_checkpoint()), "chuanyu/sc/2026q4\n1042\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n");
  Checkpoint extended = some_checkpoint();
  extended.extensions = {"ext 1"};
  EXPECT_EQ(parse_checkpoint(to_text(extended)).value(), extended);
}

TEST(Checkpoint, OnlyTheRightKeyAndOriginOpenIt) {
  const auto key = crypto::SigningKey::generate();
  const auto other = crypto::SigningKey::generate();
  const std::string note = sign_checkpoint(some_checkpoint(), key);
  EXPECT_EQ(open_checkpoint(note, kOrigin, key.verify_key()).value(), some_checkpoint());
  EXPECT_EQ(open_checkpoint(note, kOrigin, other.verify_key()).error().code, Code::LOG_SIGNATURE);
  EXPECT_EQ(open_checkpoint(note, "chuanyu/cq/2026q4", key.verify_key()).error().code, Code::LOG_SIGNATURE);
}

TEST(Checkpoint, FurtherSignaturesArePassedOver) {
  const auto key = crypto::SigningKey::generate();
  const std::string cosignature = "\xE2\x80\x94 witness.example " + to_base64("1234and a signature of a kind") + "\n";
  const std::string note = sign_checkpoint(some_checkpoint(), key) + cosignature;
  EXPECT_TRUE(open_checkpoint(note, kOrigin, key.verify_key()).ok());
  EXPECT_EQ(parse_note(note)->signatures.size(), 2U);
}

TEST(Checkpoint, ABadSignatureByTheKeySpoilsTheNote) {
  const auto key = crypto::SigningKey::generate();
  const std::string note = sign_checkpoint(some_checkpoint(), key);
  Checkpoint other = some_checkpoint();
  other.size = 9;
  const std::string foreign = sign_checkpoint(other, key);
  EXPECT_FALSE(open_checkpoint(note + foreign.substr(foreign.rfind("\xE2\x80\x94")), kOrigin, key.verify_key()).ok());
}

TEST(Checkpoint, EveryChangedByteIsSeen) {
  const auto key = crypto::SigningKey::generate();
  const std::string note = sign_checkpoint(some_checkpoint(), key);
  for (std::size_t place = 0; place < note.size(); ++place) {
    std::string changed = note;
    changed[place] ^= 0x01;
    EXPECT_FALSE(open_checkpoint(changed, kOrigin, key.verify_key()).ok()) << place;
  }
}

TEST(Checkpoint, WhatIsNoCheckpoint) {
  for (const char* text :
       {"", "a\n", "a\n1\n", "a\n1\nAA==\n", "a b\n1\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n",
        "a\n01\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n",
        "a\n-1\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n",
        "a\n99999999999999999999\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n",
        "a\n1\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="}) {
    EXPECT_EQ(parse_checkpoint(text).error().code, Code::LOG_INCOMPLETE) << text;
  }
  for (const char* note : {"", "a\n", "a\n\n", "a\n\nno dash\n", "a\n\n\xE2\x80\x94 n\n", "a\n\n\xE2\x80\x94 n AAAA\n",
                           "a\n\n\xE2\x80\x94 n AAAAAAA=", "a\x01\n\n\xE2\x80\x94 n AAAAAAA=\n"}) {
    EXPECT_EQ(parse_note(note).error().code, Code::LOG_SIGNATURE) << note;
  }
}

TEST(Vkey, WhatIsNone) {
  const auto key = crypto::SigningKey::generate();
  const std::string good = to_vkey(kOrigin, key.verify_key());
  EXPECT_EQ(parse_vkey(good)->key.raw(), key.verify_key().raw());
  for (std::string text : {std::string(), std::string("a+b"), "x" + good, good + "A"}) {
    EXPECT_EQ(parse_vkey(text).error().code, Code::CONFIG_VALUE) << text;
  }
}

}  // namespace
}  // namespace chuanyu::ledger
