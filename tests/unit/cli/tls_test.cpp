// The command line over mutual TLS: what it says of the connection, and when the gateway's certificate does not pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/transport/server.h"
#include "tests/support/pki.h"
#include "tests/unit/cli/say.h"

namespace chuanyu::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TlsCli : public testing::Test {
 protected:
  TlsCli() {
    pki_.issue("agency", {.server = false});
    pki_.write_crl();
    start_with("gateway", {.urn = "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw"});
  }
  void start_with(const std::string& certificate, const test::Leaf& leaf) {
    pki_.issue(certificate, leaf);
    transport::ServerOptions options;
    options.loops = 1;
    options.files.certificate_chain = pki_.chain(certificate);
    options.files.private_key = pki_.key(certificate);
    options.files.trust = pki_.trust();
    options.files.crl = pki_.crl();
    auto started = transport::Server::start(options, [](transport::Request, transport::Responder responder) {
      responder.send(
          {200, {{"Content-Type", "application/json"}}, R"({"name":"甲局","urn":"urn:x","role":"auditor"})"});
    });
    EXPECT_TRUE(started.ok()) << started.error().to_text();
    server_ = std::move(started).value();
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(server_->port()); }
  int run_it(std::vector<std::string> words, const std::string& trust = {}, const std::string& at = {}) {
    words.insert(words.begin(), {"chuanyu", "--url", at.empty() ? url() : at, "--cert", pki_.chain("agency"), "--key",
                                 pki_.key("agency"), "--trust", trust.empty() ? pki_.trust() : trust});
    const Said said = say(words);
    out_ = said.out;
    err_ = said.err;
    return said.exit;
  }

  test::Pki pki_;
  std::unique_ptr<transport::Server> server_;
  std::string out_;
  std::string err_;
};

TEST_F(TlsCli, SelftestSaysWhatWasNegotiated) {
  EXPECT_EQ(run_it({"selftest", "--crl", pki_.crl()}), kOk) << out_;
  EXPECT_THAT(out_, HasSubstr(url() + "，TLSv1.3 TLS_"));
}

TEST_F(TlsCli, WithTheWrongRootTheAdviceIsAboutTrust) {
  const test::Pki other("other");
  EXPECT_EQ(run_it({"whoami", "--crl", pki_.crl()}, other.trust()), kUnreachable);
  for (const char* word : {"TLS_UNTRUSTED", "服务器证书不能追溯到", "--trust"}) EXPECT_THAT(err_, HasSubstr(word));
  EXPECT_THAT(err_, HasSubstr(other.trust()));
  EXPECT_THAT(err_, Not(HasSubstr("请使用本省签发 CA 的证书")));
  EXPECT_EQ(run_it({"selftest", "--crl", pki_.crl()}, other.trust()), kUnreachable);
  EXPECT_THAT(out_, HasSubstr("--trust"));
}

TEST_F(TlsCli, WithTheCertificateOfAnotherHostTheAdviceIsAboutTheAddress) {
  start_with("elsewhere", {.dns = "elsewhere.test"});
  const auto by_name = "https://localhost:" + std::to_string(server_->port());
  EXPECT_EQ(run_it({"whoami", "--crl", pki_.crl()}, {}, by_name), kUnreachable);
  for (const char* word : {"TLS_UNTRUSTED", "不是为主机 localhost 签发", "--url"}) EXPECT_THAT(err_, HasSubstr(word));
}

TEST_F(TlsCli, WithoutACrlAPersonIsWarnedInOneLine) {
  EXPECT_EQ(run_it({"whoami"}), kOk);
  EXPECT_THAT(err_, HasSubstr("警告：没有给出吊销列表"));
  EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1);
  EXPECT_EQ(run_it({"whoami", "--json"}), kOk);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(run_it({"whoami", "--crl", pki_.crl()}), kOk);
  EXPECT_EQ(err_, "");
}

}  // namespace
}  // namespace chuanyu::cli
