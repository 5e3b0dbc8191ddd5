// The six mappings against the thirty fixture records: both directions, province to province, and every loss that is
// inherent in the formats (profiles.md 5.6) with the note that shows it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapters/adapter.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical_json.h"

namespace chuanyu::adapters {
namespace {

using Json = nlohmann::ordered_json;

struct Profiled {
  const char* id;
  const char* file;       // the ten records in this format
  const char* canonical;  // the same in canonical JSON
  const char* other;      // the other province's profile of the same kind
};
constexpr Profiled kProfiles[] = {
    {"sc.credit.v1", "adapters/sichuan/fixtures/sc_credit.gb18030.csv", "canonical_credit.json", "cq.credit.v1"},
    {"cq.credit.v1", "adapters/chongqing/fixtures/cq_credit.json", "canonical_credit.json", "sc.credit.v1"},
    {"sc.licence.v1", "adapters/sichuan/fixtures/sc_licence.json", "canonical_licence.json", "cq.licence.v1"},
    {"cq.licence.v1", "adapters/chongqing/fixtures/cq_licence.xml", "canonical_licence.json", "sc.licence.v1"},
    {"sc.case.v1", "adapters/sichuan/fixtures/sc_case.gb18030.xml", "canonical_case.json", "cq.case.v1"},
    {"cq.case.v1", "adapters/chongqing/fixtures/cq_case.json", "canonical_case.json", "sc.case.v1"},
};

std::string read(const std::string& path) {
  std::ifstream file(std::string(CHUANYU_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const Registry> load(const std::string& folder) {
  auto loaded = Registry::load(folder);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
    for (const auto& e : *errors) ADD_FAILURE() << e.to_text();
    return nullptr;
  }
  return std::get<std::shared_ptr<const Registry>>(loaded);
}

const Adapter& adapter(const std::string& id) {
  static const auto kRegistry = load(std::string(CHUANYU_SOURCE_DIR) + "/adapters");
  if (kRegistry == nullptr) std::abort();  // the reasons were printed
  static std::map<std::string, std::shared_ptr<const Adapter>> found;
  auto& entry = found[id];
  if (entry == nullptr) entry = kRegistry->find(id);
  if (entry == nullptr) std::abort();
  return *entry;
}

std::vector<std::string> cut(const Adapter& by, std::string_view document) {
  std::vector<std::string> records;
  const auto reader = by.reader();
  reader->feed(document, true);
  for (;;) {
    auto record = reader->next();
    if (!record.ok()) {
      ADD_FAILURE() << record.error().to_text();
      return records;
    }
    if (record->bytes.empty()) return records;
    records.emplace_back(record->bytes);
  }
}

const Profiled& profiled(const std::string& id) {
  return *std::find_if(std::begin(kProfiles), std::end(kProfiles), [&](const Profiled& p) { return id == p.id; });
}

std::vector<std::string> native_records(const std::string& id) { return cut(adapter(id), read(profiled(id).file)); }

Json canonical_json(const char* file) { return Json::parse(read(std::string("schemas/fixtures/") + file)); }

// Equal for whoever reads it: JSON by members, order and lexemes; CSV and XML by bytes.
std::string comparable(Syntax syntax, std::string_view record) {
  return syntax == Syntax::json ? Json::parse(record).dump() : std::string(record);
}

std::string describe(const std::vector<Note>& notes) {
  std::string text;
  for (const auto& n : notes)
    text += std::string(to_string(n.kind)) + " " + n.rule + " " + n.native + " " + n.canonical + " " + n.message + "\n";
  return text;
}

// Converted, or a failure of the test.
Converted must(Result<Converted> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().to_text());
  return result.ok() ? *std::move(result) : Converted{};
}

bool noted(const Converted& converted, Note::Kind kind, std::string_view place) {
  return std::any_of(converted.notes.begin(), converted.notes.end(), [&](const Note& n) {
    return n.kind == kind && !n.message.empty() &&
           (n.native + ' ' + n.canonical + ' ' + n.message).find(place) != std::string::npos;
  });
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// The fixtures of CSV and XML are GB18030; tests that change Chinese text write it through an adapter.
std::string gb18030(const std::string& utf8);

std::string record_in_utf8(const std::string& id, std::size_t index) {
  return comparable(Syntax::json, native_records(id)[index]);
}

// --- the thirty records
// -------------------------------------------------------------------------------------------------

class Fixtures : public testing::TestWithParam<Profiled> {};

TEST_P(Fixtures, NativeToCanonical) {
  const auto& a = adapter(GetParam().id);
  const auto records = native_records(GetParam().id);
  const auto expected = canonical_json(GetParam().canonical);
  ASSERT_EQ(records.size(), expected.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto got = must(a.get(records[i]));
    EXPECT_EQ(describe(got.notes), "") << i;
    const auto json = schemas::to_json(a.profile().kind, got.bytes);
    ASSERT_TRUE(json.ok()) << i;
    EXPECT_EQ(*json, expected[i].dump());
    EXPECT_EQ(got.bytes, *schemas::from_json(a.profile().kind, expected[i].dump())) << i << ": canonical bytes";
  }
}

TEST_P(Fixtures, CanonicalToNative) {
  const auto& a = adapter(GetParam().id);
  const auto records = native_records(GetParam().id);
  const auto canonical = canonical_json(GetParam().canonical);
  ASSERT_EQ(records.size(), canonical.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto made = must(a.create(*schemas::from_json(a.profile().kind, canonical[i].dump())));
    EXPECT_EQ(describe(made.notes), "") << i;
    EXPECT_EQ(comparable(a.profile().syntax, made.bytes), comparable(a.profile().syntax, records[i])) << i;
  }
}

TEST_P(Fixtures, WholeDocumentComesBack) {
  const auto& a = adapter(GetParam().id);
  const auto document = read(GetParam().file);
  std::vector<std::string> made;
  for (const auto& record : cut(a, document)) made.push_back(must(a.create(must(a.get(record)).bytes)).bytes);
  const std::vector<std::string_view> views(made.begin(), made.end());
  EXPECT_EQ(comparable(a.profile().syntax, a.join(views)), comparable(a.profile().syntax, document));
}

TEST_P(Fixtures, ToTheOtherProvince) {
  const auto& from = adapter(GetParam().id);
  const auto& to = adapter(GetParam().other);
  const auto records = native_records(GetParam().id);
  const auto expected = native_records(GetParam().other);
  ASSERT_EQ(records.size(), expected.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto made = must(to.create(must(from.get(records[i])).bytes));
    EXPECT_EQ(describe(made.notes), "") << i;
    EXPECT_EQ(comparable(to.profile().syntax, made.bytes), comparable(to.profile().syntax, expected[i])) << i;
  }
}

std::string test_name(const testing::TestParamInfo<Profiled>& profile) {
  std::string name = profile.param.id;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(SixProfiles, Fixtures, testing::ValuesIn(kProfiles), test_name);

// --- profiles.md 5.6: lossy by nature, never silent
// -------------------------------------------------------------------------

// 1. Town and village of a 12-digit region are lost on the way to six digits, and kept for the way back.
TEST(InherentLoss, TownPartOfARegion) {
  const auto native =
      replaced(record_in_utf8("cq.credit.v1", 9), "\"areaCode\":\"500152000000\"", "\"areaCode\":\"500152103205\"");
  const auto got = must(adapter("cq.credit.v1").get(native));
  EXPECT_TRUE(noted(got, Note::Kind::loss, "region_code")) << describe(got.notes);
  EXPECT_EQ(Json::parse(*schemas::to_json(Kind::credit, got.bytes))["subject"]["regionCode"], "500152");
  EXPECT_EQ(comparable(Syntax::json, must(adapter("cq.credit.v1").create(got.bytes)).bytes), native);
  const auto sichuan = must(adapter("sc.credit.v1").create(got.bytes));
  EXPECT_NE(sichuan.bytes.find(",500152,"), std::string::npos);
  EXPECT_TRUE(noted(sichuan, Note::Kind::loss, "areaCode")) << describe(sichuan.notes);
}

// 2. A finer class of subject becomes one of three.
TEST(InherentLoss, FinerSubjectClass) {
  const auto native =
      replaced(native_records("sc.credit.v1")[9], gb18030("法人及非法人组织"), gb18030("农民专业合作社"));
  const auto got = must(adapter("sc.credit.v1").get(native));
  EXPECT_TRUE(noted(got, Note::Kind::normalised, "XYZTLB")) << describe(got.notes);
  EXPECT_EQ(Json::parse(must(adapter("cq.credit.v1").create(got.bytes)).bytes)["subject"]["type"], "1");
  EXPECT_EQ(must(adapter("sc.credit.v1").create(got.bytes)).bytes, native);  // kept in ext
}

// 3. Confiscated income and goods, told apart by Chongqing, are one amount in Sichuan.
TEST(InherentLoss, SplitOfTheConfiscatedAmount) {
  auto native = Json::parse(record_in_utf8("cq.case.v1", 6));
  native["confiscate_illegal_incom"] = "4.500000";
  native["confiscate_illegal_asset"] = "0.000001";
  const auto got = must(adapter("cq.case.v1").get(native.dump()));
  const auto sichuan = must(adapter("sc.case.v1").create(got.bytes));
  EXPECT_TRUE(noted(sichuan, Note::Kind::loss, "confiscated_income_fen")) << describe(sichuan.notes);
  EXPECT_TRUE(noted(sichuan, Note::Kind::loss, "confiscated_goods_fen"));
  EXPECT_EQ(Json::parse(must(adapter("cq.case.v1").create(got.bytes)).bytes), native);
}

// 4. One text with a revoked licence's name and number cannot be split.
TEST(InherentLoss, RevokedLicenceAsOneText) {
  const auto native =
      replaced(native_records("sc.case.v1")[6], gb18030("</证据列表>"),
               gb18030("</证据列表><暂扣或吊销证照名称及编号>药品经营许可证渝CB0230001</暂扣或吊销证照名称及编号>"));
  const auto got = must(adapter("sc.case.v1").get(native));
  const auto chongqing = must(adapter("cq.case.v1").create(got.bytes));
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "revoked_licence.text")) << describe(chongqing.notes);
  EXPECT_EQ(must(adapter("sc.case.v1").create(got.bytes)).bytes, native);
}

// 5. Sentinels that mean 长期.
TEST(InherentLoss, SentinelDatesOfLicences) {
  const auto native = replaced(record_in_utf8("sc.licence.v1", 0), "长期", "99991231");
  const auto got = must(adapter("sc.licence.v1").get(native));
  EXPECT_TRUE(noted(got, Note::Kind::normalised, "ZZYXQJZRQ")) << describe(got.notes);
  EXPECT_EQ(Json::parse(*schemas::to_json(Kind::licence, got.bytes))["validUntil"], nullptr);
  EXPECT_EQ(comparable(Syntax::json, must(adapter("sc.licence.v1").create(got.bytes)).bytes), native);
  const auto chongqing = must(adapter("cq.licence.v1").create(got.bytes));
  EXPECT_NE(chongqing.bytes.find("kind=\"permanent\""), std::string::npos);
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "ZZYXQJZRQ")) << describe(chongqing.notes);
}

TEST(InherentLoss, SentinelDatesOfCreditRecordsAreAStatement) {
  const auto native = replaced(native_records("sc.credit.v1")[0], "2028/03/11", "2099/12/31");
  const auto got = must(adapter("sc.credit.v1").get(native));
  const auto json = Json::parse(*schemas::to_json(Kind::credit, got.bytes));
  EXPECT_EQ(json["publishUntil"], nullptr);
  EXPECT_EQ(json["publishLongTerm"], true);
  const auto chongqing = must(adapter("cq.credit.v1").create(got.bytes));
  EXPECT_EQ(Json::parse(chongqing.bytes)["publicity"]["endDate"], "2099-12-31");
  EXPECT_EQ(must(adapter("sc.credit.v1").create(got.bytes)).bytes, native);
}

// 6. A kind of penalty outside the fourteen is 07 with its own words, and goes back as those words.
TEST(InherentLoss, PenaltyOutsideTheCodeSet) {
  const auto native =
      replaced(native_records("sc.credit.v1")[0], gb18030("罚款;没收非法财物"), gb18030("责令改正;罚款"));
  const auto got = must(adapter("sc.credit.v1").get(native));
  EXPECT_TRUE(noted(got, Note::Kind::gap, "CFLB")) << describe(got.notes);
  const auto kinds = Json::parse(*schemas::to_json(Kind::credit, got.bytes))["penaltyKinds"];
  EXPECT_EQ(kinds, Json::parse(R"([{"canonical":"07","nativeText":"责令改正"},"02"])"));
  EXPECT_EQ(must(adapter("sc.credit.v1").create(got.bytes)).bytes, native);
  const auto chongqing = must(adapter("cq.credit.v1").create(got.bytes));
  EXPECT_EQ(Json::parse(chongqing.bytes)["decision"]["penaltyTypes"], Json::parse(R"(["07","02"])"));
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "penalty_kinds")) << describe(chongqing.notes);
}

