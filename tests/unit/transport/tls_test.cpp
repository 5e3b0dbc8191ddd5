// Who may connect: each refusal with its code, revocation and reload, resumption.
#include "tests/unit/transport/fixture.h"

namespace chuanyu::transport {
namespace {

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

class Tls : public ServerFixture {
 protected:
  // Connects, and says how that was refused: the alert, after seeing that the code was counted.
  std::string refused(const test::RawOptions& client, const std::string& code) {
    const std::string labels = "{code=\"" + code + "\"}";
    const double before = metric("chuanyu_tls_refused_total", labels);
    auto connection = test::RawClient::tls(server->port(), client);
    if (connection == nullptr) return "refused in the handshake";
    connection->send(kGet);
    EXPECT_FALSE(connection->read_answer().has_value());
    EXPECT_TRUE(reaches("chuanyu_tls_refused_total", labels, before + 1)) << code;
    return connection->alert();
  }
};

TEST_F(Tls, AcceptsAnAgencyAndSaysWhoItIs) {
  start([](Request request, Responder responder) {
    const auto& certificate = request.peer->certificate();
    responder.send(text(200, certificate.subject + " " + certificate.san_uris.at(0)));
  });
  auto client = tls();
  ASSERT_NE(client, nullptr);
  for (int i = 0; i < 3; ++i) {
    client->send(kGet);
    EXPECT_EQ(client->read_answer()->body, "CN=agency urn:chuanyu:agency:510000:12510000MCDEM0019R:app");
  }
}

TEST_F(Tls, RefusesEachBadCertificateWithItsCode) {
  test::Pki other("other");
  other.issue("stranger");
  test::Pki forged;  // CAs of the same names
  forged.issue("forger");
  pki().issue("expired", {.not_before = -7200, .not_after = -3600});
  pki().issue("early", {.not_before = 3600});
  start();
  EXPECT_EQ(refused({.trust = pki().trust()}, "TLS_NO_CERTIFICATE"), "certificate required");
  EXPECT_EQ(refused({.chain = other.chain("stranger"), .key = other.key("stranger")}, "TLS_UNTRUSTED"), "unknown CA");
  EXPECT_NE(refused({.chain = forged.chain("forger"), .key = forged.key("forger")}, "TLS_UNTRUSTED"), "");
  EXPECT_EQ(refused(files_of("expired"), "TLS_EXPIRED"), "certificate expired");
  EXPECT_NE(refused(files_of("early"), "TLS_EXPIRED"), "");
}

TEST_F(Tls, RefusesOldVersionsUnlessAllowed) {
  start();
  auto old = files_of("agency");
  old.tls12 = true;
  const double before = metric("chuanyu_tls_refused_total", "{code=\"TLS_HANDSHAKE\"}");
  EXPECT_EQ(test::RawClient::tls(server->port(), old), nullptr);
  EXPECT_TRUE(reaches("chuanyu_tls_refused_total", "{code=\"TLS_HANDSHAKE\"}", before + 1));
  server.reset();
  options.files.allow_tls12 = true;
  auto files = tls_files("server");
  files.allow_tls12 = true;
  options.files = files;
  auto started = Server::start(options, echo);
  ASSERT_TRUE(started.ok());
  server = std::move(started).value();
  auto client = test::RawClient::tls(server->port(), old);
  ASSERT_NE(client, nullptr);
  client->send(kGet);
  EXPECT_EQ(client->read_answer()->status, 200);
  auto again = test::RawClient::tls(server->port(), old, client.get());
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(again->resumed());
  again->send(kGet);
  EXPECT_EQ(again->read_answer()->status, 200);
}

TEST_F(Tls, ReloadBringsRevocationAndKeepsConnections) {
  pki().issue("thief", {.server = false});
  start();
  auto early = tls("thief");
  auto honest = tls();
  early->send(kGet);
  EXPECT_EQ(early->read_answer()->status, 200);  // its session ticket has come by now
  pki().revoke("thief");
  ASSERT_TRUE(server->reload().ok());
  EXPECT_EQ(refused(files_of("thief"), "TLS_REVOKED"), "certificate revoked");
  // A session from before the revocation is no way around it.
  auto resumed = tls("thief", early.get());
  ASSERT_NE(resumed, nullptr);
  EXPECT_FALSE(resumed->resumed());
  resumed->send(kGet);
  EXPECT_FALSE(resumed->read_answer().has_value());
  honest->send(kGet);
  EXPECT_EQ(honest->read_answer()->status, 200);
}

TEST_F(Tls, NeedsAValidCrlOfEveryCa) {
  pki().write_crl_of_root_only();
  start();
  refused(files_of("agency"), "TLS_CRL_UNAVAILABLE");
  pki().write_crl(-60);
  ASSERT_TRUE(server->reload().ok());
  refused(files_of("agency"), "TLS_CRL_UNAVAILABLE");
  pki().write_crl();
  ASSERT_TRUE(server->reload().ok());
  auto client = tls();
  client->send(kGet);
  EXPECT_EQ(client->read_answer()->status, 200);
}

TEST_F(Tls, ResumesWithTheSameIdentity) {
  start([](Request request, Responder responder) { responder.send(text(200, request.peer->certificate().subject)); });
  auto first = tls();
  first->send(kGet);
  EXPECT_EQ(first->read_answer()->body, "CN=agency");
  auto second = tls("agency", first.get());
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(second->resumed());
  second->send(kGet);
  EXPECT_EQ(second->read_answer()->body, "CN=agency");
  auto third = tls("agency", second.get());  // with the ticket of the resumed connection
  EXPECT_TRUE(third->resumed());
  third->send(kGet);
  EXPECT_EQ(third->read_answer()->body, "CN=agency");
}

TEST_F(Tls, BadFilesAreNamedAndLeaveTheOldOnesInForce) {
  start();
  const auto code = [&](TlsFiles files) {
    ServerOptions bad = options;
    bad.files = std::move(files);
    auto started = Server::start(bad, echo);
    return started.ok() ? std::string("started") : std::string(to_string(started.error().code));
  };
  auto files = tls_files("server");
  files.certificate_chain = "/nowhere";
  EXPECT_EQ(code(files), "CONFIG_UNREADABLE");
  files = tls_files("server");
  files.private_key = pki().key("agency");
  EXPECT_EQ(code(files), "LOCAL_KEY_FILE");
  files = tls_files("server");
  files.private_key = pki().chain("agency");  // mode 0644
  EXPECT_EQ(code(files), "LOCAL_KEY_FILE");
  files = tls_files("server");
  files.crl = pki().trust();
  EXPECT_EQ(code(files), "CONFIG_SYNTAX");
  files = tls_files("server");
  files.ciphersuites = "TLS_NO_SUCH";
  EXPECT_EQ(code(files), "CONFIG_VALUE");

  const std::string crl = pki().crl();
  ASSERT_EQ(std::rename(crl.c_str(), (crl + ".away").c_str()), 0);
  EXPECT_FALSE(server->reload().ok());
  ASSERT_EQ(std::rename((crl + ".away").c_str(), crl.c_str()), 0);
  auto client = tls();
  client->send(kGet);
  EXPECT_EQ(client->read_answer()->status, 200);
}

TEST_F(Tls, AnAddressInUseIsAnError) {
  start();
  ServerOptions second = options;
  second.port = server->port();
  auto started = Server::start(second, echo);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, Code::CONFIG_VALUE);
}

TEST_F(Tls, AHandshakeThatNeverComesIsEnded) {
  options.limits.handshake = std::chrono::milliseconds(50);
  start();
  EXPECT_TRUE(plain()->read_end());
  auto garbage = plain();
  garbage->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(garbage->read_end());
}

TEST_F(Tls, ReloadWhileBusyDropsNothing) {
  start();
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  Latch running(4);
  std::atomic<bool> stop{false};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      auto kept = tls();
      running.arrive();
      for (int n = 0; n < 50 || !stop; ++n) {
        auto fresh = i % 2 == 0 ? nullptr : tls();
        auto& client = fresh != nullptr ? *fresh : *kept;
        ASSERT_TRUE(client.send(kGet));
        ASSERT_EQ(client.read_answer().value_or(test::Answer{}).status, 200);
        ++answered;
      }
    });
  }
  running.wait();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(server->reload().ok());
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_GE(answered, 200);
}

}  // namespace
}  // namespace chuanyu::transport
