#include "tests/unit/transport/fixture.h"

namespace chuanyu::transport {

double metric(const std::string& name, const std::string& labels) {
  const std::string text = metrics::to_text();
  const auto at = text.find("\n" + name + labels + " ");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + labels.size() + 2));
}

bool reaches(const std::string& name, const std::string& labels, double value) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (metric(name, labels) < value && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return metric(name, labels) == value;
}

Response text(int status, std::string body) {
  Response out;
  out.status = status;
  out.headers.push_back({"Content-Type", "text/plain"});
  out.body = std::move(body);
  return out;
}

void echo(Request request, Responder responder) {
  responder.send(text(200, request.method + " " + request.path + " " + request.query + "\n" + request.body));
}

std::string code_of(const test::Answer& answer) {
  if (answer.header("content-type") != "application/problem+json") return "not a problem: " + answer.head;
  const auto at = answer.body.find("\"code\":\"");
  return at == std::string::npos ? "no code" : answer.body.substr(at + 8, answer.body.find('"', at + 8) - at - 8);
}

test::Pki& ServerFixture::pki() {
  static test::Pki made;  // its folder goes with the program
  [[maybe_unused]] static const bool kIssued = [] {
    made.issue("server", {.urn = "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw"});
    made.issue("agency", {.server = false});
    return true;
  }();
  return made;
}

ServerFixture::ServerFixture() {
  log::set_level("error");
  options.loops = 2;
  options.workers = 2;
}

ServerFixture::~ServerFixture() = default;

void ServerFixture::start(Handler handler) {
  options.files = tls_files("server");
  auto started = Server::start(options, std::move(handler));
  ASSERT_TRUE(started.ok()) << started.error().to_text();
  server = std::move(started).value();
}

void ServerFixture::start_plain(Handler handler) {
  options.tls = false;
  auto started = Server::start(options, std::move(handler));
  ASSERT_TRUE(started.ok()) << started.error().to_text();
  server = std::move(started).value();
}

test::RawOptions ServerFixture::files_of(const std::string& certificate) const {
  return {.chain = pki().chain(certificate), .key = pki().key(certificate), .trust = pki().trust()};
}

TlsFiles ServerFixture::tls_files(const std::string& certificate) const {
  TlsFiles files;
  files.certificate_chain = pki().chain(certificate);
  files.private_key = pki().key(certificate);
  files.trust = pki().trust();
  files.crl = pki().crl();
  return files;
}

std::unique_ptr<test::RawClient> ServerFixture::tls(const std::string& certificate, test::RawClient* session_of) {
  return test::RawClient::tls(server->port(), files_of(certificate), session_of);
}

}  // namespace chuanyu::transport
