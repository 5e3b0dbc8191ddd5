// Reading X.509: what a certificate says, with the values `openssl x509` prints for the same bytes.
#include "gateway/crypto/certificate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <type_traits>

namespace chuanyu::crypto {
namespace {

// Self-signed, made for this test; its private key was thrown away.
constexpr std::string_view kBase64 =
    "MIICITCCAcegAwIBAgIEAKsSzTAKBggqhkjOPQQDAjBFMQswCQYDVQQGEwJDTjEh"
    "MB8GA1UECgwY5Zub5bed55yB5aSn5pWw5o2u5Lit5b+DMRMwEQYDVQQDDApzYy1n"
    "YXRld2F5MCAXDTI2MTEyMTIzMTA0MloYDzIxMjYxMDI4MjMxMDQyWjBFMQswCQYD"
    "VQQGEwJDTjEhMB8GA1UECgwY5Zub5bed55yB5aSn5pWw5o2u5Lit5b+DMRMwEQYD"
    "VQQDDApzYy1nYXRld2F5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFZFw6RoA"
    "XOSBQvkHbfAHHK4FOOCKRAeBQ3YtTGee59V4bvsyAMjjgtLZcDn2KsJoiQf/YBcN"
    "9UmM1Ppd6G2bQaOBojCBnzAdBgNVHQ4EFgQUd9WxsZ8+PfUL2oqTxh+oV9VPJb4w"
    "HwYDVR0jBBgwFoAUd9WxsZ8+PfUL2oqTxh+oV9VPJb4wDwYDVR0TAQH/BAUwAwEB"
    "/zBMBgNVHREERTBDhjB1cm46Y2h1YW55dTpnYXRld2F5OjUxMDAwMDoxMTUxMDAw"
    "ME1DREVNMDAxWDA6Z3eCCWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBF"
    "AiEAmx6iHLnKa0XnmYT4CwTLnW/yQp0nDxajBUjCLJeus+wCIBZ5LzXdWBdCcQZH"
    "Edghb3pm+5GNKEkNVONnObXvHzge";

Bytes der() { return from_base64(kBase64).value(); }

TEST(Certificate, SaysWhatOpensslSays) {
  const auto certificate = parse_certificate_der(der());
  ASSERT_TRUE(certificate.ok()) << certificate.error().to_text();
  EXPECT_EQ(certificate->subject, "CN=sc-gateway,O=四川省大数据中心,C=CN");
  EXPECT_EQ(certificate->issuer, certificate->subject);
  EXPECT_EQ(certificate->serial, "AB12CD");
  EXPECT_EQ(certificate->not_before, parse_rfc3339("2026-11-21T23:10:42Z"));
  EXPECT_EQ(certificate->not_after, parse_rfc3339("2126-10-28T23:10:42Z"));
  EXPECT_EQ(certificate->san_uris, std::vector<std::string>{"urn:chuanyu:gateway:510000:11510000MCDEM001X0:gw"});
  EXPECT_EQ(certificate->san_dns, std::vector<std::string>{"localhost"});
  EXPECT_EQ(to_hex(view(certificate->fingerprint)), "e01e48f0ee5b0543d246f60db43b6c62771c7466fab705801630688ee210bb7e");
  EXPECT_EQ(to_hex(view(certificate->spki)), "77e95a1df13a7f374c1ae63d84658767d97cce7dc25d653f71f7c0915ffe9db3");
}

TEST(Certificate, CutOrLengthenedBytesAreRefused) {
  const Bytes whole = der();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(parse_certificate_der(BytesView(whole).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(parse_certificate_der(whole + "x").ok());
}

TEST(Certificate, FromAFile) {
  std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-cert-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/a.crt";
  EXPECT_EQ(parse_certificate_pem_file(path).error().code, Code::CONFIG_UNREADABLE);
  std::ofstream(path) << "not a certificate";
  EXPECT_EQ(parse_certificate_pem_file(path).error().code, Code::CONFIG_SYNTAX);
  std::ofstream(path) << "-----BEGIN CERTIFICATE-----\n" << kBase64 << "\n-----END CERTIFICATE-----\n";
  const auto certificate = parse_certificate_pem_file(path);
  ASSERT_TRUE(certificate.ok()) << certificate.error().to_text();
  EXPECT_EQ(certificate->fingerprint, sha256(der()));
  std::filesystem::remove_all(folder);
}

// That a certificate was verified can be said by the TLS code alone.
static_assert(!std::is_constructible_v<VerifiedCertificate, Certificate>);
static_assert(!std::is_default_constructible_v<VerifiedCertificate>);
static_assert(!std::is_aggregate_v<VerifiedCertificate>);
static_assert(!std::is_convertible_v<Certificate, VerifiedCertificate>);

}  // namespace
}  // namespace chuanyu::crypto
