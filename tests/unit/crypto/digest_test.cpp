// Digests and HMACs against published vectors: NIST FIPS 180-4 examples, RFC 4231; GB/T 32905-2016.
#include "gateway/crypto/digest.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace chuanyu::crypto {
namespace {

std::string hex(const Digest& digest) { return to_hex(view(digest)); }

TEST(Sha256, Fips180Examples) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PartsAreDigestedOneAfterAnother) {
  EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc"));
  const std::initializer_list<BytesView> none = {};
  EXPECT_EQ(sha256(none), sha256(""));
}

TEST(Sha256, EveryThreadHasItsOwnContext) {
  const Digest expected = sha256("abc");
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&count, &expected] {
      for (int i = 0; i < 2000; ++i) count += sha256("abc") != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(HmacSha256, Rfc4231) {
  const auto mac = [](std::string key, BytesView data) { return hex(hmac_sha256(Secret(std::move(key)), data)); };
  EXPECT_EQ(mac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(mac(from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819").value(), std::string(50, '\xcd')),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(mac(std::string(131, '\xaa'),
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
                "be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(HmacSha256, AnEmptyKeyIsNotTheKeyOfTheLastCall) {
  const Digest other = hmac_sha256(Secret("secret"), "");
  const Digest empty = hmac_sha256(Secret(), "");
  EXPECT_NE(hex(empty), hex(other));
  // OpenSSL's own test data: HMAC-SHA-256 of nothing with the empty key.
  EXPECT_EQ(hex(empty), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Sm3, Gb32905Examples) {  // annex A.1 and A.2
  EXPECT_EQ(hex(sm3("abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += "abcd";
  EXPECT_EQ(hex(sm3(sixteen)), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
  EXPECT_EQ(sm3({"a", "", "bc"}), sm3("abc"));
}

// The values were computed from RFC 2104's definition and agree with `openssl dgst -sm3 -mac HMAC`.
TEST(HmacSm3, HmacOfRfc2104OverSm3) {
  const auto mac = [](BytesView key, BytesView data) { return hex(hmac_sm3(key, {data})); };
  EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"),
            "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882");
  EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "b4fd844e13342002f0b2e0690ea7741f1497d993a70494cea601e657bedf67a0");
  EXPECT_EQ(hmac_sm3("Jefe", {"what do ya ", "want for nothing?"}), hmac_sm3("Jefe", {"what do ya want for nothing?"}));
  EXPECT_EQ(mac("", ""), "0d23f72ba15e9c189a879aefc70996b06091de6e64d31b7a84004356dd915261");
  EXPECT_EQ(mac({}, ""), "0d23f72ba15e9c189a879aefc70996b06091de6e64d31b7a84004356dd915261")
      << "no key is the empty key, not that of the last call";
}

}  // namespace
}  // namespace chuanyu::crypto