// 7. A partner that reads GBK gets an error, never "?".
TEST(InherentLoss, CharacterOutsideGbk) {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "chuanyu-gbk-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path folder = pattern;
  fs::copy(fs::path(CHUANYU_SOURCE_DIR) / "adapters/sichuan/codes", folder / "codes", fs::copy_options::recursive);
  std::ofstream(folder / "sc.credit.v1.mapping.json")
      << replaced(read("adapters/sichuan/sc.credit.v1.mapping.json"), "gb18030-2022", "gbk");
  const auto registry = load(folder.string());
  ASSERT_NE(registry, nullptr);
  const auto records = canonical_json("canonical_credit.json");
  const auto gbk = registry->find("sc.credit.v1");
  EXPECT_TRUE(gbk->create(*schemas::from_json(Kind::credit, records[0].dump())).ok());
  const auto refused = gbk->create(*schemas::from_json(Kind::credit, records[5].dump()));  // 龚䶮
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::RECORD_CHARSET_UNMAPPABLE);
  fs::remove_all(folder);
}

// 8. A date has no time of day: none is invented, and one that comes in is refused, not cut off.
TEST(InherentLoss, TimeOfDay) {
  const auto native =
      replaced(record_in_utf8("cq.credit.v1", 0), "\"date\":\"2025-03-12\"", "\"date\":\"2025-03-12T00:00:00\"");
  const auto got = adapter("cq.credit.v1").get(native);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, Code::RECORD_DATE);
  EXPECT_EQ(got.error().where, "/decision/date");
}

