// gateway/transport/client.h: outgoing HTTP over mutual TLS, on httplib::SSLClient: to the other gateway, and in the
// command line tools.
//
// Threads: a Client belongs to one thread at a time; it keeps its connection alive between calls. cancel() on any
// thread. Failure: PEER_UNREACHABLE (with what: refused, timed out, reset), TLS_* (the server's certificate failed this
// check, or the server refused ours for it: the detail says which), TLS_PEER_NOT_PINNED, PEER_PROTOCOL (an answer
// beyond the limit). An HTTP answer of any status is a success of the call. make() sets SIGPIPE to be ignored in this
// process, as OpenSSL writes to sockets whose peer may be gone.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/transport/http.h"
#include "gateway/transport/server.h"

namespace chuanyu::transport {

struct ClientOptions {
  std::string url;  // https://host:port, or http://127.0.0.1:port for the admin listener
  TlsFiles files;   // empty certificate_chain: no client certificate
  // The server's certificate must carry this SAN URI (empty: not checked) and, when any are given, one of these public
  // keys; otherwise its DNS name or address must match the URL's host.
  std::string expected_urn;
  std::vector<crypto::Digest> pins;
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds answer{30'000};  // without a byte of the answer, and for the whole of it
  std::size_t max_answer_bytes = 64 * 1024 * 1024;
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> make(ClientOptions options);
  ~Client();
  // `target`: path with query. Sends once. A kept connection that the server has closed meanwhile is opened anew first;
  // if it closes while the request is on its way, the call fails, and the caller, who knows what may be repeated,
  // repeats it.
  Result<Response> call(const std::string& method, const std::string& target, std::vector<Header> headers = {},
                        Bytes body = {});
  // TLS version and cipher suite of the last handshake ("TLSv1.3 TLS_AES_256_GCM_SHA384"); empty without one.
  std::string negotiated() const;
  void cancel();  // makes a running call fail with PEER_UNREACHABLE

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chuanyu::transport
