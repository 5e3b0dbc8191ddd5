// gateway/crypto/certificate.h: an X.509 certificate, read.
//
// A Certificate is only a parsed file: it proves nothing. A VerifiedCertificate is the leaf of a chain that the TLS
// code verified (signature, validity, CRL) on a live connection; only TlsSession can make one, and identity asks for
// one. Threads: immutable values.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"

namespace chuanyu::transport {
class TlsSession;
}

namespace chuanyu::crypto {

struct Certificate {
  std::string subject;  // RFC 2253
  std::string issuer;   // RFC 2253
  std::string serial;   // upper-case hex
  TimeUs not_before = 0;
  TimeUs not_after = 0;
  std::vector<std::string> san_uris;
  std::vector<std::string> san_dns;
  Digest fingerprint{};  // SHA-256 of the DER
  Digest spki{};         // SHA-256 of the SubjectPublicKeyInfo: what a pin names
  Digest anchor{};       // SHA-256 of the root that the verified chain ended in; zeros when only read
};

Result<Certificate> parse_certificate_der(BytesView der);
Result<Certificate> parse_certificate_pem_file(const std::string& path);  // the first one in the file

class VerifiedCertificate {
 public:
  const Certificate& certificate() const { return certificate_; }

 private:
  friend class chuanyu::transport::TlsSession;
  explicit VerifiedCertificate(Certificate certificate) : certificate_(std::move(certificate)) {}
  Certificate certificate_;
};

}  // namespace chuanyu::crypto
