// chuanyu-audit as a person or a script calls it: words, tables, JSON, exit codes; also beside a running gateway.
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/audit/audit.h"
#include "gateway/journal/journal.h"
#include "gateway/terminal/text.h"
#include "raw_log.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class NoState final : public journal::Projection {
 public:
  std::vector<std::string> tables() const override { return {}; }
  std::uint32_t version() const override { return 1; }
  void open(const storage::Environment&) override {}
  void apply(storage::WriteTxn&, const journal::Applied&) override {}
};

class CliTest : public testing::Test {
 protected:
  int run_it(std::vector<std::string> words) {
    words.insert(words.begin(), "chuanyu-audit");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    out_.str("");
    err_.str("");
    return run(static_cast<int>(argv.size()), argv.data(), out_, err_, false);
  }
  nlohmann::json json() const { return nlohmann::json::parse(out_.str()); }
  bool says(const std::string& text) const { return out_.str().find(text) != std::string::npos; }
  std::string write_key(const RawLog& log) {
    const std::string path = temporary_ / log.gateway + ".pub";
    std::ofstream(path) << log.key.verify_key().to_pem();
    return path;
  }

  // A journal with one query in it, as the exchange room writes it.
  std::unique_ptr<journal::Journal> open_journal() {
    std::ofstream(temporary_ / "kek") << std::string(32, 'K');
    chmod((temporary_ / "kek").c_str(), 0600);
    journal::Options options;
    options.folder = temporary_ / "live";
    options.origin = "chuanyu/sc/1";
    options.gateway = "sc";
    options.key_encryption_key = Secret(std::string(32, 'K'));
    options.log_key = std::make_shared<const crypto::SigningKey>(key_);
    return journal::Journal::open(std::move(options), no_state_).value();
  }
  void fill(journal::Journal& journal) {
    v1::LogBody body;
    body.set_operator_name("王小明");
    body.set_use_cause("核验经营资质");
    body.mutable_query()->set_kind("licence");
    body.mutable_query()->set_subject_id_no("510107199001011234");
    body.set_native_in("{\"身份证件号码\":\"510107199001011234\"}");
    journal::Draft draft;
    draft.entry = entry_of(EntryKind::queried, exchange_);
    draft.entry.matter = "licence-verify";
    draft.entry.rule = "r-7";
    draft.entry.allowed = true;
    draft.body = body.SerializeAsString();
    ASSERT_TRUE(journal.append(std::move(draft)).status.ok());
    ASSERT_TRUE(journal.append({entry_of(EntryKind::published), std::string(50'000, 'b')}).status.ok());
  }

  TempFolder temporary_;
  RawLog sc_{"sc"};
  RawLog cq_{"cq"};
  crypto::SigningKey key_ = crypto::SigningKey::generate();
  NoState no_state_;
  Uuid exchange_ = Uuid::make(1'795'302'633'000'000);
  std::ostringstream out_, err_;
};

TEST_F(CliTest, UsageIsExplained) {
  EXPECT_EQ(run_it({"--help"}), 0);
  EXPECT_TRUE(says("退出码"));
  EXPECT_TRUE(says("verify"));
  EXPECT_EQ(run_it({"show", "--help"}), 0);
  EXPECT_TRUE(says("--exchange"));
  for (const char* command : {"verify", "show"}) {
    EXPECT_EQ(run_it({command, "--help"}), 0);
    EXPECT_TRUE(says("--json"));
    EXPECT_FALSE(says("Options"));
  }
  EXPECT_EQ(run_it({}), kUsage);
  EXPECT_EQ(run_it({"verfy", "x"}), kUsage);
  EXPECT_NE(err_.str().find("没有子命令 verfy；是否应为 verify？"), std::string::npos) << err_.str();
  EXPECT_EQ(run_it({"verify"}), kUsage);
  EXPECT_EQ(run_it({"show", "x"}), kUsage) << "show what?";
  EXPECT_EQ(run_it({"show", "x", "--index", "1", "--last", "2"}), kUsage);
  EXPECT_EQ(run_it({"show", "x", "--index", "-1"}), kUsage);
  EXPECT_NE(err_.str().find("应为不小于 0 的整数，而不是 -1"), std::string::npos) << err_.str();
  EXPECT_EQ(run_it({"verify", "x", "--known-recoveries", "-1"}), kUsage);
  EXPECT_EQ(run_it({"show", "x", "--last", "1", "--reveal"}), kUsage) << "with which key?";
  EXPECT_EQ(run_it({"verify", temporary_ / "none"}), kUnreadable);
  EXPECT_EQ(run_it({"verify", temporary_ / "none", "--key", temporary_ / "none.pub"}), kUsage);
}

TEST_F(CliTest, VerifySaysWhatItFound) {
  sc_.add(entry_of(EntryKind::published));
  sc_.write(temporary_ / "sc");
  EXPECT_EQ(run_it({"verify", temporary_ / "sc", "--key", write_key(sc_)}), kClean) << out_.str() << err_.str();
  EXPECT_TRUE(says("完好"));
  EXPECT_EQ(run_it({"verify", temporary_ / "sc", "--key", ledger::to_vkey(sc_.origin, sc_.key.verify_key()), "--json"}),
            kClean);
  EXPECT_EQ(json()["result"], "clean");
  EXPECT_EQ(json()["logs"][0]["size"], 2);
  EXPECT_EQ(json()["logs"][0]["signaturesChecked"], true);
  EXPECT_EQ(json()["signatures"], "checked");

  EXPECT_EQ(run_it({"verify", temporary_ / "sc", "--key", write_key(cq_), "--json"}), kTampered);
  EXPECT_EQ(json()["logs"][0]["findings"][0]["code"], "LOG_SIGNATURE");
  RawLog::flip(temporary_ / "sc", "entry", layout::number_key(1), 9);
  EXPECT_EQ(run_it({"verify", temporary_ / "sc"}), kTampered);
  EXPECT_TRUE(says("log#1"));
}

TEST_F(CliTest, WithoutAKeyTheConclusionIsAboutHashesOnly) {
  sc_.write(temporary_ / "sc");
  EXPECT_EQ(run_it({"verify", temporary_ / "sc"}), kClean);
  EXPECT_FALSE(says("结论        完好")) << out_.str();
  for (const char* word : {"只核对了哈希", "未核验签名", "--key"}) EXPECT_TRUE(says(word)) << out_.str();
  EXPECT_EQ(run_it({"verify", temporary_ / "sc", "--json"}), kClean);
  EXPECT_EQ(json()["signatures"], "unchecked");
  EXPECT_EQ(json()["logs"][0]["signaturesChecked"], false);
  cq_.write(temporary_ / "cq");
  EXPECT_EQ(run_it({"verify", temporary_ / "sc", temporary_ / "cq", "--key", write_key(sc_), "--json"}), kClean);
  EXPECT_EQ(json()["signatures"], "unchecked") << "of one of the two";
}

TEST_F(CliTest, VerifyTellsIncompleteAndUnsupportedApart) {
  RawLog newer = sc_;
  newer.entries.push_back(Bytes("\x02newer", 6));
  newer.write(temporary_ / "newer");
  EXPECT_EQ(run_it({"verify", temporary_ / "newer", "--json"}), kUnsupported);
  EXPECT_EQ(json()["result"], "unsupported");
  sc_.write(temporary_ / "short");
  RawLog::change(temporary_ / "short", [](auto& env, auto& txn) { txn.clear(env.table("entry")); });
  EXPECT_EQ(run_it({"verify", temporary_ / "short"}), kIncomplete);
}

TEST_F(CliTest, TwoLogsArePaired) {
  ledger::Entry sent = entry_of(EntryKind::accepted, exchange_);
  sent.peer = "cq";
  sc_.add(sent);
  sc_.write(temporary_ / "sc");
  ledger::Entry arrived = entry_of(EntryKind::received, exchange_);
  arrived.peer = "sc";
  arrived.stream = 1;
  arrived.peer_log = sc_.id;
  cq_.add(arrived);
  cq_.write(temporary_ / "cq");
  const std::vector<std::string> one_way{"verify",          temporary_ / "sc", "--key",        write_key(sc_), "--peer",
                                         temporary_ / "cq", "--peer-key",      write_key(cq_), "--json"};
  EXPECT_EQ(run_it(one_way), kClean) << out_.str();
  EXPECT_EQ(json()["pairs"][0]["sent"], 1);
  EXPECT_EQ(json()["pairs"][0]["receiptPending"], 1);
  EXPECT_EQ(json()["pairs"][0]["receiptsChecked"], true);
  EXPECT_EQ(run_it({"verify", temporary_ / "sc", temporary_ / "cq", "--key", write_key(sc_), "--key", write_key(cq_)}),
            kClean);
  EXPECT_TRUE(says("chuanyu/sc/1 → chuanyu/cq/1"));

  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--peer", temporary_ / "cq", "--exchange", exchange_.to_string()}),
            kClean);
  EXPECT_TRUE(says("受理"));
  EXPECT_TRUE(says("收到"));
  EXPECT_TRUE(says("执法案件"));
}

TEST_F(CliTest, ShowLinesUp) {
  for (const EntryKind kind : {EntryKind::accepted, EntryKind::denied, EntryKind::deferred}) {
    ledger::Entry entry = entry_of(kind, exchange_);
    entry.rule = "规则";
    sc_.add(entry);
  }
  sc_.write(temporary_ / "sc");
  ASSERT_EQ(run_it({"show", temporary_ / "sc", "--last", "3"}), kClean);
  std::istringstream lines(out_.str());
  std::size_t column = 0;
  int rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    if (rows == 0) column = terminal::display_width(line.substr(0, line.find("从")));
    if (rows < 2) continue;
    EXPECT_EQ(terminal::display_width(line.substr(0, line.find("1151"))), column) << line;
  }
  EXPECT_EQ(rows, 5);
}

TEST_F(CliTest, ShowSaysWhoAnswersHowItEndedAndWhoseCertificateItWas) {
  ledger::Entry asked = entry_of(EntryKind::queried, exchange_);
  asked.to.clear();  // no agency is named: all of the other gateway's
  asked.peer = "cq";
  asked.principal = crypto::sha256("agency");
  sc_.add(asked);
  sc_.write(temporary_ / "sc");
  ledger::Entry answered = asked;
  answered.kind = EntryKind::answered;
  answered.peer = "sc";
  answered.stream = 1;
  answered.peer_log = sc_.id;
  answered.canonical = crypto::sha256("records");
  cq_.add(answered);
  cq_.write(temporary_ / "cq");

  ASSERT_EQ(run_it({"show", temporary_ / "sc", "--index", "1"}), kClean);
  for (const char* word : {"网关 cq", "机构证书指纹", "成功"}) EXPECT_TRUE(says(word)) << word << "\n" << out_.str();
  EXPECT_FALSE(says("HMAC")) << "there is no keyed digest to explain";
  ASSERT_EQ(run_it({"show", temporary_ / "cq", "--index", "1"}), kClean);
  for (const char* word : {"应答网关", "对端网关证书指纹", "规范记录摘要 *", "HMAC"}) {
    EXPECT_TRUE(says(word)) << word << "\n" << out_.str();
  }
  ASSERT_EQ(run_it({"show", temporary_ / "cq", "--index", "1", "--json"}), kClean);
  EXPECT_EQ(json()["entries"][0]["answeringGateway"], "cq");
  EXPECT_FALSE(json()["entries"][0].contains("result")) << "an error code, or nothing";
}

TEST_F(CliTest, ShowFindsWhatIsThereAndSaysWhatIsNot) {
  sc_.write(temporary_ / "sc");
  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--index", "0"}), kClean);
  EXPECT_TRUE(says("日志启用"));
  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--index", "1"}), kUsage);
  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--exchange", exchange_.to_string()}), kUsage);
  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--exchange", "nonsense"}), kUsage);
  EXPECT_EQ(run_it({"show", temporary_ / "sc", "--last", "5", "--json"}), kClean);
  EXPECT_EQ(json()["entries"][0]["kind"], "shard_open");
}

TEST_F(CliTest, TheBodyOpensWithTheKeyAndIsHiddenUnlessAskedFor) {
  {
    const auto journal = open_journal();
    fill(*journal);
  }
  const std::string live = temporary_ / "live";
  ASSERT_EQ(run_it({"verify", live, "--json"}), kClean) << out_.str();
  EXPECT_EQ(json()["logs"][0]["blobs"], 1);

  ASSERT_EQ(run_it({"show", live, "--exchange", exchange_.to_string()}), kClean);
  EXPECT_FALSE(says("王"));
  ASSERT_EQ(run_it({"show", live, "--exchange", exchange_.to_string(), "--kek", temporary_ / "kek"}), kClean);
  EXPECT_TRUE(says("王**"));
  EXPECT_TRUE(says("核验经营资质"));
  EXPECT_FALSE(says("510107199001011234"));
  ASSERT_EQ(run_it({"show", live, "--exchange", exchange_.to_string(), "--kek", temporary_ / "kek", "--reveal"}),
            kClean);
  EXPECT_TRUE(says("王小明"));
  EXPECT_TRUE(says("510107199001011234"));
  ASSERT_EQ(run_it({"show", live, "--index", "0", "--kek", temporary_ / "kek", "--reveal", "--json"}), kClean);
  EXPECT_EQ(json()["entries"][0]["body"][0]["value"], "王小明");

  std::ofstream(temporary_ / "wrong") << std::string(32, 'X');
  chmod((temporary_ / "wrong").c_str(), 0600);
  EXPECT_EQ(run_it({"show", live, "--index", "0", "--kek", temporary_ / "wrong"}), kUsage);
}

TEST_F(CliTest, ALogThatIsBeingWrittenCanBeRead) {
  const auto journal = open_journal();
  fill(*journal);
  // The first checkpoint is stored by a later commit.
  while (journal->checkpoint().empty()) {
    ASSERT_TRUE(journal->append({entry_of(EntryKind::published), "x"}).status.ok());
  }
  const std::string program = CHUANYU_BIN_DIR "/chuanyu-audit";
  EXPECT_EQ(std::system((program + " verify " + (temporary_ / "live") + " >/dev/null 2>&1").c_str()), 0);
  EXPECT_EQ(std::system((program + " show " + (temporary_ / "live") + " --last 2 >/dev/null 2>&1").c_str()), 0);
  EXPECT_TRUE(journal->append({entry_of(EntryKind::published), "x"}).status.ok());
}

}  // namespace
}  // namespace chuanyu::audit
