#include "gateway/transport/client.h"

#include <httplib.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <mutex>

#include "gateway/transport/peer_check.h"
#include "gateway/transport/tls_context.h"

namespace chuanyu::transport {
namespace {

using Steady = std::chrono::steady_clock;

struct Url {
  bool tls = true;
  std::string host;
  int port = 0;
};

Result<Url> parse_url(const std::string& text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.tls = false;
  } else {
    return error(Code::CONFIG_VALUE, "地址应以 https:// 或 http:// 开头", text);
  }
  rest = rest.substr(0, rest.find('/'));
  url.port = url.tls ? 443 : 80;
  const auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.back() != ']') {
    const auto digits = rest.substr(colon + 1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (fault != std::errc{} || end != digits.data() + digits.size() || url.port < 1 || url.port > 65535) {
      return error(Code::CONFIG_VALUE, "地址中的端口有误", text);
    }
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return error(Code::CONFIG_VALUE, "地址中没有主机名", text);
  url.host = rest;
  return url;
}

// The kept socket, held once more, so that cancel() can shut it down without ever touching a number that was given
// away.
class HeldSocket {
 public:
  ~HeldSocket() { drop(); }
  void hold(int fd) {
    drop();
    fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }
  void drop() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void shut() const {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }
  // Between answers a server has nothing to say: what can be read then is the end of the connection.
  bool has_something_to_say() const {
    pollfd probe{fd_, POLLIN, 0};
    return fd_ >= 0 && ::poll(&probe, 1, 0) > 0;
  }

 private:
  int fd_ = -1;
};

std::string what(httplib::Error fault) {
  switch (fault) {
    case httplib::Error::Connection: return "连接被拒绝或地址不可达";
    case httplib::Error::ConnectionTimeout: return "连接超时";
    case httplib::Error::Read: return "等待应答超时，或连接中断";
    case httplib::Error::Write: return "发送请求时连接中断";
    case httplib::Error::Canceled: return "已取消";
    default: return httplib::to_string(fault);
  }
}

}  // namespace

struct Client::Impl {
  ClientOptions options;
  std::unique_ptr<PeerCheck> check;  // null without TLS
  std::unique_ptr<httplib::ClientImpl> http;
  std::mutex mutex;  // of what follows
  HeldSocket socket;
  bool running = false;
  std::atomic<bool> cancelled{false};

  void set_up();
  void begin();
  void finish();
  Error explain(httplib::Error fault, bool too_large) const;
};

void Client::Impl::set_up() {
  http->set_keep_alive(true);
  http->set_tcp_nodelay(true);
  http->set_follow_location(false);
  http->set_decompress(false);
  http->set_url_encode(false);
  http->set_connection_timeout(options.connect);
  http->set_read_timeout(options.answer);
  http->set_write_timeout(options.answer);
  http->set_socket_options([this](socket_t fd) {
    const std::lock_guard lock(mutex);
    socket.hold(fd);
  });
}

void Client::Impl::begin() {
  bool stale = false;
  {
    const std::lock_guard lock(mutex);
    running = true;
    cancelled = false;
    stale = socket.has_something_to_say();
    if (stale) socket.drop();
  }
  if (check != nullptr) {
    check->reset();
    check->cancelled = false;
  }
  if (stale) http->stop();
}

void Client::Impl::finish() {
  const bool open = http->is_socket_open() != 0;
  const std::lock_guard lock(mutex);
  running = false;
  if (!open) socket.drop();
}

Error Client::Impl::explain(httplib::Error fault, bool too_large) const {
  if (too_large) {
    return error(Code::PEER_PROTOCOL, "应答超过 " + std::to_string(options.max_answer_bytes) + " 字节", options.url);
  }
  if (cancelled) return error(Code::PEER_UNREACHABLE, "已取消", options.url);
  if (check != nullptr && check->failure()) {
    Error known = *check->failure();
    if (known.where.empty()) known.where = options.url;
    return known;
  }
  if (fault == httplib::Error::SSLConnection) {
    return error(Code::TLS_HANDSHAKE, "握手超时、中断，或没有共同的版本与密码套件", options.url);
  }
  return error(Code::PEER_UNREACHABLE, what(fault), options.url);
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(ClientOptions options) {
  std::signal(SIGPIPE, SIG_IGN);
  CHUANYU_TRY(const Url url, parse_url(options.url));
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  if (url.tls) {
    auto http = std::make_unique<httplib::SSLClient>(url.host, url.port);
    if (!http->is_valid()) return error(Code::LOCAL_CRYPTO, "OpenSSL 不能建立 TLS 环境");
    CHUANYU_TRY([[maybe_unused]] const auto facts, configure(http->ssl_context(), impl->options.files, true));
    impl->check = std::make_unique<PeerCheck>(url.host, impl->options.files.trust, impl->options.expected_urn,
                                              impl->options.pins);
    impl->check->install(http->ssl_context());
    http->enable_server_certificate_verification(false);  // httplib's own check, which knows neither CRLs nor pins
    impl->http = std::move(http);
  } else {
    impl->http = std::make_unique<httplib::ClientImpl>(url.host, url.port);
  }
  impl->set_up();
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<Response> Client::call(const std::string& method, const std::string& target, std::vector<Header> headers,
                              Bytes body) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  for (Header& header : headers) request.headers.emplace(std::move(header.name), std::move(header.value));
  request.body = std::move(body);

  Response out;
  bool too_large = false;
  const auto until = Steady::now() + impl_->options.answer + impl_->options.connect;
  request.response_handler = [&](const httplib::Response&) { return !impl_->cancelled.load(); };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    too_large = too_large || out.body.size() + size > impl_->options.max_answer_bytes;
    if (too_large || Steady::now() > until || impl_->cancelled) return false;
    out.body.append(data, size);
    return true;
  };

  impl_->begin();
  httplib::Response answer;
  httplib::Error fault = httplib::Error::Success;
  const bool sent = impl_->http->send(request, answer, fault);
  if (!sent) impl_->http->stop();
  impl_->finish();
  ERR_clear_error();
  if (!sent) return impl_->explain(fault, too_large);
  out.status = answer.status;
  for (auto& [name, value] : answer.headers) out.headers.push_back({name, value});
  return out;
}

std::string Client::negotiated() const { return impl_->check == nullptr ? "" : impl_->check->negotiated(); }

void Client::cancel() {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->running) return;
  impl_->cancelled = true;
  if (impl_->check != nullptr) impl_->check->cancelled = true;
  impl_->socket.shut();
}

}  // namespace chuanyu::transport
