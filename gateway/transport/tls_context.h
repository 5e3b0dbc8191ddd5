// gateway/transport/tls_context.h: what a TLS connection is judged by: own certificate and key, trusted roots, CRLs,
// versions. Private to the room (OpenSSL's types stand here).
//
// A context is immutable after load(); reload means a new one. Sessions are cached in it, so none outlives the CRL that
// it was verified against. Threads: any. Failure: CONFIG_UNREADABLE, CONFIG_SYNTAX, LOCAL_KEY_FILE, CONFIG_VALUE with
// the file in `where`.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/transport/server.h"

namespace chuanyu::transport {

// What load() found, for the operator.
struct TlsFacts {
  TimeUs certificate_expires = 0;
  TimeUs crl_next_update = 0;  // the earliest; 0 when there is no CRL
  int roots = 0;
  int crls = 0;
};

// Loads the files into `context` and sets versions, suites and verification. A client may have no certificate of its
// own.
Result<TlsFacts> configure(SSL_CTX* context, const TlsFiles& files, bool client);

class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> load_server(const TlsFiles& files);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  SSL_CTX* get() const { return context_; }
  const TlsFacts& facts() const { return facts_; }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
  TlsFacts facts_;
};

// The code for an X509_V_ERR_* of a refused chain.
Code code_of_verify_result(long verify_result);
TimeUs to_time(const ASN1_TIME* time);  // 0 when it cannot be read

}  // namespace chuanyu::transport
