// gateway/transport/server.h: HTTP/1.1 over mutual TLS (or plain, for the admin listener) on event loops.
//
// One event loop a core owns connections and TLS, collects one whole request within the limits and only then hands it
// to a worker, which parses it with cpp-httplib and runs the handler; the loop writes the answer. Workers never wait on
// the network; a handler that waits for its commit keeps its Responder and returns. Bodies of streaming routes go to a
// pool of their own.
//
// Threads: start(), reload(), drain() from one control thread. The handler runs on worker threads, many at once.
// Failure: start() says which address or file is bad. A connection that breaks a limit gets its problem answer (or a
// TLS alert) and nothing else suffers. Each refusal is logged and counted with its code.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/transport/http.h"

namespace chuanyu::transport {

struct TlsFiles {
  std::string certificate_chain;  // PEM, leaf first
  std::string private_key;        // PEM, mode 0600
  std::string trust;              // PEM bundle of root CAs
  std::string crl;  // PEM bundle; a CRL is needed for every CA of a chain. Empty: only for tests, logged as a warning
  bool allow_tls12 = false;
  std::string ciphersuites;  // TLS 1.3; empty: OpenSSL's default
  std::string groups;
  std::string signature_algorithms;
};

// Whether a server could start with these files: readable, of the right form, the key that of the certificate.
Status check(const TlsFiles& files);

struct Limits {
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 10'000;
  std::size_t header_count = 100;
  std::size_t header_bytes = 16 * 1024;  // request line and headers together
  std::size_t target_bytes = 4 * 1024;
  std::size_t body_bytes = 1024 * 1024;                 // ordinary routes
  std::uint64_t stream_bytes = std::uint64_t{4} << 30;  // streaming routes
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds request{30'000};  // from the first byte to the last of one request
  std::chrono::milliseconds idle{75'000};     // keep-alive without a request
  std::chrono::milliseconds write{30'000};    // for an answer to be taken, and a second more for each 64 KiB of it
  // A streaming body that brings less than stream_stall_bytes in each stream_stall is given up, so that no client can
  // hold a thread of the streaming pool by sending a byte now and then. Time in which we do not read does not count.
  std::chrono::milliseconds stream_stall{30'000};
  std::size_t stream_stall_bytes = 32 * 1024;
  std::size_t stream_queue = 64;  // streaming requests that wait for a thread; beyond: LOCAL_OVERLOADED
  // Ordinary bodies held at once, of all connections; beyond: LOCAL_OVERLOADED.
  std::size_t buffered_bytes = std::size_t{256} << 20;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any; port() tells
  bool tls = true;         // false: plain HTTP, only sensible on loopback
  TlsFiles files;
  Limits limits;
  unsigned loops = 0;    // 0: one a core
  unsigned workers = 0;  // 0: one a core, at least 2
  unsigned stream_workers = 2;
  // True for a request whose body is to be streamed: decided from method and path before the body is read.
  std::function<bool(std::string_view method, std::string_view path)> streams;
  // Most bytes of an ordinary body of such a request from such a peer, asked before it is read; 0: Limits::body_bytes.
  std::function<std::size_t(std::string_view method, std::string_view path, const crypto::VerifiedCertificate* peer)>
      body_limit;
};

using Handler = std::function<void(Request request, Responder responder)>;

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);
  ~Server();  // drain() and stop
  std::uint16_t port() const;
  // Reads certificate, key, trust and CRL files again; connections stay; an error leaves the old ones in force.
  // Sessions resumed later are checked against the new CRL.
  Status reload();
  // Takes no new connections, answers what was received, closes idle connections; returns when all are closed or at the
  // deadline.
  void drain(std::chrono::milliseconds deadline);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chuanyu::transport
