// The command line against a gateway that says what the test wants: requests as sent, output, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "gateway/transport/server.h"
#include "tests/unit/cli/say.h"

namespace chuanyu::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A plain listener (the command line takes http:// for the admin interface) that answers from a list and keeps what
// came.
class FakeGateway {
 public:
  FakeGateway() {
    transport::ServerOptions options;
    options.tls = false;
    options.loops = 1;
    auto started = transport::Server::start(std::move(options),
                                            [this](transport::Request request, transport::Responder responder) {
                                              const std::lock_guard lock(mutex_);
                                              requests_.push_back(std::move(request));
                                              transport::Response answer;
                                              answer.status = 404;
                                              if (!answers_.empty()) {
                                                answer = std::move(answers_.front());
                                                answers_.erase(answers_.begin());
                                              }
                                              responder.send(std::move(answer));
                                            });
    EXPECT_TRUE(started.ok()) << started.error().to_text();
    server_ = std::move(started).value();
  }
  void answers(int status, std::string body, std::string type = "application/json") {
    const std::lock_guard lock(mutex_);
    answers_.push_back({status, {{"Content-Type", std::move(type)}}, std::move(body)});
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  std::vector<transport::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<transport::Request> requests_;
  std::vector<transport::Response> answers_;
  std::unique_ptr<transport::Server> server_;
};

constexpr const char* kReceipt =
    R"("receipt":{"exchangeId":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b","gateway":"sc","index":12,"leaf":"00","time":"2026-11-21T22:50:33+08:00","level":"durable"})";

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("CHUANYU_PROFILE");
    std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-cli-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  int run_bare(std::vector<std::string> words) {
    words.insert(words.begin(), "chuanyu");
    const Said said = say(words);
    out_ = said.out;
    err_ = said.err;
    return said.exit;
  }
  int run_at_gateway(std::vector<std::string> words) {
    words.insert(words.begin(), {"--url", gateway_.url()});
    return run_bare(std::move(words));
  }

  FakeGateway gateway_;
  std::string folder_;
  std::string out_;
  std::string err_;
};

TEST_F(Cli, HelpIsInChineseAndNamesTheExitCodes) {
  EXPECT_EQ(run_bare({"--help"}), kOk);
  for (const char* word : {"用法", "子命令", "退出码", "whoami", "put", "import", "send", "query", "inbox", "ack",
                           "status", "selftest", "CHUANYU_PROFILE"}) {
    EXPECT_THAT(out_, HasSubstr(word));
  }
  EXPECT_EQ(run_bare({"query", "--help"}), kOk);
  EXPECT_THAT(out_, HasSubstr("--id-no"));
  EXPECT_EQ(run_bare({"--version"}), kOk);
  EXPECT_THAT(out_, HasSubstr("chuanyu "));
}

