// SM2 with SM3 against the example of GM/T 0003.5-2012 annex A.2 (GB/T 32918.5-2017), and the files its keys live in.
#include "gateway/crypto/sm2.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gateway/crypto/signature.h"

namespace chuanyu::crypto {
namespace {

constexpr std::string_view kMessage = "message digest";
const Bytes kPoint = from_hex(
                         "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
                         "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
                         .value();
const Bytes kSignature = from_hex(
                             "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                             "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
                             .value();

TEST(Sm2, ThePublishedSignatureVerifies) {
  const auto key = Sm2VerifyKey::from_raw(kPoint);
  ASSERT_TRUE(key.ok()) << key.error().to_text();
  EXPECT_TRUE(key->verify(kMessage, kSignature));
  EXPECT_FALSE(key->verify("message digesT", kSignature));
  for (const std::size_t place : {0U, 31U, 32U, 63U}) {
    Bytes changed = kSignature;
    changed[place] = static_cast<char>(changed[place] ^ 1);
    EXPECT_FALSE(key->verify(kMessage, changed)) << place;
  }
  EXPECT_FALSE(key->verify(kMessage, kSignature.substr(1)));
  EXPECT_FALSE(key->verify(kMessage, Bytes(64, '\0')));
  EXPECT_FALSE(key->verify(kMessage, ""));
}

TEST(Sm2, SignaturesAreOfTheirKeyAndMessageOnly) {
  const Sm2SigningKey key = Sm2SigningKey::generate();
  for (int i = 0; i < 50; ++i) {  // r and s start with a zero byte now and then
    const Bytes signature = key.sign(kMessage);
    ASSERT_EQ(signature.size(), 64U);
    EXPECT_TRUE(key.verify_key().verify(kMessage, signature));
    EXPECT_FALSE(key.verify_key().verify("", signature));
    EXPECT_FALSE(Sm2VerifyKey::from_raw(kPoint)->verify(kMessage, signature));
  }
}

TEST(Sm2, WhatIsNoPublicKey) {
  Bytes beside = kPoint;
  beside.back() = static_cast<char>(beside.back() ^ 1);
  for (const Bytes& bad : {beside, kPoint.substr(1), Bytes(65, '\0'), Bytes(), "\x02" + kPoint.substr(1, 32)}) {
    const auto refused = Sm2VerifyKey::from_raw(bad);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::LOCAL_CRYPTO);
  }
  EXPECT_FALSE(Sm2VerifyKey().verify(kMessage, kSignature));
}

class Sm2Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-sm2-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) const {
    std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(Sm2Files, AWrittenKeyIsPrivateAndReadsBack) {
  const Sm2SigningKey key = Sm2SigningKey::generate();
  const std::string path = folder_ / "sm2.key";
  ASSERT_TRUE(key.write_pem_file(path).ok());
  const auto again = Sm2SigningKey::from_pem_file(path);
  ASSERT_TRUE(again.ok()) << again.error().to_text();
  EXPECT_EQ(again->verify_key().raw(), key.verify_key().raw());
  EXPECT_TRUE(key.verify_key().verify(kMessage, again->sign(kMessage)));
  const auto verify_key = Sm2VerifyKey::from_pem_file(write("sm2.pub", key.verify_key().to_pem()));
  ASSERT_TRUE(verify_key.ok()) << verify_key.error().to_text();
  EXPECT_EQ(verify_key->raw(), key.verify_key().raw());

  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(Sm2SigningKey::from_pem_file(path).error().code, Code::LOCAL_KEY_FILE);
}

TEST_F(Sm2Files, AnotherAlgorithmsKeyIsRefused) {
  const SigningKey ed25519 = SigningKey::generate();
  const std::string path = folder_ / "ed25519.key";
  ASSERT_TRUE(ed25519.write_pem_file(path).ok());
  EXPECT_EQ(Sm2SigningKey::from_pem_file(path).error().where, path);
  EXPECT_EQ(Sm2VerifyKey::from_pem_file(write("ed25519.pub", ed25519.verify_key().to_pem())).error().code,
            Code::LOCAL_KEY_FILE);
  const Sm2SigningKey sm2 = Sm2SigningKey::generate();
  const std::string other = folder_ / "sm2.key";
  ASSERT_TRUE(sm2.write_pem_file(other).ok());
  EXPECT_EQ(SigningKey::from_pem_file(other).error().code, Code::LOCAL_KEY_FILE);
}

}  // namespace
}  // namespace chuanyu::crypto