// 9. A masked ID number stays masked; the match token has no place in a native format.
TEST(InherentLoss, MaskedIdNumber) {
  v1::CreditRecord record;
  ASSERT_TRUE(
      record.ParseFromString(*schemas::from_json(Kind::credit, canonical_json("canonical_credit.json")[8].dump())));
  record.mutable_subject()->clear_id_no();
  record.mutable_subject()->set_id_token("00ff");
  for (const char* id : {"sc.credit.v1", "cq.credit.v1"}) {
    const auto made = must(adapter(id).create(record.SerializeAsString()));
    EXPECT_TRUE(noted(made, Note::Kind::loss, "subject.id_token")) << id << describe(made.notes);
    EXPECT_EQ(made.bytes.find("512201"), std::string::npos);
  }
}

// 10. 法制审核 and 案件审核 are one REVIEW.
TEST(InherentLoss, FinerCaseState) {
  for (const char* word : {"法制审核", "案件审核"}) {
    const auto native = replaced(native_records("sc.case.v1")[5], gb18030("<案件状态>审核<"),
                                 gb18030("<案件状态>" + std::string(word) + "<"));
    const auto got = must(adapter("sc.case.v1").get(native));
    EXPECT_TRUE(noted(got, Note::Kind::normalised, "案件状态")) << describe(got.notes);
    EXPECT_EQ(Json::parse(*schemas::to_json(Kind::enforcement_case, got.bytes))["state"], "REVIEW");
    EXPECT_EQ(Json::parse(must(adapter("cq.case.v1").create(got.bytes)).bytes)["case_status"], "40");
    EXPECT_EQ(must(adapter("sc.case.v1").create(got.bytes)).bytes, native);  // kept in ext
  }
}

