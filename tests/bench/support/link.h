// tests/bench/support/link.h: one client connection without waiting, through TLS or plain.
//
// Threads: one. Failure: open() gives false; read() and write() give -1 when the connection is gone, 0 when it would
// block.
#pragma once

#include <memory>

#include "tests/bench/support/load.h"

struct ssl_st;
struct ssl_ctx_st;

namespace chuanyu::bench {

// What all connections to a target share. Null when a file is bad.
std::shared_ptr<ssl_ctx_st> make_client_context(const Target& target);

class Link {
 public:
  Link() = default;
  ~Link() { close(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool open(const Target& target, ssl_ctx_st* context);  // waits for the handshake
  void close();
  long read(char* out, std::size_t size);
  long write(const char* bytes, std::size_t size);
  bool pending() const;
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
};

}  // namespace chuanyu::bench
