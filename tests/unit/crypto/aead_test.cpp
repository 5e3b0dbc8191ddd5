// AES-256-GCM against the test cases of the GCM submission to NIST (McGrew and Viega, cases 13 to 16).
#include "gateway/crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace chuanyu::crypto {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

Nonce nonce(std::string_view text) {
  Nonce out{};
  const Bytes bytes = hex(text);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

struct Case {
  std::string key, nonce, associated, plain, cipher, tag;
};

const Case kCases[] = {
    {std::string(64, '0'), std::string(24, '0'), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {std::string(64, '0'), std::string(24, '0'), "", std::string(32, '0'), "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(Aead, PublishedCases) {
  for (const Case& c : kCases) {
    const Bytes sealed = seal(hex(c.key), nonce(c.nonce), hex(c.associated), hex(c.plain));
    EXPECT_EQ(to_hex(sealed), c.cipher + c.tag);
    const auto opened = open(hex(c.key), nonce(c.nonce), hex(c.associated), sealed);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, hex(c.plain));
  }
}

TEST(Aead, AnyOtherBitIsRefusedAndTheNextCallIsUnharmed) {
  const Bytes key = random_bytes(32);
  const Nonce n = nonce("000102030405060708090a0b");
  const Bytes sealed = seal(key, n, "entry 7", "遂宁市");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes bad = sealed;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    const auto opened = open(key, n, "entry 7", bad);
    ASSERT_FALSE(opened.ok()) << "byte " << i;
    EXPECT_EQ(opened.error().code, Code::LOCAL_CRYPTO);
  }
  EXPECT_FALSE(open(key, n, "entry 8", sealed).ok());
  EXPECT_FALSE(open(key, n, "", sealed).ok());
  EXPECT_FALSE(open(random_bytes(32), n, "entry 7", sealed).ok());
  EXPECT_FALSE(open(key, nonce("000102030405060708090a0c"), "entry 7", sealed).ok());
  EXPECT_EQ(open(key, n, "entry 7", sealed).value(), "遂宁市");
}

TEST(Aead, WrongSizesAreRefusedNotRead) {
  const Bytes key = random_bytes(32);
  const Nonce n{};
  EXPECT_FALSE(open(key, n, "", "").ok());
  EXPECT_FALSE(open(key, n, "", Bytes(15, 'x')).ok());
  EXPECT_FALSE(open(key.substr(1), n, "", seal(key, n, "", "x")).ok());
}

TEST(RandomBytes, AreAsManyAsAskedAndNotTheSame) {
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(random_bytes(0), "");
}

}  // namespace
}  // namespace chuanyu::crypto