// --- other rows of 5.2 to 5.4 that the fixtures do not exercise
// -------------------------------------------------------------

// 5.2 #24: what only Chongqing has goes home again and is a loss in Sichuan's fixed columns.
TEST(BeyondFixtures, ScoreAndGradeOfChongqing) {
  auto native = Json::parse(record_in_utf8("cq.credit.v1", 0));
  native["score"] = 87;
  native["grade"] = "B";
  const auto got = must(adapter("cq.credit.v1").get(native.dump()));
  EXPECT_TRUE(noted(got, Note::Kind::unmapped, "score")) << describe(got.notes);
  const auto again = must(adapter("cq.credit.v1").create(got.bytes));
  EXPECT_EQ(nlohmann::json::parse(again.bytes), nlohmann::json(native));  // what has no rule comes last, in key order
  const auto sichuan = must(adapter("sc.credit.v1").create(got.bytes));
  EXPECT_TRUE(noted(sichuan, Note::Kind::loss, "score")) << describe(sichuan.notes);
  EXPECT_TRUE(noted(sichuan, Note::Kind::loss, "grade"));
}

// 5.3 #16: seals have no place in Chongqing's certificate; #17: the copy's purpose has.
TEST(BeyondFixtures, SealAndCopyOfALicence) {
  auto native = Json::parse(record_in_utf8("sc.licence.v1", 0));
  native["ZZQZR"] = "遂宁市船山区市场监督管理局";
  native["ZZQZSJ"] = "20190618101500";
  native["ZZQZMC"] = "电子证照专用章";
  native["JZJZZSY"] = "办理道路运输经营许可";
  native["JZJYXQJZSJ"] = "20260401";
  const auto got = must(adapter("sc.licence.v1").get(native.dump()));
  EXPECT_EQ(describe(got.notes), "");
  EXPECT_EQ(Json::parse(must(adapter("sc.licence.v1").create(got.bytes)).bytes), native);
  const auto chongqing = must(adapter("cq.licence.v1").create(got.bytes));
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "seal")) << describe(chongqing.notes);
  EXPECT_NE(chongqing.bytes.find("<CertificateCopyExpiringTime>2026-04-01<"), std::string::npos);
}

