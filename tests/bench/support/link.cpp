#include "tests/bench/support/link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace chuanyu::bench {

std::shared_ptr<ssl_ctx_st> make_client_context(const Target& target) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!target.chain.empty() &&
      (SSL_CTX_use_certificate_chain_file(context.get(), target.chain.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context.get(), target.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return nullptr;
  }
  if (!target.trust.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), target.trust.c_str(), nullptr) != 1) return nullptr;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

bool Link::open(const Target& target, ssl_ctx_st* context) {
  close();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(target.port);
  if (inet_pton(AF_INET, target.address.c_str(), &where.sin_addr) != 1) return false;
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) return false;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (context != nullptr) {
    const timeval limit{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) return false;
  }
  return fcntl(fd_, F_SETFL, O_NONBLOCK) == 0;
}

void Link::close() {
  if (ssl_ != nullptr) {
    SSL_set_quiet_shutdown(ssl_, 1);
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  ERR_clear_error();
}

long Link::read(char* out, std::size_t size) {
  if (ssl_ == nullptr) {
    const auto received = ::recv(fd_, out, size, 0);
    if (received > 0) return received;
    return received < 0 && errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  const int count = SSL_read(ssl_, out, static_cast<int>(size));
  if (count > 0) return count;
  return SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ ? 0 : -1;
}

long Link::write(const char* bytes, std::size_t size) {
  if (ssl_ == nullptr) {
    const auto sent = ::send(fd_, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    return errno == EAGAIN ? 0 : -1;
  }
  ERR_clear_error();
  const int count = SSL_write(ssl_, bytes, static_cast<int>(size));
  if (count > 0) return count;
  return SSL_get_error(ssl_, count) == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool Link::pending() const { return ssl_ != nullptr && SSL_has_pending(ssl_) == 1; }

}  // namespace chuanyu::bench
