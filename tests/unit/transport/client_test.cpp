// The client against the server: identity, pins, limits, cancel; and curl as a client that is not ours.
#include "gateway/transport/client.h"

#include <array>
#include <cstdio>

#include "gateway/crypto/certificate.h"
#include "tests/unit/transport/fixture.h"

namespace chuanyu::transport {
namespace {

constexpr const char* kServerUrn = "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw";

class ClientTest : public ServerFixture {
 protected:
  ClientOptions client_options(const std::string& certificate = "agency") {
    ClientOptions out;
    out.url = "https://127.0.0.1:" + std::to_string(server->port());
    out.files = tls_files(certificate);
    return out;
  }
  static std::unique_ptr<Client> make(ClientOptions wanted) {
    auto made = Client::make(std::move(wanted));
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }
  static Code code(ClientOptions wanted) {
    const auto answer = make(std::move(wanted))->call("GET", "/x");
    return answer.ok() ? Code::LOCAL_INTERNAL : answer.error().code;
  }
  static crypto::Digest pin_of(const std::string& certificate) {
    return crypto::parse_certificate_pem_file(pki().chain(certificate))->spki;
  }
};

TEST_F(ClientTest, CallsAndKeepsItsConnection) {
  std::set<std::string> remotes;
  start([&](Request request, Responder responder) {
    remotes.insert(request.remote);
    EXPECT_EQ(request.header("X-A"), "50%25");
    responder.send(text(201, request.method + " " + request.path + " " + request.query + " " + request.body));
  });
  auto client = make(client_options());
  for (int i = 0; i < 5; ++i) {
    const auto answer =
        client->call("PUT", "/v1/a%2Fb?x=%20y", {{"X-A", "50%25"}, {"Content-Type", "text/plain"}}, "body");
    ASSERT_TRUE(answer.ok()) << answer.error().to_text();
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, "PUT /v1/a/b x=%20y body");
  }
  EXPECT_EQ(remotes.size(), 1U);
}

TEST_F(ClientTest, SaysWhatWasNegotiated) {
  start();
  auto client = make(client_options());
  EXPECT_EQ(client->negotiated(), "");
  ASSERT_TRUE(client->call("GET", "/x").ok());
  EXPECT_EQ(client->negotiated().substr(0, 12), "TLSv1.3 TLS_");
}

TEST_F(ClientTest, PinsAndIdentityDecide) {
  start();
  auto wanted = client_options();
  wanted.expected_urn = kServerUrn;
  wanted.pins = {pin_of("agency"), pin_of("server")};
  ASSERT_TRUE(make(wanted)->call("GET", "/x").ok());
  wanted.pins = {pin_of("agency")};
  EXPECT_EQ(code(wanted), Code::TLS_PEER_NOT_PINNED);
  wanted.pins.clear();
  wanted.expected_urn = "urn:chuanyu:gateway:500000:11500000MCDEM0027K:gw";
  EXPECT_EQ(code(wanted), Code::TLS_PEER_NOT_PINNED);
}

TEST_F(ClientTest, WithoutAPinTheHostDecides) {
  pki().issue("elsewhere", {.dns = "elsewhere.test"});
  start();
  auto wanted = client_options();
  EXPECT_EQ(code(wanted), Code::LOCAL_INTERNAL);  // 127.0.0.1 is in the certificate: no error
  wanted.url = "https://localhost:" + std::to_string(server->port());
  EXPECT_EQ(code(wanted), Code::LOCAL_INTERNAL);
  options.files = tls_files("elsewhere");
  auto other = Server::start(options, echo);
  ASSERT_TRUE(other.ok());
  wanted.url = "https://localhost:" + std::to_string((*other)->port());
  EXPECT_EQ(code(wanted), Code::TLS_UNTRUSTED);
}

TEST_F(ClientTest, RefusesABadServerAndUnderstandsARefusal) {
  test::Pki other("other");
  pki().issue("fired", {.server = false});
  pki().revoke("fired");
  start();
  auto wanted = client_options();
  wanted.files.trust = other.trust();
  wanted.files.crl = other.crl();
  EXPECT_EQ(code(wanted), Code::TLS_UNTRUSTED);
  wanted = client_options();
  wanted.files.certificate_chain.clear();
  EXPECT_EQ(code(wanted), Code::TLS_NO_CERTIFICATE);
  EXPECT_EQ(code(client_options("fired")), Code::TLS_REVOKED);
}

TEST_F(ClientTest, ARevokedServerIsRefused) {
  pki().issue("old-server");
  options.files = tls_files("old-server");
  auto old_server = Server::start(options, echo);
  ASSERT_TRUE(old_server.ok());
  pki().revoke("old-server");
  ClientOptions out;
  out.url = "https://127.0.0.1:" + std::to_string((*old_server)->port());
  out.files = tls_files("agency");
  EXPECT_EQ(code(out), Code::TLS_REVOKED);
}

TEST_F(ClientTest, ReopensAConnectionThatTheServerClosed) {
  options.limits.idle = std::chrono::milliseconds(500);
  start();
  const double ended = metric("chuanyu_connections_ended_total", "{reason=\"idle\"}");
  auto client = make(client_options());
  ASSERT_TRUE(client->call("GET", "/1").ok());
  EXPECT_TRUE(reaches("chuanyu_connections_ended_total", "{reason=\"idle\"}", ended + 1));
  const auto answer = client->call("GET", "/2");
  ASSERT_TRUE(answer.ok()) << answer.error().to_text();
}

TEST_F(ClientTest, LimitsTheAnswer) {
  start([](Request, Responder responder) { responder.send(text(200, std::string(100'000, 'x'))); });
  auto wanted = client_options();
  wanted.max_answer_bytes = 50'000;
  EXPECT_EQ(code(wanted), Code::PEER_PROTOCOL);
}

TEST_F(ClientTest, NobodyThereAndNoAnswerAreUnreachable) {
  Latch arrived(1);
  std::optional<Responder> kept;
  start([&](Request, Responder responder) {
    kept = std::move(responder);
    arrived.arrive();
  });
  auto wanted = client_options();
  wanted.answer = std::chrono::milliseconds(100);
  EXPECT_EQ(code(wanted), Code::PEER_UNREACHABLE);
  arrived.wait();
  kept.reset();
  server.reset();
  EXPECT_EQ(code(wanted), Code::PEER_UNREACHABLE);
}

TEST_F(ClientTest, CanBeCancelledFromAnotherThread) {
  Latch arrived(1);
  std::optional<Responder> kept;
  start([&](Request request, Responder responder) {
    if (request.path != "/wait") return echo(std::move(request), std::move(responder));
    kept = std::move(responder);
    arrived.arrive();
  });
  auto client = make(client_options());
  std::thread canceller([&] {
    arrived.wait();
    client->cancel();
  });
  const auto answer = client->call("GET", "/wait");
  canceller.join();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::PEER_UNREACHABLE);
  EXPECT_TRUE(client->call("GET", "/x").ok());  // and can be used again
}

TEST_F(ClientTest, SpeaksToThePlainListener) {
  start_plain();
  ClientOptions out;
  out.url = "http://127.0.0.1:" + std::to_string(server->port());
  const auto answer = make(out)->call("GET", "/healthz");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, "GET /healthz \n");
  out.url = "ftp://x";
  EXPECT_FALSE(Client::make(out).ok());
  out.url = "https://x:0";
  EXPECT_FALSE(Client::make(out).ok());
}

TEST_F(ClientTest, CurlIsServed) {
  start();
  const std::string command =
      "curl -sS --max-time 20 --cacert " + pki().trust() + " --cert " + pki().chain("agency") + " --key " +
      pki().key("agency") +
      " --tlsv1.3 -d hello -w '%{http_code}' https://127.0.0.1:" + std::to_string(server->port()) + "/v1/a?b 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 512> out{};
  const std::size_t size = std::fread(out.data(), 1, out.size(), pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(std::string(out.data(), size), "POST /v1/a b\nhello200");
}

}  // namespace
}  // namespace chuanyu::transport
