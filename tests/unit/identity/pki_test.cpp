// certs/make-dev-pki and make-directory: what they make is what the gateway reads and lets in. Runs openssl and jq.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "gateway/crypto/key_file.h"
#include "gateway/crypto/signature.h"
#include "gateway/crypto/sm2.h"
#include "gateway/identity/directory.h"
#include "gateway/identity/json_file.h"

namespace chuanyu::identity {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Outcome {
  int status = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome out;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

class Pki : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string folder = (fs::temp_directory_path() / "chuanyu-pki-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    pki_folder = folder;
    const Outcome made = run(CHUANYU_SOURCE_DIR "/certs/make-dev-pki --out " + folder);
    ASSERT_EQ(made.status, 0) << made.output;
  }
  static void TearDownTestSuite() { fs::remove_all(pki_folder); }

  static std::string at(const std::string& name) { return (pki_folder / name).string(); }
  // make-dev-pki COMMAND --out folder ARGUMENTS
  static Outcome pki(const std::string& command, const std::string& arguments) {
    return run(CHUANYU_SOURCE_DIR "/certs/make-dev-pki " + command + " --out " + pki_folder.string() + " " + arguments);
  }
  static Outcome openssl_verify(const std::string& name) {
    return run("openssl verify -CAfile " + at("trust.pem") + " -CRLfile " + at("crl.pem") +
               " -crl_check_all -untrusted " + at(name + ".chain.crt") + " " + at(name + ".crt"));
  }
  // As the TLS code reads it: with the root that vouched for it.
  static crypto::Certificate certificate(const std::string& name) {
    auto out = crypto::parse_certificate_pem_file(at(name + ".crt")).value();
    out.anchor = crypto::parse_certificate_pem_file(at(name.substr(0, 3) + "ca/root.crt"))->fingerprint;
    return out;
  }
  static std::shared_ptr<const Directory> directory() {
    auto loaded = Directory::load(at("directory.json"));
    if (const auto* errors = std::get_if<1>(&loaded)) {
      for (const Error& each : *errors) ADD_FAILURE() << each.to_text();
      return nullptr;
    }
    return std::get<0>(loaded);
  }

