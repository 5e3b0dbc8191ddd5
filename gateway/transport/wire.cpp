#include "gateway/transport/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace chuanyu::transport {

Io Wire::read(char* out, std::size_t size, std::size_t& count) {
  return tls_ != nullptr ? tls_->read(out, size, count) : discard(out, size, count);
}

Io Wire::write(const char* bytes, std::size_t size, std::size_t& count) {
  if (tls_ != nullptr) return tls_->write(bytes, size, count);
  const auto sent = ::send(fd_, bytes, size, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? Io::want_write : Io::failed;
  count = static_cast<std::size_t>(sent);
  return Io::ok;
}

Io Wire::discard(char* scratch, std::size_t size, std::size_t& count) {
  const auto received = ::recv(fd_, scratch, size, 0);
  if (received < 0) return errno == EAGAIN || errno == EINTR ? Io::want_read : Io::failed;
  if (received == 0) return Io::closed;
  count = static_cast<std::size_t>(received);
  return Io::ok;
}

void Wire::say_goodbye() {
  if (tls_ != nullptr) tls_->shutdown();
  ::shutdown(fd_, SHUT_WR);
}

void Wire::close() {
  if (fd_ < 0) return;
  tls_.reset();
  ::close(fd_);
  fd_ = -1;
}

}  // namespace chuanyu::transport
