// SHA-256 and HMAC-SHA-256 against published vectors: NIST FIPS 180-4 examples, RFC 4231.
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

}  // namespace
}  // namespace chuanyu::crypto