  inline static fs::path pki_folder;
};

TEST_F(Pki, EveryCertificateIsLetInAtItsOwnGateway) {
  const auto d = directory();
  ASSERT_NE(d, nullptr);
  int seen = 0;
  for (const std::string province : {"sc", "cq"}) {
    for (const std::string role : {"gateway", "agency", "auditor", "operator"}) {
      for (const auto& file : fs::directory_iterator(pki_folder / province / role)) {
        const std::string name = fs::path(province) / role / file.path().stem();
        if (file.path().extension() != ".crt" || name.ends_with(".chain")) continue;
        const Status status = d->diagnose(certificate(name), province);
        EXPECT_TRUE(status.ok()) << name << ": " << status.error().to_text();
        ++seen;
      }
    }
  }
  EXPECT_EQ(seen, 15 + 6);
  EXPECT_EQ(d->find_party("11500109MBDEM0090A")->profiles.at("licence"), "cq.licence.v1");
  EXPECT_EQ(openssl_verify("sc/agency/G01").status, 0);
  EXPECT_EQ(openssl_verify("cq/gateway/cq-gw").status, 0);
}

TEST_F(Pki, KeysArePrivateAndUsable) {
  for (const auto& file : fs::recursive_directory_iterator(pki_folder)) {
    if (file.path().extension() != ".key") continue;
    struct stat status {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << file.path();
  }
  for (const std::string province : {"sc", "cq"}) {
    const std::string stem = fs::path(province) / "gateway" / province;
    const auto key = crypto::SigningKey::from_pem_file(at(stem + "-log.key"));
    ASSERT_TRUE(key.ok()) << key.error().to_text();
    EXPECT_EQ(crypto::VerifyKey::from_pem_file(at(stem + "-log.pub"))->raw(), key->verify_key().raw());
    const auto sm2 = crypto::Sm2SigningKey::from_pem_file(at(stem + "-log-sm2.key"));
    ASSERT_TRUE(sm2.ok()) << sm2.error().to_text();
    EXPECT_EQ(crypto::Sm2VerifyKey::from_pem_file(at(stem + "-log-sm2.pub"))->raw(), sm2->verify_key().raw());
    EXPECT_TRUE(crypto::read_raw_key_file(at(stem + "-kek.key"), 32).ok());
  }
}

TEST_F(Pki, ASecondRunChangesNothing) {
  const std::string before =
      read_text_file(at("directory.json")).value() + read_text_file(at("sc/agency/G01.crt")).value();
  ASSERT_EQ(pki("", "").status, 0);
  EXPECT_EQ(read_text_file(at("directory.json")).value() + read_text_file(at("sc/agency/G01.crt")).value(), before);
}

TEST_F(Pki, BadCertificatesForTestsAreBad) {
  const std::string suining = " --role agency --region 510900 --uscc 11510900MBDEM0023P";
  for (const std::string arguments : {"--name t-old --expired", "--name t-later --future", "--name t-rogue --ca rogue",
                                      "--name t-cross --ca cq", "--name t-gone --days 9"}) {
    const Outcome made = pki("issue", arguments + suining);
    ASSERT_EQ(made.status, 0) << made.output;
  }
  EXPECT_THAT(openssl_verify("sc/agency/t-old").output, HasSubstr("expired"));
  EXPECT_THAT(openssl_verify("sc/agency/t-later").output, HasSubstr("not yet valid"));
  EXPECT_THAT(openssl_verify("rogue/agency/t-rogue").output, HasSubstr("unable to get local issuer"));
  EXPECT_EQ(openssl_verify("sc/agency/t-gone").status, 0);
  ASSERT_EQ(pki("revoke", "t-gone").status, 0);
  EXPECT_EQ(pki("revoke", "t-gone").status, 0) << "revoking twice is no error";
  EXPECT_THAT(openssl_verify("sc/agency/t-gone").output, HasSubstr("revoked"));
  EXPECT_EQ(openssl_verify("sc/agency/G01").status, 0);

  // Chongqing's CA signs for a Sichuan agency: a good chain, and refused all the same.
  EXPECT_EQ(openssl_verify("cq/agency/t-cross").status, 0);
  const auto status = directory()->diagnose(certificate("cq/agency/t-cross"), "sc");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::CLIENT_IDENTITY_INVALID);

  ASSERT_EQ(pki("crl", "--expired").status, 0);
  EXPECT_THAT(openssl_verify("sc/agency/G01").output, HasSubstr("CRL has expired"));
  ASSERT_EQ(pki("crl", "").status, 0);
  EXPECT_EQ(openssl_verify("sc/agency/G01").status, 0);
}

TEST_F(Pki, AGatewayKeyIsRotatedUnderTwoPins) {
  const std::string make_directory = CHUANYU_SOURCE_DIR "/certs/make-directory --out " + pki_folder.string();
  const auto old_key = certificate("cq/gateway/cq-gw");
  ASSERT_EQ(pki("renew", "cq-gw").status, 0);
  EXPECT_EQ(certificate("cq/gateway/cq-gw").spki, old_key.spki) << "renewed, same key";
  EXPECT_NE(certificate("cq/gateway/cq-gw").serial, old_key.serial);

  ASSERT_EQ(pki("renew", "cq-gw --new-key").status, 0);
  ASSERT_EQ(run(make_directory).status, 0);
  EXPECT_TRUE(directory()->diagnose(old_key, "cq").ok());
  EXPECT_TRUE(directory()->diagnose(certificate("cq/gateway/cq-gw.next"), "cq").ok());

  ASSERT_EQ(pki("promote", "cq-gw").status, 0);
  EXPECT_NE(certificate("cq/gateway/cq-gw").spki, old_key.spki);
  EXPECT_EQ(openssl_verify("cq/gateway/cq-gw").status, 0);
  ASSERT_EQ(pki("revoke", "cq-gw.prev").status, 0);
  ASSERT_EQ(run("rm " + at("cq/gateway/cq-gw.prev.") + "*").status, 0);
  ASSERT_EQ(run(make_directory).status, 0);
  EXPECT_TRUE(directory()->diagnose(certificate("cq/gateway/cq-gw"), "cq").ok());
  EXPECT_EQ(directory()->diagnose(old_key, "cq").error().code, Code::TLS_PEER_NOT_PINNED);
}

TEST_F(Pki, OneGatewayForBothProvinces) {
  const Outcome made = run(CHUANYU_SOURCE_DIR "/certs/make-directory --hub hub --pin-agencies --out " +
                           pki_folder.string() + " --to " + at("hub.json"));
  ASSERT_EQ(made.status, 0) << made.output;
  const auto loaded = Directory::load(at("hub.json"));
  ASSERT_EQ(loaded.index(), 0U);
  const auto& hub = *std::get<0>(loaded);
  EXPECT_EQ(hub.find_gateway("hub")->uscc, "12510000MCDEM0019R");
  EXPECT_TRUE(hub.diagnose(certificate("cq/agency/G07"), "hub").ok());
  EXPECT_TRUE(hub.diagnose(certificate("sc/agency/G02"), "hub").ok());
}

TEST_F(Pki, MistakesAreNamed) {
  EXPECT_EQ(pki("issue", "--name G02 --role agency --region 510900 --uscc 11510900MBDEM0023P").status, 1);
  EXPECT_EQ(pki("issue", "--name x --role king --region 510900 --uscc 11510900MBDEM0023P").status, 1);
  EXPECT_THAT(pki("issue", "--name x --role agency --region 530000 --uscc 11510900MBDEM0023P").output,
              HasSubstr("--ca"));
  EXPECT_EQ(pki("revoke", "nobody").status, 1);
  EXPECT_EQ(pki("promote", "sc-gw").status, 1);
  EXPECT_EQ(pki("", "--colour red").status, 1);
  EXPECT_EQ(run(CHUANYU_SOURCE_DIR "/certs/make-dev-pki --help").status, 0);
  EXPECT_EQ(run(CHUANYU_SOURCE_DIR "/certs/make-directory --help").status, 0);
}

}  // namespace
}  // namespace chuanyu::identity
