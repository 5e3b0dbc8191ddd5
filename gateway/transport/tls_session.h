// gateway/transport/tls_session.h: TLS on one accepted connection, without waiting. Private to the room.
//
// The only maker of a VerifiedCertificate: it makes one when OpenSSL has verified the client's whole chain (signatures,
// validity, CRLs), once a session; a resumed session brings the one of its first handshake, as long as that chain and
// the CRLs it was checked against are valid. Threads: one at a time. Failure: Io::failed; after handshake() failure()
// and failure_detail() say which check refused.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "gateway/base/error.h"
#include "gateway/crypto/certificate.h"
#include "gateway/transport/tls_context.h"

namespace chuanyu::transport {

enum class Io { ok, want_read, want_write, closed, failed };

class TlsSession {
 public:
  // `fd` stays the caller's; it must be non-blocking.
  static std::unique_ptr<TlsSession> accept(std::shared_ptr<const TlsContext> context, int fd);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  Io handshake();
  Io read(char* out, std::size_t size, std::size_t& count);
  Io write(const char* bytes, std::size_t size, std::size_t& count);
  bool pending() const;  // bytes that no readiness of the socket will tell of
  void shutdown();       // close_notify, if it can be sent at once

  Code failure() const { return failure_; }
  const std::string& failure_detail() const { return failure_detail_; }
  bool resumed() const;
  // Set once handshake() gave Io::ok.
  const std::shared_ptr<const crypto::VerifiedCertificate>& peer() const { return peer_; }

  // Lets every session of `context` verify clients here.
  static void install_verification(SSL_CTX* context);

 private:
  struct Proof;  // a verified certificate and how long it may be believed
  TlsSession(std::shared_ptr<const TlsContext> context, SSL* ssl) : context_(std::move(context)), ssl_(ssl) {}
  static int verify_chain(X509_STORE_CTX* chain, void*);
  static int proof_index();
  bool keep_proof(X509_STORE_CTX* chain);
  Io take_proof();
  Io refuse(Code code, std::string detail);
  void explain_failure();

  std::shared_ptr<const TlsContext> context_;
  SSL* ssl_;
  Code failure_ = Code::TLS_HANDSHAKE;
  std::string failure_detail_;
  std::shared_ptr<const crypto::VerifiedCertificate> peer_;
};

}  // namespace chuanyu::transport
