#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace chuanyu::test {

struct RawClient::Impl {
  int fd = -1;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  SSL_SESSION* session = nullptr;  // the newest ticket
  std::string alert;
  std::string input;

  ~Impl() {
    if (ssl != nullptr) {
      SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
      SSL_free(ssl);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    if (fd >= 0) ::close(fd);
    ERR_clear_error();
  }
};

namespace {

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) std::abort();
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return fd;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto at = lower.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const auto start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

RawClient::RawClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RawClient::~RawClient() = default;

std::unique_ptr<RawClient> RawClient::plain(std::uint16_t port) {
  auto impl = std::make_unique<Impl>();
  impl->fd = connect_to(port);
  return std::unique_ptr<RawClient>(new RawClient(std::move(impl)));
}

std::unique_ptr<RawClient> RawClient::tls(std::uint16_t port, const RawOptions& options, RawClient* session_of) {
  auto impl = std::make_unique<Impl>();
  impl->fd = connect_to(port);
  impl->context = SSL_CTX_new(TLS_client_method());
  if (options.tls12) SSL_CTX_set_max_proto_version(impl->context, TLS1_2_VERSION);
  if (!options.chain.empty()) {
    if (SSL_CTX_use_certificate_chain_file(impl->context, options.chain.c_str()) != 1) std::abort();
    if (SSL_CTX_use_PrivateKey_file(impl->context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) std::abort();
  }
  if (!options.trust.empty()) {
    SSL_CTX_load_verify_locations(impl->context, options.trust.c_str(), nullptr);
    SSL_CTX_set_verify(impl->context, SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX_set_session_cache_mode(impl->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(impl->context, [](SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<Impl*>(SSL_get_app_data(ssl));
    SSL_SESSION_free(self->session);
    self->session = session;
    return 1;
  });
  SSL_CTX_set_info_callback(impl->context, [](const SSL* ssl, int where, int value) {
    if ((where & SSL_CB_ALERT) == 0 || (where & SSL_CB_READ) == 0) return;
    static_cast<Impl*>(SSL_get_app_data(ssl))->alert =
        (value & 0xFF) == TLS13_AD_CERTIFICATE_REQUIRED ? "certificate required" : SSL_alert_desc_string_long(value);
  });
  impl->ssl = SSL_new(impl->context);
  SSL_set_app_data(impl->ssl, impl.get());
  SSL_set_fd(impl->ssl, impl->fd);
  if (session_of != nullptr && session_of->impl_->session != nullptr) {
    SSL_set_session(impl->ssl, session_of->impl_->session);
  }
  if (SSL_connect(impl->ssl) != 1) return nullptr;
  return std::unique_ptr<RawClient>(new RawClient(std::move(impl)));
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    if (impl_->ssl != nullptr) {
      if (SSL_write_ex(impl_->ssl, bytes.data(), bytes.size(), &count) != 1) return false;
    } else {
      const auto sent = ::send(impl_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      count = static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(count);
  }
  return true;
}

bool RawClient::fill() {
  std::array<char, 16384> buffer;
  std::size_t count = 0;
  if (impl_->ssl != nullptr) {
    ERR_clear_error();
    if (SSL_read_ex(impl_->ssl, buffer.data(), buffer.size(), &count) != 1) return false;
  } else {
    const auto received = ::recv(impl_->fd, buffer.data(), buffer.size(), 0);
    if (received <= 0) return false;
    count = static_cast<std::size_t>(received);
  }
  impl_->input.append(buffer.data(), count);
  return true;
}

std::optional<Answer> RawClient::read_answer(bool head_only) {
  std::size_t end = std::string::npos;
  while ((end = impl_->input.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  Answer answer;
  answer.head = impl_->input.substr(0, end + 2);
  impl_->input.erase(0, end + 4);
  answer.status = std::atoi(answer.head.c_str() + 9);
  const auto length = static_cast<std::size_t>(std::atoll(answer.header("content-length").c_str()));
  if (head_only) return answer;
  while (impl_->input.size() < length) {
    if (!fill()) return std::nullopt;
  }
  answer.body = impl_->input.substr(0, length);
  impl_->input.erase(0, length);
  return answer;
}

bool RawClient::read_end() {
  errno = 0;
  while (fill()) errno = 0;
  return errno != EAGAIN;
}

bool RawClient::resumed() const { return SSL_session_reused(impl_->ssl) == 1; }
const std::string& RawClient::alert() const { return impl_->alert; }
int RawClient::fd() const { return impl_->fd; }

void RawClient::shrink_receive_buffer() {
  const int size = 4096;
  setsockopt(impl_->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

}  // namespace chuanyu::test
