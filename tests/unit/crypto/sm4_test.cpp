// SM4 against GB/T 32907-2016 annex A and draft-ribose-cfrg-sm4 (counter mode); what sealing with it promises.
#include "gateway/crypto/sm4.h"

#include <gtest/gtest.h>

namespace chuanyu::crypto {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

const Bytes kExampleKey = hex("0123456789abcdeffedcba9876543210");

// One block: counter mode over zeroes gives the cipher's own output for the counter.
Bytes block(BytesView plain) { return sm4_ctr(kExampleKey, plain, Bytes(16, '\0')); }

TEST(Sm4, Gb32907Example1) { EXPECT_EQ(to_hex(block(kExampleKey)), "681edf34d206965e86b3e94f536e4246"); }

TEST(Sm4, Gb32907Example2AMillionRounds) {
  Bytes text = kExampleKey;
  for (int i = 0; i < 1'000'000; ++i) text = block(text);
  EXPECT_EQ(to_hex(text), "595298c7c6fd271f0402f804c33d3f66");
}

TEST(Sm4, CounterModeOverSeveralBlocks) {
  const Bytes plain = hex(
      "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeee"
      "aaaaaaaaaaaaaaaa");
  const Bytes counter = hex("000102030405060708090a0b0c0d0e0f");
  const Bytes made = sm4_ctr(kExampleKey, counter, plain);
  EXPECT_EQ(
      to_hex(made),
      "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b922a46b894bee4feb7"
      "9a3822940c935405");
  EXPECT_EQ(sm4_ctr(kExampleKey, counter, made), plain);
}

TEST(Sm4Seal, OpensOnlyWhatWasSealedHere) {
  const Bytes key(32, 'k');
  const Nonce nonce{1};
  const Bytes sealed = sm4_seal(key, nonce, "place", "body");
  EXPECT_EQ(sealed.size(), 4 + kSm4TagBytes);
  EXPECT_EQ(sm4_open(key, nonce, "place", sealed).value(), "body");
  EXPECT_EQ(sm4_open(key, nonce, "", sm4_seal(key, nonce, "", "")).value(), "");
  EXPECT_EQ(sm4_open(Bytes(32, 'x'), nonce, "place", sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(sm4_open(Bytes(16, 'k'), nonce, "place", sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(sm4_open(key, Nonce{}, "place", sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(sm4_open(key, nonce, "plac", sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(sm4_open(key, nonce, "place", sealed.substr(0, 31)).error().code, Code::LOCAL_CRYPTO);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(sm4_open(key, nonce, "place", changed).error().code, Code::LOCAL_CRYPTO) << "byte " << i;
  }
}

TEST(Sm4Seal, AssociatedDataAndNonceDoNotRunTogether) {
  const Bytes key(32, 'k');
  Nonce nonce{};
  nonce.fill('n');
  Nonce other{};
  other.fill('n');
  const Bytes sealed = sm4_seal(key, nonce, "n", "body");
  EXPECT_EQ(sm4_open(key, other, "", "n" + sealed).error().code, Code::LOCAL_CRYPTO);
}

}  // namespace
}  // namespace chuanyu::crypto