// 5.3 #15: other extension items stay with the record.
TEST(BeyondFixtures, OtherExtensionItems) {
  auto native = Json::parse(record_in_utf8("sc.licence.v1", 0));
  native["KZ_ZCZB"] = "500万元";
  const auto got = must(adapter("sc.licence.v1").get(native.dump()));
  EXPECT_TRUE(noted(got, Note::Kind::unmapped, "KZ_ZCZB")) << describe(got.notes);
  EXPECT_EQ(Json::parse(must(adapter("sc.licence.v1").create(got.bytes)).bytes), native);
}

// 5.4 #22 to #24 from Chongqing to Sichuan and back, without a loss.
TEST(BeyondFixtures, DiscretionRevocationAndPublicationOfACase) {
  auto native = Json::parse(record_in_utf8("cq.case.v1", 6));
  native["discretion_code"] = "3";
  native["revoke_licence_name"] = "药品经营许可证";
  native["revoke_licence_code"] = "渝CB0230001";
  native["public_end_date"] = "99991231";
  native["publicstatus"] = "1";
  const auto got = must(adapter("cq.case.v1").get(native.dump()));
  EXPECT_EQ(describe(got.notes), "");
  const auto sichuan = must(adapter("sc.case.v1").create(got.bytes));
  EXPECT_EQ(describe(sichuan.notes), "");
  EXPECT_NE(sichuan.bytes.find(gb18030("<裁量情节>从轻</裁量情节>")), std::string::npos);
  EXPECT_NE(sichuan.bytes.find(gb18030("<公示截止>长期</公示截止><公示状态>撤销</公示状态>")), std::string::npos);
  const auto again = must(adapter("sc.case.v1").get(sichuan.bytes));
  EXPECT_EQ(Json::parse(must(adapter("cq.case.v1").create(again.bytes)).bytes), native);
}

