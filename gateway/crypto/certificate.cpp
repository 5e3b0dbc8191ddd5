#include "gateway/crypto/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>

#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

std::string to_rfc2253(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  // Chinese names stay readable: UTF-8 is not escaped.
  must(memory != nullptr && X509_NAME_print_ex(memory.get(), name, 0,
                                               XN_FLAG_RFC2253 & ~static_cast<unsigned>(ASN1_STRFLGS_ESC_MSB)) >= 0,
       "X509_NAME");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::optional<TimeUs> to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return static_cast<TimeUs>(timegm(&parts)) * 1'000'000;
}

std::string serial_of(const X509* x509) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr);
  must(number != nullptr, "serial");
  char* hex = BN_bn2hex(number);
  BN_free(number);
  must(hex != nullptr, "serial");
  std::string out(hex);
  OPENSSL_free(hex);
  return out;
}

std::string text_of(const ASN1_IA5STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

void read_alternative_names(const X509* x509, Certificate& out) {
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) out.san_uris.push_back(text_of(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) out.san_dns.push_back(text_of(name->d.dNSName));
  }
}

Result<Certificate> read(const X509* x509) {
  Certificate out;
  const auto not_before = to_time(X509_get0_notBefore(x509));
  const auto not_after = to_time(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return error(Code::LOCAL_CRYPTO, "证书的有效期不能解析");
  out.not_before = *not_before;
  out.not_after = *not_after;
  out.subject = to_rfc2253(X509_get_subject_name(x509));
  out.issuer = to_rfc2253(X509_get_issuer_name(x509));
  out.serial = serial_of(x509);
  read_alternative_names(x509, out);
  unsigned char* der = nullptr;
  int size = i2d_X509(x509, &der);
  must(size > 0, "i2d_X509");
  out.fingerprint = sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  der = nullptr;
  size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
  must(size > 0, "i2d_X509_PUBKEY");
  out.spki = sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

}  // namespace

Result<Certificate> parse_certificate_der(BytesView der) {
  const unsigned char* at = octets(der);
  const X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (x509 == nullptr || at != octets(der) + der.size()) return error(Code::LOCAL_CRYPTO, "不是 DER 编码的 X.509 证书");
  auto certificate = read(x509.get());
  ERR_clear_error();
  return certificate;
}

Result<Certificate> parse_certificate_pem_file(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) {
    ERR_clear_error();
    return error(Code::CONFIG_UNREADABLE, "证书文件不能打开", path);
  }
  const X509Ptr x509(PEM_read_bio_X509(
      file.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  if (x509 == nullptr) return error(Code::CONFIG_SYNTAX, "文件中没有 PEM 格式的 X.509 证书", path);
  auto certificate = read(x509.get());
  ERR_clear_error();
  if (!certificate.ok()) return error(Code::CONFIG_SYNTAX, certificate.error().detail, path);
  return certificate;
}

}  // namespace chuanyu::crypto
