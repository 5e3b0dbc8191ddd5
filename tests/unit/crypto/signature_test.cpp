// Ed25519 against RFC 8032 §7.1, and what key files are refused.
#include "gateway/crypto/signature.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gateway/crypto/key_file.h"

namespace chuanyu::crypto {
namespace {

class KeyFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-crypto-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const {
    std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  // RFC 8410 §7: PKCS#8 of an Ed25519 seed.
  std::string write_seed(const std::string& seed_hex) const {
    const Bytes der = from_hex("302e020100300506032b657004220420" + seed_hex).value();
    return write("seed.key", "-----BEGIN PRIVATE KEY-----\n" + to_base64(der) + "\n-----END PRIVATE KEY-----\n");
  }

  std::filesystem::path folder_;
};

TEST_F(KeyFiles, Rfc8032Vectors) {
  const struct {
    const char *seed, *key, *message, *signature;
  } cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
       "4655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
       "eb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
       "dc027beceea1ec40a"},
  };
  for (const auto& c : cases) {
    const auto key = SigningKey::from_pem_file(write_seed(c.seed));
    ASSERT_TRUE(key.ok()) << key.error().to_text();
    const Bytes message = from_hex(c.message).value();
    EXPECT_EQ(to_hex(key->verify_key().raw()), c.key);
    EXPECT_EQ(to_hex(key->sign("", message)), c.signature);
    const auto verify_key = VerifyKey::from_raw(from_hex(c.key).value());
    ASSERT_TRUE(verify_key.ok());
    EXPECT_TRUE(verify_key->verify("", message, from_hex(c.signature).value()));
  }
}

TEST(Signature, IsOfItsContextOnly) {
  const SigningKey key = SigningKey::generate();
  const Bytes signature = key.sign("chuanyu envelope v1", "hello");
  EXPECT_EQ(signature.size(), 64U);
  EXPECT_TRUE(key.verify_key().verify("chuanyu envelope v1", "hello", signature));
  EXPECT_TRUE(key.verify_key().verify("", std::string("chuanyu envelope v1\0hello", 25), signature));
  EXPECT_FALSE(key.verify_key().verify("chuanyu receipt v1", "hello", signature));
  EXPECT_FALSE(key.verify_key().verify("", "hello", signature));
  EXPECT_FALSE(key.verify_key().verify("chuanyu envelope v1", "hullo", signature));
  EXPECT_FALSE(key.verify_key().verify("chuanyu envelope v1", "hello", signature.substr(1)));
  EXPECT_FALSE(SigningKey::generate().verify_key().verify("chuanyu envelope v1", "hello", signature));
}

TEST_F(KeyFiles, AWrittenKeyIsPrivateAndReadsBack) {
  const SigningKey key = SigningKey::generate();
  const std::string path = folder_ / "log.key";
  ASSERT_TRUE(key.write_pem_file(path).ok());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = SigningKey::from_pem_file(path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->verify_key().raw(), key.verify_key().raw());
  EXPECT_FALSE(key.write_pem_file(path).ok()) << "an existing key must never be overwritten";

  const auto verify_key = VerifyKey::from_pem_file(write("log.pub", key.verify_key().to_pem(), 0644));
  ASSERT_TRUE(verify_key.ok());
  EXPECT_EQ(verify_key->raw(), key.verify_key().raw());
}

TEST_F(KeyFiles, WhatIsRefused) {
  const SigningKey key = SigningKey::generate();
  const std::string path = folder_ / "log.key";
  ASSERT_TRUE(key.write_pem_file(path).ok());
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const std::string rsa_like = write("other.key", "-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n");
  for (const std::string& bad :
       {path, rsa_like, write("empty.key", ""), (folder_ / "none.key").string(), folder_.string()}) {
    const auto refused = SigningKey::from_pem_file(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, Code::LOCAL_KEY_FILE);
    EXPECT_EQ(refused.error().where, bad);
  }
  EXPECT_FALSE(VerifyKey::all_from_pem_file(write("y.pub", "no key")).ok());
  EXPECT_FALSE(VerifyKey::all_from_pem_file(folder_ / "none.pub").ok());
  const auto other = SigningKey::generate();
  const auto both =
      VerifyKey::all_from_pem_file(write("two.pub", key.verify_key().to_pem() + other.verify_key().to_pem(), 0644));
  ASSERT_TRUE(both.ok());
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0].raw(), key.verify_key().raw());
  EXPECT_EQ((*both)[1].raw(), other.verify_key().raw());
  EXPECT_EQ(VerifyKey::all_from_pem_file(folder_ / "two.pub")->size(), 2U);
  const std::string cut = other.verify_key().to_pem();
  EXPECT_FALSE(VerifyKey::all_from_pem_file(write("cut.pub", key.verify_key().to_pem() + cut.substr(0, 40))).ok());
  EXPECT_FALSE(VerifyKey::from_pem_file(write("x.pub", "no key")).ok());
  EXPECT_FALSE(VerifyKey::from_pem_file(folder_ / "none.pub").ok());
  EXPECT_FALSE(VerifyKey::from_raw(Bytes(31, 'x')).ok());
  EXPECT_FALSE(VerifyKey().verify("", "", Bytes(64, 'x')));
}

TEST_F(KeyFiles, RawKeys) {
  const std::string good = write("kek", Bytes(32, '\x01'));
  EXPECT_EQ(read_raw_key_file(good, 32).value().reveal(), Bytes(32, '\x01'));
  EXPECT_EQ(read_raw_key_file(write("short", "123"), 32).error().code, Code::LOCAL_KEY_FILE);
  EXPECT_EQ(read_raw_key_file(write("open", Bytes(32, 'x'), 0644), 32).error().code, Code::LOCAL_KEY_FILE);
  EXPECT_EQ(read_private_file(write("big", Bytes(std::size_t{65} * 1024, 'x'))).error().code, Code::LOCAL_KEY_FILE);
}

}  // namespace
}  // namespace chuanyu::crypto