// 5.4 #4, #5: words outside the sets stay readable where they came from and are reported where they cannot go.
TEST(BeyondFixtures, DomainAndProcedureOutsideTheSets) {
  auto native = replaced(native_records("sc.case.v1")[0], gb18030("<执法领域>食品药品<"), gb18030("<执法领域>水利<"));
  native = replaced(native, gb18030("<适用程序>普通程序<"), gb18030("<适用程序>快速办理<"));
  const auto got = must(adapter("sc.case.v1").get(native));
  EXPECT_TRUE(noted(got, Note::Kind::gap, "domain")) << describe(got.notes);
  EXPECT_TRUE(noted(got, Note::Kind::gap, "procedure"));
  EXPECT_EQ(must(adapter("sc.case.v1").create(got.bytes)).bytes, native);
  const auto chongqing = must(adapter("cq.case.v1").create(got.bytes));
  EXPECT_EQ(Json::parse(chongqing.bytes)["domain_code"], "QT");
  EXPECT_EQ(Json::parse(chongqing.bytes)["case_process_type"], "");
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "domain")) << describe(chongqing.notes);
  EXPECT_TRUE(noted(chongqing, Note::Kind::loss, "procedure"));
}

// A modifier outside its set is refused: a status that nobody understands must not become "active".
TEST(BeyondFixtures, UnknownStatusIsRefused) {
  for (const auto& [id, from, to] : {std::tuple{"cq.credit.v1", "\"status\":\"10\"", "\"status\":\"19\""},
                                     std::tuple{"cq.case.v1", "\"case_status\":\"80\"", "\"case_status\":\"81\""},
                                     std::tuple{"sc.licence.v1", "\"ZZZT\":\"有效\"", "\"ZZZT\":\"可疑\""}}) {
    const auto got = adapter(id).get(replaced(record_in_utf8(id, 0), from, to));
    ASSERT_FALSE(got.ok()) << id;
    EXPECT_EQ(got.error().code, Code::RECORD_CODE_UNKNOWN) << id;
  }
}

// By way of sc.credit.v1, which writes GB18030: the text as a record's reason. "%" is no part of a GB18030 character.
std::string gb18030(const std::string& utf8) {
  auto record = canonical_json("canonical_credit.json")[0];
  record["reason"] = "%" + utf8 + "%";
  const auto made = must(adapter("sc.credit.v1").create(*schemas::from_json(Kind::credit, record.dump())));
  const auto begin = made.bytes.find('%');
  const auto end = made.bytes.rfind('%');
  return made.bytes.substr(begin + 1, end - begin - 1);
}

}  // namespace
}  // namespace chuanyu::adapters
