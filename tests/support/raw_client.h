// tests/support/raw_client.h: a client that sends the very bytes a test wants, over mutual TLS or plain, and reads
// answers.
//
// Blocking, with a limit of 20 s on every read, so that a test that fails does not hang. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chuanyu::test {

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  std::string header(std::string_view name) const;  // lower case name
};

// What a client brings; `chain` empty: no certificate.
struct RawOptions {
  std::string chain = {};
  std::string key = {};
  std::string trust = {};
  bool tls12 = false;  // speaks TLS 1.2 at most
};

class RawClient {
 public:
  static std::unique_ptr<RawClient> plain(std::uint16_t port);
  // Null when the handshake fails on this side. (In TLS 1.3 a refusal of the client arrives only with the first read.)
  // `session_of`: tries to resume that client's session.
  static std::unique_ptr<RawClient> tls(std::uint16_t port, const RawOptions& options, RawClient* session_of = nullptr);
  ~RawClient();

  bool send(std::string_view bytes);
  // The next answer with a body of Content-Length, or nothing when the connection ended first. `head_only`: of a HEAD.
  std::optional<Answer> read_answer(bool head_only = false);
  // Reads to the end; true when the peer ended the connection, false at the time limit.
  bool read_end();
  bool resumed() const;
  const std::string& alert() const;  // the last alert that came, in OpenSSL's words
  void shrink_receive_buffer();
  int fd() const;

 private:
  struct Impl;
  explicit RawClient(std::unique_ptr<Impl> impl);
  bool fill();
  std::unique_ptr<Impl> impl_;
};

}  // namespace chuanyu::test
