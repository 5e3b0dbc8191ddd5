#include "gateway/transport/server.h"

#include <csignal>

#include "gateway/base/log.h"
#include "gateway/transport/core.h"
#include "gateway/transport/listener.h"
#include "gateway/transport/loop.h"

namespace chuanyu::transport {
namespace {

constexpr std::chrono::seconds kDestructorDrain{5};

void publish(const TlsFacts& facts) {
  metrics::gauge("chuanyu_certificate_expires_seconds", "When the gateway's own certificate expires, Unix time")
      .set(static_cast<double>(facts.certificate_expires) / 1e6);
  metrics::gauge("chuanyu_crl_next_update_seconds", "When the first of the loaded CRLs goes stale, Unix time")
      .set(static_cast<double>(facts.crl_next_update) / 1e6);
  log::info("tls.loaded", {{"certificate_expires", to_rfc3339(facts.certificate_expires)},
                           {"roots", facts.roots},
                           {"crls", facts.crls},
                           {"crl_next_update", facts.crls > 0 ? to_rfc3339(facts.crl_next_update) : "-"}});
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Handler handler) : core(std::move(options), std::move(handler)) {}

  Core core;
  std::vector<std::unique_ptr<Loop>> loops;
  std::uint16_t port = 0;

  void post_all(Message::Kind kind) {
    for (const auto& loop_port : core.ports) {
      Message message;
      message.kind = kind;
      loop_port->mailbox->post(std::move(message));
    }
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets whose peer may be gone
  CHUANYU_TRY(auto listener, Listener::open(options.address, options.port));
  std::shared_ptr<const TlsContext> tls;
  if (options.tls) {
    CHUANYU_TRY(tls, TlsContext::load_server(options.files));
    publish(tls->facts());
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
  impl->core.set_tls(std::move(tls));
  impl->port = listener->port();
  for (const auto& loop_port : impl->core.ports) {
    impl->loops.push_back(std::make_unique<Loop>(impl->core, *loop_port, std::move(listener)));
  }
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  for (const auto& loop : server->impl_->loops) CHUANYU_CHECK(loop->start());
  return server;
}

Server::~Server() {
  drain(std::chrono::duration_cast<std::chrono::milliseconds>(kDestructorDrain));
  impl_->post_all(Message::Kind::stop);
  for (const auto& loop : impl_->loops) loop->join();
  impl_->core.workers.stop();
  impl_->core.stream_workers.stop();
}

std::uint16_t Server::port() const { return impl_->port; }

Status Server::reload() {
  if (!impl_->core.options.tls) return {};
  CHUANYU_TRY(auto tls, TlsContext::load_server(impl_->core.options.files));
  publish(tls->facts());
  impl_->core.set_tls(std::move(tls));
  return {};
}

void Server::drain(std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  for (const auto& loop_port : impl_->core.ports) loop_port->mailbox->draining = true;
  impl_->post_all(Message::Kind::drain);
  if (impl_->core.wait_until_none(until)) return;
  log::warn("transport.drain_deadline", {{"advice", "connections were cut"}});
  impl_->post_all(Message::Kind::abort);
  impl_->core.wait_until_none(std::chrono::steady_clock::now() + std::chrono::seconds(1));
}

}  // namespace chuanyu::transport
