// chuanyu-map as its users see it: output, report, exit codes.
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/unit/adapters/testing.h"

namespace {

using chuanyu::adapters::testing::Folder;

const std::string kTool = std::string(CHUANYU_BIN_DIR) + "/chuanyu-map";
const std::string kMappings = std::string(CHUANYU_SOURCE_DIR) + "/adapters";

struct Ran {
  int exit = -1;
  std::string out;
};

Ran run(const std::string& arguments) {
  Ran ran;
  FILE* pipe = popen((kTool + " " + arguments).c_str(), "r");
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) ran.out.append(buffer, n);
  const int status = pclose(pipe);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

TEST(Tool, CheckNamesTheSixProfiles) {
  const auto ran = run("check " + kMappings);
  EXPECT_EQ(ran.exit, 0);
  for (const auto* id :
       {"sc.credit.v1", "cq.credit.v1", "sc.licence.v1", "cq.licence.v1", "sc.case.v1", "cq.case.v1"}) {
    EXPECT_NE(ran.out.find(id), std::string::npos) << id;
  }
  EXPECT_NE(run("check --json " + kMappings).out.find("\"ok\": true"), std::string::npos);
}

TEST(Tool, CheckSaysWhatIsCarriedAndWhatNot) {
  const auto text = run("check " + kMappings).out;
  for (const auto* line :
       {"lost parties[*].id_token：屏蔽后的证件号码无法还原",
        "S3 sc.case_state 读 15 个，写 13/13 个，gap=reject，back_gap=refuse",
        "S4 审核、法制审核、案件审核 -> REVIEW，写作 审核", "豁免 S2 publicity.status：公示状态是选填项"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  const auto json = run("check --json " + kMappings).out;
  EXPECT_NE(json.find("\"waivers\": [\n"), std::string::npos) << json;
}

TEST(Tool, CheckAgainstTheVersionBefore) {
  Folder folder;
  std::filesystem::copy(kMappings + "/chongqing", folder.path() + "/cq", std::filesystem::copy_options::recursive);
  const std::string now = "check " + folder.path() + "/cq --against " + kMappings + "/chongqing";
  EXPECT_EQ(run(now).exit, 0);
  folder.write("cq/codes/severity.json", R"({"pairs":[["0","NONE"],["1","GENERAL"],["2","MINOR"],["3","SERIOUS"]]})");
  const auto ran = run(now + " 2>&1");
  EXPECT_EQ(ran.exit, 3) << ran.out;
  EXPECT_NE(ran.out.find("S10 代码集 cq.severity 的 \"1\" 原来是 MINOR"), std::string::npos) << ran.out;
}

TEST(Tool, CheckNamesCodeSetsThatNothingUses) {
  EXPECT_EQ(run("check " + kMappings).out.find("警告"), std::string::npos);
  EXPECT_NE(run("check --json " + kMappings).out.find("\"warnings\": []"), std::string::npos);
  Folder folder;
  std::filesystem::copy(kMappings + "/chongqing", folder.path() + "/cq", std::filesystem::copy_options::recursive);
  const std::string file = folder.path() + "/cq/cq.licence.v1.mapping.json";
  std::ifstream in(file);
  const std::string mapping{std::istreambuf_iterator<char>(in), {}};
  folder.write("cq/cq.licence.v1.mapping.json",
               chuanyu::adapters::testing::replaced(mapping, "\"codesets\": {",
                                                    "\"codesets\": {\"cq.old\": {\"file\": \"codes/domain.json\"},"));
  folder.write("cq/codes/id_type2.json", R"({"pairs":[["1","001"]]})");
  const auto ran = run("check " + folder.path());
  EXPECT_EQ(ran.exit, 0) << ran.out;
  EXPECT_NE(ran.out.find("警告 没有规则用到代码集 cq.old"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("codes/id_type2.json)"), std::string::npos) << ran.out;
}

TEST(Tool, CheckReportsEveryMistake) {
  Folder folder;
  folder.write("a.mapping.json", R"({"mapping":"a"})");
  const auto ran = run("check --json " + folder.path());
  EXPECT_EQ(ran.exit, 3);
  EXPECT_NE(ran.out.find("CONFIG_KEY_MISSING"), std::string::npos);
}

TEST(Tool, ConvertsFromProvinceToProvinceByteForByte) {
  Folder folder;
  const auto out = folder.path() + "/out.xml";
  const auto ran = run("convert --mappings " + kMappings + " --from cq.case.v1 --to sc.case.v1 " + kMappings +
                       "/chongqing/fixtures/cq_case.json --out " + out + " 2>&1");
  EXPECT_EQ(ran.exit, 0) << ran.out;
  std::ifstream file(out, std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(written, chuanyu::adapters::testing::read_source("adapters/sichuan/fixtures/sc_case.gb18030.xml"));
}

TEST(Tool, ARecordThatCannotBeConvertedIsNamedAndTheRestGoesOn) {
  Folder folder;
  folder.write("in.ndjson", "{\"ZZBS\":1}\n" + chuanyu::adapters::testing::fixtures("sc.licence.v1").front() + "\n");
  folder.write("in.json", "[{\"ZZBS\":1}," + chuanyu::adapters::testing::fixtures("sc.licence.v1").front() + "]");
  const auto ran = run("convert --json --mappings " + kMappings + " --from sc.licence.v1 --to cq.licence.v1 " +
                       folder.path() + "/in.json");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_NE(ran.out.find("\"converted\": 1"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("RECORD_TYPE"), std::string::npos);
  EXPECT_NE(ran.out.find("\"where\": \"/ZZBS\""), std::string::npos);
}

TEST(Tool, NothingConvertedIsNoDocument) {
  Folder folder;
  folder.write("in.json", "[{\"ZZBS\":1}]");
  for (const char* to : {"cq.licence.v1", "canonical"}) {
    const auto ran = run("convert --mappings " + kMappings + " --from sc.licence.v1 --to " + to + " " + folder.path() +
                         "/in.json 2>/dev/null");
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.out, "");
  }
  const auto written = folder.path() + "/out.xml";
  EXPECT_EQ(run("convert --mappings " + kMappings + " --from sc.licence.v1 --to cq.licence.v1 " + folder.path() +
                "/in.json --out " + written + " 2>/dev/null")
                .exit,
            1);
  EXPECT_FALSE(std::filesystem::exists(written));
}

TEST(Tool, GapsCountsWhatTheCodeSetsDoNotKnow) {
  Folder folder;
  std::filesystem::copy(kMappings + "/chongqing", folder.path() + "/cq", std::filesystem::copy_options::recursive);
  const auto one = chuanyu::adapters::testing::fixtures("cq.case.v1").front();
  const auto with = [&](const std::string& key, const std::string& value) {
    auto record = nlohmann::json::parse(one);
    record[key] = value;
    return record.dump();
  };
  const std::string odd = with("domain_code", "太空执法");
  folder.write("in.json", "[" + one + "," + odd + "," + odd + "," + with("case_status", "4711") + "]");
  const std::string command =
      "gaps --mappings " + folder.path() + "/cq --from cq.case.v1 " + folder.path() + "/in.json";
  const auto ran = run(command + " --json");
  EXPECT_EQ(ran.exit, 1);
  const auto report = nlohmann::json::parse(ran.out);
  EXPECT_EQ(report["records"], 4);
  ASSERT_EQ(report["gaps"].size(), 2U) << ran.out;
  EXPECT_EQ(report["gaps"][0]["sample"], "99…（4 字）");
  EXPECT_EQ(report["gaps"][0]["outcome"], "reject");
  EXPECT_EQ(report["gaps"][1]["sample"], "太空…（4 字）");
  EXPECT_EQ(report["gaps"][1]["count"], 2);
  EXPECT_EQ(report["gaps"][1]["record"], 2);
  EXPECT_EQ(report["gaps"][1]["outcome"], "other");
  EXPECT_NE(run(command + " 2>&1").out.find("太空…（4 字）"), std::string::npos);
  folder.write("good.json", "[" + one + "]");
  EXPECT_EQ(run("gaps --mappings " + kMappings + " --from cq.case.v1 " + folder.path() + "/good.json 2>&1").exit, 0);
}

// The goldens of the six mappings; after a change that is meant: chuanyu-map bless adapters.
TEST(Bless, TheMappingsMakeWhatIsWrittenBesideThem) {
  const auto ran = run("bless --check " + kMappings);
  EXPECT_EQ(ran.exit, 0) << ran.out;
  EXPECT_NE(ran.out.find("30 个样例，0 个不同"), std::string::npos) << ran.out;
}

TEST(Bless, SaysWhatDiffersAndWritesItOnlyWhenAsked) {
  Folder folder;
  std::filesystem::copy(kMappings + "/chongqing", folder.path() + "/cq", std::filesystem::copy_options::recursive);
  const std::string codes = "cq/codes/severity.json";
  const auto golden = folder.path() + "/cq/goldens/cq.credit.v1/codes.golden.json";
  const auto before = std::filesystem::file_size(golden);
  folder.write(codes, R"({"pairs":[["0","NONE"],["1","GENERAL"],["2","MINOR"],["3","SERIOUS"]]})");
  const auto ran = run("bless --check " + folder.path());
  EXPECT_EQ(ran.exit, 1);
  EXPECT_NE(ran.out.find("cq.credit.v1/codes.golden.json：与样例不同"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("/get/canonical/severity：\"GENERAL\""), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("cq.case.v1"), std::string::npos) << "only what differs: " << ran.out;
  EXPECT_EQ(std::filesystem::file_size(golden), before);
  EXPECT_EQ(run("bless " + folder.path()).exit, 0);
  EXPECT_EQ(run("bless --check " + folder.path()).exit, 0);
}

TEST(Tool, ExitCodes) {
  EXPECT_EQ(run("--help").exit, 0);
  EXPECT_EQ(run("2>/dev/null").exit, 2);
  EXPECT_EQ(run("convert --mappings " + kMappings + " --from none --to sc.case.v1 - </dev/null 2>/dev/null").exit, 2);
  EXPECT_EQ(
      run("convert --mappings " + kMappings + " --from sc.case.v1 --to sc.credit.v1 - </dev/null 2>/dev/null").exit, 2);
  EXPECT_EQ(run("convert --mappings " + kMappings + " --from sc.case.v1 --to cq.case.v1 /nonexistent 2>/dev/null").exit,
            4);
  EXPECT_EQ(run("check /nonexistent 2>/dev/null").exit, 4);
}

const std::string kCases = kMappings + "/sichuan/fixtures/sc_case.gb18030.xml";

TEST(Tool, ExplainNamesEveryRuleWithItsBytes) {
  const auto ran = run("explain --mappings " + kMappings + " --from sc.case.v1 --record 1 " + kCases);
  EXPECT_EQ(ran.exit, 0);
  for (const auto* line : {"case_id　案件标识@16+6 CA0001 -> text -> case_id=CA0001",
                           "state　案件状态@240+6 已结案 -> code(sc.case_state) -> state=CLOSED",
                           "fine_fen　罚款金额元@1009+9 150000.00 -> dec(yuan,2) -> fine_fen=15000000",
                           "discretion　裁量情节 没有 -> code(sc.discretion) -> discretion 未设"}) {
    EXPECT_NE(ran.out.find(line), std::string::npos) << line << "\n" << ran.out;
  }
  EXPECT_EQ(ran.out.find("第 2 条"), std::string::npos);
}

TEST(Tool, ExplainMasksWhatMaySayWhoItIs) {
  const auto ran = run("explain --mask --mappings " + kMappings + " --from sc.case.v1 --record 1 " + kCases);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_NE(ran.out.find("parties[0].name=〔12 字〕"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("涪江"), std::string::npos);
  EXPECT_EQ(ran.out.find("91510903MADEM0011H"), std::string::npos);
  EXPECT_NE(ran.out.find("已结案 -> code(sc.case_state) -> state=CLOSED"), std::string::npos);
}

TEST(Tool, ExplainSaysWhatPutWouldWrite) {
  Folder folder;
  run("convert --mappings " + kMappings + " --from sc.case.v1 --to canonical " + kCases + " --out " + folder.path() +
      "/all.json 2>/dev/null");
  std::ifstream in(folder.path() + "/all.json");
  std::string line;
  std::getline(in, line);
  std::getline(in, line);  // the first record
  line.pop_back();         // the comma before the next
  folder.write("one.json", chuanyu::adapters::testing::replaced(line, "\"CLOSED\"", "\"TERMINATED\""));
  const auto ran = run("explain --mappings " + kMappings + " --from sc.case.v1 --record 1 --put " + folder.path() +
                       "/one.json " + kCases);
  EXPECT_EQ(ran.exit, 0) << ran.out;
  EXPECT_NE(ran.out.find("改写 @240+6 已结案 => 终止调查\n"), std::string::npos) << ran.out;
}

TEST(Tool, ExplainOfWhatIsNotThere) {
  EXPECT_EQ(run("explain --mappings " + kMappings + " --from sc.case.v1 --record 99 " + kCases + " 2>&1").exit, 1);
  EXPECT_EQ(run("explain --mappings " + kMappings + " --from no.such.v1 " + kCases + " 2>&1").exit, 2);
  EXPECT_EQ(run("explain --mappings " + kMappings + " --from sc.case.v1 /no/such 2>&1").exit, 4);
  const auto bad = run("explain --json --mappings " + kMappings + " --from sc.case.v1 " + kMappings +
                       "/chongqing/fixtures/cq_licence.xml");
  EXPECT_EQ(bad.exit, 1);
  EXPECT_NE(bad.out.find("\"code\": \"RECORD_"), std::string::npos) << bad.out;
}

TEST(Tool, DiffNamesTheRecordsThatComeOutDifferently) {
  Folder folder;
  std::filesystem::copy(kMappings + "/sichuan", folder.path() + "/new", std::filesystem::copy_options::recursive);
  const std::string command =
      "diff --old " + kMappings + "/sichuan --new " + folder.path() + "/new --from sc.case.v1 " + kCases;
  auto ran = run(command);
  EXPECT_EQ(ran.exit, 0) << ran.out;
  EXPECT_NE(ran.out.find("共 10 条，0 条不同"), std::string::npos) << ran.out;
  using chuanyu::adapters::testing::replaced;
  // 普通程序 and 简易程序 change places.
  auto codes = chuanyu::adapters::testing::read_source("adapters/sichuan/codes/procedure.json");
  codes = replaced(codes, "[\"简易程序\", \"SIMPLE\"]", "[\"简易程序\", \"NORMAL\"]");
  codes = replaced(codes, "[\"普通程序\", \"NORMAL\"]", "[\"普通程序\", \"SIMPLE\"]");
  codes = replaced(codes, "\"NORMAL\": \"普通程序\"", "\"NORMAL\": \"简易程序\"");
  folder.write("new/codes/procedure.json", codes);
  ran = run(command);
  EXPECT_EQ(ran.exit, 1) << ran.out;
  EXPECT_NE(ran.out.find("第 1 条\n  /procedure \"NORMAL\" => \"SIMPLE\"\n"), std::string::npos) << ran.out;
  EXPECT_NE(run(command + " --json").out.find("\"records\": 10"), std::string::npos);
}

}  // namespace
