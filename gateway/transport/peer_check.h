// gateway/transport/peer_check.h: does the server at the other end of a client's connection pass? Private to the room.
//
// Runs inside OpenSSL's verification: chain, validity and CRLs first, then who it is: the pinned keys and the SAN URI,
// or, without those, the host's name. Threads: one call at a time. Failure: failure(), for the caller of
// Client::call().
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/crypto/digest.h"

namespace chuanyu::transport {

class PeerCheck {
 public:
  // `trust`: the file of the trusted roots, to be named when the chain does not end in one of them.
  PeerCheck(std::string host, std::string trust, std::string expected_urn, std::vector<crypto::Digest> pins)
      : host_(std::move(host)),
        trust_(std::move(trust)),
        expected_urn_(std::move(expected_urn)),
        pins_(std::move(pins)) {}
  PeerCheck(const PeerCheck&) = delete;
  PeerCheck& operator=(const PeerCheck&) = delete;

  void install(SSL_CTX* context);
  void reset() { failure_.reset(); }
  // What the check, or an alert of the server, said since reset().
  const std::optional<Error>& failure() const { return failure_; }
  const std::string& negotiated() const { return negotiated_; }  // version and cipher suite of the last handshake
  std::atomic<bool> cancelled{false};                            // makes a handshake fail

 private:
  static int verify(X509_STORE_CTX* chain, void* self);
  static void on_info(const SSL* ssl, int where, int value);
  int check(X509_STORE_CTX* chain);
  bool is_host(X509* leaf) const;
  int refuse(X509_STORE_CTX* chain, int result, Error error);
  void on_alert(int description);

  const std::string host_;
  const std::string trust_;
  const std::string expected_urn_;
  const std::vector<crypto::Digest> pins_;
  std::optional<Error> failure_;
  std::string negotiated_;
};

}  // namespace chuanyu::transport
