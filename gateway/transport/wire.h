// gateway/transport/wire.h: the bytes of one accepted connection, through TLS or plain. Private to the room.
//
// Owns the descriptor. Threads: one. Failure: Io::closed (the peer ended it), Io::failed.
#pragma once

#include <memory>
#include <string>

#include "gateway/transport/tls_session.h"

namespace chuanyu::transport {

class Wire {
 public:
  Wire(int fd, std::unique_ptr<TlsSession> tls) : fd_(fd), tls_(std::move(tls)) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(); }

  Io read(char* out, std::size_t size, std::size_t& count);
  Io write(const char* bytes, std::size_t size, std::size_t& count);
  bool pending() const { return tls_ != nullptr && tls_->pending(); }

  void say_goodbye();  // close_notify and FIN: nothing more will be written
  // Reads and forgets what the peer still sends, without decrypting it; the bytes dropped; closed or failed at the end.
  Io discard(char* scratch, std::size_t size, std::size_t& count);
  void close();

  int fd() const { return fd_; }
  TlsSession* tls() { return tls_.get(); }

 private:
  int fd_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace chuanyu::transport
