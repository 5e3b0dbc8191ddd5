#include "gateway/transport/peer_check.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "gateway/crypto/certificate.h"
#include "gateway/transport/tls_context.h"

namespace chuanyu::transport {
namespace {

// One slot of every SSL_CTX for the PeerCheck that watches it.
int slot() {
  static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

Result<crypto::Certificate> read_certificate(X509* x509) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  if (size <= 0) return error(Code::LOCAL_CRYPTO, "对端证书不能编码");
  auto certificate = crypto::parse_certificate_der({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return certificate;
}

std::string text_of_alert(int description) {
  // OpenSSL 3.0 has no word for the alert of RFC 8446 6.2.
  return description == TLS13_AD_CERTIFICATE_REQUIRED ? "certificate required"
                                                      : SSL_alert_desc_string_long(description);
}

}  // namespace

void PeerCheck::install(SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, slot(), this);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, this);
  SSL_CTX_set_info_callback(context, on_info);
}

int PeerCheck::verify(X509_STORE_CTX* chain, void* self) { return static_cast<PeerCheck*>(self)->check(chain); }

int PeerCheck::refuse(X509_STORE_CTX* chain, int result, Error error) {
  failure_ = std::move(error);
  X509_STORE_CTX_set_error(chain, result);
  return 0;
}

int PeerCheck::check(X509_STORE_CTX* chain) {
  if (cancelled) return refuse(chain, X509_V_ERR_APPLICATION_VERIFICATION, error(Code::PEER_UNREACHABLE, "已取消"));
  if (X509_verify_cert(chain) != 1) {
    const int result = X509_STORE_CTX_get_error(chain);
    const std::string reason = X509_verify_cert_error_string(result);
    const Code code = code_of_verify_result(result);
    if (code != Code::TLS_UNTRUSTED) return refuse(chain, result, error(code, "服务器证书未通过检查：" + reason));
    return refuse(chain, result, error(code, "服务器证书不能追溯到所指文件中的根证书：" + reason, trust_));
  }
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  const auto certificate = read_certificate(leaf);
  if (!certificate.ok()) return refuse(chain, X509_V_ERR_UNSPECIFIED, certificate.error());
  const auto& uris = certificate->san_uris;
  if (!expected_urn_.empty() && std::find(uris.begin(), uris.end(), expected_urn_) == uris.end()) {
    return refuse(chain, X509_V_ERR_APPLICATION_VERIFICATION,
                  error(Code::TLS_PEER_NOT_PINNED, "对端证书中没有期望的身份标识 " + expected_urn_));
  }
  if (!pins_.empty() && std::find(pins_.begin(), pins_.end(), certificate->spki) == pins_.end()) {
    return refuse(chain, X509_V_ERR_APPLICATION_VERIFICATION,
                  error(Code::TLS_PEER_NOT_PINNED, "对端证书的公钥不在固定的公钥之列"));
  }
  if (expected_urn_.empty() && pins_.empty() && !is_host(leaf)) {
    return refuse(chain, X509_V_ERR_HOSTNAME_MISMATCH,
                  error(Code::TLS_UNTRUSTED, "服务器证书不是为主机 " + host_ + " 签发", host_));
  }
  return 1;
}

bool PeerCheck::is_host(X509* leaf) const {
  return X509_check_ip_asc(leaf, host_.c_str(), 0) == 1 ||
         X509_check_host(leaf, host_.c_str(), host_.size(), 0, nullptr) == 1;
}

void PeerCheck::on_info(const SSL* ssl, int where, int value) {
  auto* self = static_cast<PeerCheck*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot()));
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
    self->negotiated_ = std::string(SSL_get_version(ssl)) + " " + SSL_get_cipher_name(ssl);
  }
  if ((where & SSL_CB_ALERT) != 0 && (where & SSL_CB_READ) != 0) self->on_alert(value & 0xFF);
}

void PeerCheck::on_alert(int description) {
  if (description == SSL3_AD_CLOSE_NOTIFY || failure_) return;
  const auto code = [&] {
    switch (description) {
      case TLS13_AD_CERTIFICATE_REQUIRED: return Code::TLS_NO_CERTIFICATE;
      case SSL3_AD_CERTIFICATE_REVOKED: return Code::TLS_REVOKED;
      case SSL3_AD_CERTIFICATE_EXPIRED: return Code::TLS_EXPIRED;
      case SSL3_AD_BAD_CERTIFICATE:
      case SSL3_AD_UNSUPPORTED_CERTIFICATE:
      case SSL3_AD_CERTIFICATE_UNKNOWN:
      case TLS1_AD_UNKNOWN_CA:
      case TLS1_AD_ACCESS_DENIED: return Code::TLS_UNTRUSTED;
      default: return Code::TLS_HANDSHAKE;
    }
  }();
  failure_ = error(code, "服务器拒绝了本方：" + text_of_alert(description));
}

}  // namespace chuanyu::transport