TEST_F(Cli, WrongUsageIsTwo) {
  EXPECT_EQ(run_bare({}), kUsage);
  EXPECT_EQ(run_bare({"whoa"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("没有子命令 whoa；是否应为 whoami？"));
  EXPECT_EQ(run_at_gateway({"query", "credit"}), kUsage);  // whom?
  EXPECT_THAT(err_, HasSubstr("须给出 --uscc、--id-no、--id 之一"));
  EXPECT_EQ(run_at_gateway({"query", "credit", "--uscc", "a", "--id", "b"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("只能给出一个，却给出了 2 个"));
  EXPECT_THAT(err_, Not(HasSubstr("缺少")));
  EXPECT_EQ(run_at_gateway({"put", "money", "x.json"}), kUsage);       // no such kind
  EXPECT_EQ(run_at_gateway({"send", "x.json", "--to", "X"}), kUsage);  // record or message?
  EXPECT_EQ(run_bare({"whoami"}), kUsage);                             // no gateway
  EXPECT_THAT(err_, HasSubstr("--url"));
  EXPECT_EQ(run_bare({"--url", "https://127.0.0.1:1", "whoami"}), kUsage);  // no certificate
  EXPECT_THAT(err_, HasSubstr("--cert"));
  EXPECT_EQ(run_at_gateway({"put", "credit", folder_ + "/missing.csv"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("missing.csv"));
  EXPECT_TRUE(gateway_.requests().empty());
}

TEST_F(Cli, ProfileFileGivesTheConnectionAndRejectsUnknownMembers) {
  gateway_.answers(200, R"({"name":"遂宁市市场监督管理局","uscc":"11510900MBDEM0023P"})");
  EXPECT_EQ(run_bare({"--as", file("g02.json", R"({"url":")" + gateway_.url() + "\"}"), "whoami"}), kOk);
  EXPECT_THAT(out_, HasSubstr("遂宁市市场监督管理局"));
  EXPECT_EQ(run_bare({"--as", file("bad.json", R"({"urll":"x"})"), "whoami"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("bad.json#/urll"));
}

TEST_F(Cli, RefusalsAndTroubleHaveTheirExitCodes) {
  const char* problem =
      R"({"code":"CLIENT_POLICY_DENIED","title":"共享策略不允许","titleEn":"Refused by policy","status":403,)"
      R"("detail":"没有规则允许","pointer":"/purpose/matter","advice":"请核对事项","exchangeId":"0190"})";
  gateway_.answers(403, problem, "application/problem+json");
  EXPECT_EQ(run_at_gateway({"whoami"}), kRefused);
  for (const char* word : {"CLIENT_POLICY_DENIED", "共享策略不允许", "Refused by policy", "没有规则允许",
                           "/purpose/matter", "请核对事项", "0190"}) {
    EXPECT_THAT(err_, HasSubstr(word));
  }
  EXPECT_EQ(out_, "");
  gateway_.answers(403, problem, "application/problem+json");
  EXPECT_EQ(run_at_gateway({"--json", "whoami"}), kRefused);
  EXPECT_THAT(out_, HasSubstr("\"code\": \"CLIENT_POLICY_DENIED\""));
  gateway_.answers(502, R"({"code":"PEER_REFUSED","title":"x","titleEn":"y","peerCode":"CLIENT_POLICY_DENIED"})",
                   "application/problem+json");
  EXPECT_EQ(run_at_gateway({"whoami"}), kTrouble);
  EXPECT_THAT(err_, HasSubstr("对端错误：CLIENT_POLICY_DENIED"));
  gateway_.answers(500, "<html>", "text/html");
  EXPECT_EQ(run_at_gateway({"whoami"}), kTrouble);
  EXPECT_EQ(run_bare({"--url", "http://127.0.0.1:1", "whoami"}), kUnreachable);
  for (const char* word : {"LOCAL_UNREACHABLE", "本方网关", "http://127.0.0.1:1", "--url", "已启动"}) {
    EXPECT_THAT(err_, HasSubstr(word));
  }
}

TEST_F(Cli, PutSendsTheBytesWithTheirPurpose) {
  const std::string bytes = "XXBS,MDLX\r\nCR 1,\xBA\xDA\xC3\xFB\xB5\xA5\r\n";
  gateway_.answers(
      201,
      std::string("{") + kReceipt +
          R"(,"notes":[{"kind":"normalised","rule":"r","native":"XZQH","canonical":"subject.region_code","message":"已改写"}]})");
  EXPECT_EQ(run_at_gateway({"put", "credit", file("r.csv", bytes), "--matter", "信用", "--basis", "b", "--grant", "g",
                            "--operator", "o"}),
            kOk);
  EXPECT_THAT(out_, HasSubstr("已发布 CR 1"));
  EXPECT_THAT(out_, HasSubstr("sc#12"));
  EXPECT_THAT(out_, HasSubstr("已改写"));
  EXPECT_THAT(err_, HasSubstr("幂等键 "));
  const auto requests = gateway_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(requests[0].path, "/v1/records/credit/CR 1");  // decoded: it was sent as %20
  EXPECT_EQ(requests[0].body, bytes);
  EXPECT_EQ(requests[0].header("Content-Type"), "text/csv");
  EXPECT_EQ(requests[0].header("Chuanyu-Matter"), "%E4%BF%A1%E7%94%A8");
  EXPECT_EQ(requests[0].header("Chuanyu-Operator"), "o");
  EXPECT_EQ(requests[0].header("Chuanyu-Cause"), "");
  EXPECT_EQ(requests[0].header("Idempotency-Key").size(), 36U);
}

TEST_F(Cli, ImportWithRefusedRowsIsThree) {
  gateway_.answers(
      200,
      R"({"exchangeId":"0190","rows":2,"accepted":1,"unchanged":0,"rejected":1,"noted":0,"outcomes":[{"row":2,"line":3,"code":"RECORD_DATE","pointer":"RDRQ","detail":"日期不存在"}],"truncated":false})");
  EXPECT_EQ(run_at_gateway({"import", "credit", file("many.csv", "x"), "--idempotency-key", "k-1"}), kRefused);
  EXPECT_THAT(out_, HasSubstr("RECORD_DATE"));
  EXPECT_THAT(out_, HasSubstr("日期不存在"));
  EXPECT_THAT(err_, Not(HasSubstr("幂等键")));
  EXPECT_EQ(gateway_.requests()[0].path, "/v1/records/credit:import");
  EXPECT_EQ(gateway_.requests()[0].header("Idempotency-Key"), "k-1");
  gateway_.answers(
      200,
      R"({"exchangeId":"0190","rows":2,"accepted":2,"unchanged":0,"rejected":0,"noted":0,"outcomes":[],"truncated":false})");
  EXPECT_EQ(run_at_gateway({"import", "credit", file("many.csv", "x")}), kOk);
}

TEST_F(Cli, QueryAnsweredDeferredAndNative) {
  gateway_.answers(
      200,
      std::string(R"({"exchangeId":"0190",)") + kReceipt +
          R"(,"kind":"licence","profile":"sc.licence.v1","count":1,"records":[{"ZZBS":"1.2","ZZMC":"营业执照","CZZT":"某公司"}],"notes":[],"rule":"licence-verify"})");
  EXPECT_EQ(run_at_gateway({"query", "licence", "--uscc", "91510903MADEM0011H", "--owner", "11510903MBDEM0031X",
                            "--cause", "核验", "--wait", "7"}),
            kOk);
  EXPECT_THAT(out_, HasSubstr("查得 1 条"));
  EXPECT_THAT(out_, HasSubstr("营业执照"));
  EXPECT_EQ(
      gateway_.requests()[0].body,
      R"({"kind":"licence","subject":{"uscc":"91510903MADEM0011H"},"owner":"11510903MBDEM0031X","waitSeconds":7,"purpose":{"cause":"核验"}})");

  gateway_.answers(202, std::string(R"({"exchangeId":"0190",)") + kReceipt + R"(,"status":"deferred"})");
  EXPECT_EQ(run_at_gateway({"query", "case", "--id", "CA0001"}), kDeferred);
  EXPECT_THAT(out_, HasSubstr("收件箱"));

  gateway_.answers(200, R"({"profiles":{"case":"sc.case.v1"}})");
  gateway_.answers(200, R"({"mappings":[{"id":"sc.case.v1","mediaType":"application/xml; charset=GB18030"}]})");
  gateway_.answers(200, "<\xB0\xB8\xBC\xFE/>", "application/xml; charset=GB18030");
  EXPECT_EQ(run_at_gateway({"query", "case", "--id", "CA0001", "--native", folder_ + "/out.xml"}), kOk);
  std::ifstream written(folder_ + "/out.xml", std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(written)), std::istreambuf_iterator<char>()),
            "<\xB0\xB8\xBC\xFE/>");
  EXPECT_EQ(gateway_.requests().back().header("Accept"), "application/xml; charset=GB18030");
}

TEST_F(Cli, SendRecordAndMessage) {
  gateway_.answers(202, std::string("{") + kReceipt + R"(,"status":"accepted","notes":[]})");
  EXPECT_EQ(run_at_gateway({"send", file("c.xml", "<\xB0\xB8/>"), "--kind", "case", "--to", "11500152MBDEM0074W",
                            "--matter", "m"}),
            kOk);
  EXPECT_EQ(
      gateway_.requests()[0].body,
      R"({"to":"11500152MBDEM0074W","type":"record","kind":"case","recordBase64":"PLC4Lz4=","purpose":{"matter":"m"}})");
  gateway_.answers(202, std::string("{") + kReceipt + R"(,"status":"accepted","notes":[]})");
  EXPECT_EQ(run_at_gateway({"send", file("m.json", R"({"accepted": true})"), "--type", "clue-receipt", "--to", "X",
                            "--in-reply-to", "0190"}),
            kOk);
  EXPECT_EQ(gateway_.requests()[1].body,
            R"({"to":"X","type":"clue-receipt","message":{"accepted":true},"purpose":{},"inReplyTo":"0190"})");
  EXPECT_EQ(run_at_gateway({"send", file("bad.json", "{"), "--type", "clue-receipt", "--to", "X"}), kUsage);
  EXPECT_THAT(err_, HasSubstr("bad.json"));
}

TEST_F(Cli, InboxListsAndAcknowledges) {
  gateway_.answers(
      200,
      R"({"items":[{"cursor":"5","id":"0190-a","type":"clue-transfer","from":{"uscc":"U","name":"甲局"},"receivedAt":"t","message":{"facts":"事实"}}],"next":"5"})");
  gateway_.answers(200, std::string("{") + kReceipt + "}");
  EXPECT_EQ(run_at_gateway({"inbox", "--wait", "3", "--after", "4", "--ack", "--details"}), kOk);
  EXPECT_THAT(out_, HasSubstr("甲局 U"));
  EXPECT_THAT(out_, HasSubstr("事实"));
  EXPECT_THAT(out_, HasSubstr("已签收 0190-a"));
  const auto requests = gateway_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].query, "limit=100&wait=3&after=4");
  EXPECT_EQ(requests[1].path, "/v1/inbox/0190-a:ack");
  gateway_.answers(200, R"({"items":[],"next":"5"})");
  EXPECT_EQ(run_at_gateway({"inbox"}), kOk);
  EXPECT_THAT(out_, HasSubstr("收件箱为空"));
}

TEST_F(Cli, StatusShowsTheLogPositions) {
  gateway_.answers(
      200,
      R"({"exchangeId":"0190","verb":"push","status":"delivered","from":"A","to":"B","type":"record","kind":"case","updated":"t",)"
      R"("log":[{"gateway":"sc","index":12,"kind":"accepted","time":"t1"}],"peerReceipt":{"gateway":"cq","index":9,"time":"t2"}})");
  EXPECT_EQ(run_at_gateway({"status", "0190"}), kOk);
  EXPECT_THAT(out_, HasSubstr("delivered"));
  EXPECT_THAT(out_, HasSubstr("cq 日志第 9 条"));
  EXPECT_THAT(out_, HasSubstr("12"));
  EXPECT_THAT(gateway_.requests()[0].path, "/v1/exchanges/0190");
}

TEST_F(Cli, SelftestSaysWhatIsWrong) {
  gateway_.answers(
      200,
      R"({"name":"甲局","urn":"urn:x","role":"agency","gateway":"sc","home":"sc","time":"2020-01-01T00:00:00+08:00"})");
  EXPECT_EQ(run_at_gateway({"selftest"}), kTrouble);  // the clock
  EXPECT_THAT(out_, HasSubstr("✓ 身份：甲局"));
  EXPECT_THAT(out_, HasSubstr("✗ 时钟"));
  EXPECT_EQ(run_bare({"--url", "http://127.0.0.1:1", "--json", "selftest"}), kUnreachable);
  EXPECT_THAT(out_, HasSubstr("\"ok\": false"));
  EXPECT_EQ(run_bare({"--url", "http://127.0.0.1:1", "selftest"}), kUnreachable);
  EXPECT_THAT(out_, HasSubstr("本方网关没有应答"));
  EXPECT_THAT(out_, HasSubstr("确认网关已启动"));
}

}  // namespace
}  // namespace chuanyu::cli
