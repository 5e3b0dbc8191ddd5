#include "gateway/transport/tls_session.h"

#include <openssl/err.h>

#include <algorithm>

namespace chuanyu::transport {

struct TlsSession::Proof {
  std::shared_ptr<const crypto::VerifiedCertificate> certificate;
  TimeUs believed_until = 0;
};

namespace {

Result<crypto::Certificate> read_certificate(const X509* x509) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  if (size <= 0) return error(Code::LOCAL_CRYPTO, "证书不能编码");
  auto certificate = crypto::parse_certificate_der({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return certificate;
}

// The same chain without CRLs.
int verify_signatures(X509_STORE_CTX* chain) {
  X509_STORE_CTX* again = X509_STORE_CTX_new();
  int result = X509_V_ERR_OUT_OF_MEM;
  if (again != nullptr && X509_STORE_CTX_init(again, X509_STORE_CTX_get0_store(chain), X509_STORE_CTX_get0_cert(chain),
                                              X509_STORE_CTX_get0_untrusted(chain)) == 1) {
    X509_VERIFY_PARAM_clear_flags(X509_STORE_CTX_get0_param(again), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    X509_verify_cert(again);
    result = X509_STORE_CTX_get_error(again);
  }
  X509_STORE_CTX_free(again);
  return result;
}

TimeUs now() { return SystemClock{}.now(); }

}  // namespace

// The proof lives in the session, so that a resumed connection need not verify and parse again.
int TlsSession::proof_index() {
  static const int kIndex = SSL_SESSION_get_ex_new_index(
      0, nullptr, nullptr,
      [](CRYPTO_EX_DATA*, const CRYPTO_EX_DATA*, void** data, int, long,
         void*) {  // TLS 1.3 copies a session per ticket
        if (*data != nullptr) *data = new Proof(*static_cast<Proof*>(*data));
        return 1;
      },
      [](void*, void* data, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Proof*>(data); });
  return kIndex;
}

void TlsSession::install_verification(SSL_CTX* context) {
  proof_index();
  SSL_CTX_set_cert_verify_callback(context, verify_chain, nullptr);
}

std::unique_ptr<TlsSession> TlsSession::accept(std::shared_ptr<const TlsContext> context, int fd) {
  SSL* ssl = SSL_new(context->get());
  if (ssl == nullptr) return nullptr;
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), ssl));
  SSL_set_app_data(ssl, session.get());
  SSL_set_accept_state(ssl);
  if (SSL_set_fd(ssl, fd) != 1) return nullptr;
  return session;
}

TlsSession::~TlsSession() {
  // Or OpenSSL takes the connection for broken and forgets its session.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
  ERR_clear_error();
}

int TlsSession::verify_chain(X509_STORE_CTX* chain, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (X509_verify_cert(chain) != 1) {
    // OpenSSL looks at CRLs before signatures: a forged CA with a known name fails as if the CRL were at fault.
    const int forged =
        X509_STORE_CTX_get_error(chain) == X509_V_ERR_CRL_SIGNATURE_FAILURE ? verify_signatures(chain) : X509_V_OK;
    if (forged != X509_V_OK) X509_STORE_CTX_set_error(chain, forged);
    return 0;
  }
  if (static_cast<TlsSession*>(SSL_get_app_data(ssl))->keep_proof(chain)) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_UNSPECIFIED);
  return 0;
}

bool TlsSession::keep_proof(X509_STORE_CTX* chain) {
  const STACK_OF(X509)* certificates = X509_STORE_CTX_get0_chain(chain);
  auto leaf = read_certificate(sk_X509_value(certificates, 0));
  if (!leaf.ok()) return false;
  // Which root vouches: the directory holds each root to the organisations of its own province.
  const X509* root = sk_X509_value(certificates, sk_X509_num(certificates) - 1);
  if (X509_digest(root, EVP_sha256(), leaf->anchor.data(), nullptr) != 1) return false;
  Proof proof;
  proof.believed_until = leaf->not_after;
  for (int i = 1; i < sk_X509_num(certificates); ++i) {
    proof.believed_until = std::min(proof.believed_until, to_time(X509_get0_notAfter(sk_X509_value(certificates, i))));
  }
  if (context_->facts().crls > 0)
    proof.believed_until = std::min(proof.believed_until, context_->facts().crl_next_update);
  proof.certificate.reset(new crypto::VerifiedCertificate(std::move(leaf).value()));
  peer_ = proof.certificate;
  SSL_SESSION* session = SSL_get_session(ssl_);
  if (session == nullptr) return true;  // no resumption, then
  const long left = static_cast<long>((proof.believed_until - now()) / 1'000'000);
  SSL_SESSION_set_timeout(session, std::clamp(left, 0L, SSL_SESSION_get_timeout(session)));
  delete static_cast<Proof*>(SSL_SESSION_get_ex_data(session, proof_index()));
  return SSL_SESSION_set_ex_data(session, proof_index(), new Proof(std::move(proof))) == 1;
}

Io TlsSession::take_proof() {
  if (!SSL_session_reused(ssl_)) return peer_ != nullptr ? Io::ok : refuse(Code::TLS_NO_CERTIFICATE, {});
  SSL_SESSION* session = SSL_get_session(ssl_);
  const auto* proof = static_cast<const Proof*>(SSL_SESSION_get_ex_data(session, proof_index()));
  if (proof != nullptr && now() < proof->believed_until) {
    peer_ = proof->certificate;
    return Io::ok;
  }
  SSL_CTX_remove_session(context_->get(), session);
  return refuse(Code::TLS_EXPIRED, "恢复的会话所依据的证书或吊销列表已过期");
}

Io TlsSession::refuse(Code code, std::string detail) {
  failure_ = code;
  failure_detail_ = std::move(detail);
  peer_.reset();
  return Io::failed;
}

void TlsSession::explain_failure() {
  const unsigned long cause = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    refuse(code_of_verify_result(verified), X509_verify_cert_error_string(verified));
  } else if (ERR_GET_LIB(cause) == ERR_LIB_SSL && ERR_GET_REASON(cause) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    refuse(Code::TLS_NO_CERTIFICATE, {});
  } else {
    const char* reason = cause == 0 ? nullptr : ERR_reason_error_string(cause);
    refuse(Code::TLS_HANDSHAKE, reason == nullptr ? "connection closed" : reason);
  }
}

namespace {

Io outcome(SSL* ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ: return Io::want_read;
    case SSL_ERROR_WANT_WRITE: return Io::want_write;
    case SSL_ERROR_ZERO_RETURN: return Io::closed;
    case SSL_ERROR_SYSCALL: return Io::closed;
    case SSL_ERROR_SSL:
      // Most peers close without a close_notify; length framing already tells a cut request.
      return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Io::closed : Io::failed;
    default: return Io::failed;
  }
}

}  // namespace

Io TlsSession::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return take_proof();
  const Io io = outcome(ssl_, result);
  if (io == Io::want_read || io == Io::want_write) return io;
  explain_failure();
  ERR_clear_error();
  return Io::failed;
}

Io TlsSession::read(char* out, std::size_t size, std::size_t& count) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_, out, size, &count);
  return result == 1 ? Io::ok : outcome(ssl_, result);
}

Io TlsSession::write(const char* bytes, std::size_t size, std::size_t& count) {
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_, bytes, size, &count);
  return result == 1 ? Io::ok : outcome(ssl_, result);
}

bool TlsSession::pending() const { return SSL_has_pending(ssl_) == 1; }
bool TlsSession::resumed() const { return SSL_session_reused(ssl_) == 1; }

void TlsSession::shutdown() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace chuanyu::transport
