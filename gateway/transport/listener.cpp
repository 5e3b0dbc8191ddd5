#include "gateway/transport/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "gateway/transport/core.h"

namespace chuanyu::transport {
namespace {

constexpr int kBacklog = 4096;  // the kernel takes the lesser of this and net.core.somaxconn
constexpr int kAcceptsInARow = 64;

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

std::string text_of(const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return std::string("[").append(text.data()).append("]:").append(std::to_string(ntohs(v6.sin6_port)));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
  inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return std::string(text.data()).append(":").append(std::to_string(ntohs(v4.sin_port)));
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(own).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(own).sin_port);
}

int open_socket(const addrinfo& where) {
  const int fd = ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  if (::bind(fd, where.ai_addr, where.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const int fault = errno;
  ::close(fd);
  errno = fault;
  return -1;
}

}  // namespace

Listener::Listener(int fd, std::uint16_t port) : fd_(fd), port_(port), spare_(open_spare()) {}

Listener::~Listener() {
  ::close(fd_);
  if (spare_ >= 0) ::close(spare_);
}

Result<std::unique_ptr<Listener>> Listener::open(const std::string& address, std::uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return error(Code::CONFIG_VALUE, "监听地址不能解析", where);
  }
  const int fd = open_socket(*found);
  const int fault = errno;
  freeaddrinfo(found);
  if (fd < 0) return error(Code::CONFIG_VALUE, std::string("不能监听此地址：") + std::strerror(fault), where);
  return std::unique_ptr<Listener>(new Listener(fd, bound_port(fd)));
}

void Listener::accept_some(Core& core) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) shed_one(core);
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    std::string remote = text_of(peer);
    if (const char* reason = core.admit(address_of(remote)); reason != nullptr) {
      core.observe.connection_refused(reason, remote);
      ::close(fd);
      continue;
    }
    const auto port = std::min_element(core.ports.begin(), core.ports.end(), [](const auto& a, const auto& b) {
      return a->connections.load() < b->connections.load();
    });
    ++(*port)->connections;
    Message message;
    message.kind = Message::Kind::adopt;
    message.fd = fd;
    message.bytes = std::move(remote);
    (*port)->mailbox->post(std::move(message));
  }
}

void Listener::shed_one(Core& core) {
  ::close(spare_);
  if (const int fd = ::accept(fd_, nullptr, nullptr); fd >= 0) ::close(fd);
  spare_ = open_spare();
  core.observe.connection_refused("descriptors", "?");
  errno = EAGAIN;
}

}  // namespace chuanyu::transport
