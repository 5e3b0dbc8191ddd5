// S10: a new version of a mapping reads what the old one read, and means the same by it.
#include <nlohmann/json.hpp>

#include "adapters/content.h"
#include "adapters/mapping/checks.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using nlohmann::json;
using testing::Folder;
using Texts = std::vector<std::string>;

const char* const kOld = R"({
"mapping":"t","version":"1","kind":"case","canonical":"chuanyu.v1.EnforcementCase","media_type":"application/json",
"native":{"format":"json","unknown":"ext","limits":{"bytes":4096}},
"rules":[
  {"kind":"iso","n":"/id","c":"case_id","as":"text"},
  {"kind":"lens","n":"/state","c":"state","as":{"code":"state"}},
  {"kind":"lens","n":"/filed","c":"filed_date","as":{"date":{"in":["%Y%m%d","%Y-%m-%d"],"out":"%Y%m%d"}}},
  {"kind":"lens","n":"/fine","c":"fine_fen","as":{"dec":{"unit":"wan","frac":6}}},
  {"kind":"each","n":"/officers","c":"officers","rules":[{"kind":"iso","n":"/n","c":"name","as":"text"}]},
  {"kind":"each","n":"/kinds","split":";","c":"penalty_kinds","item":{"as":{"code":"kinds"}}},
  {"kind":"prism","n":"/until","cases":[
    {"when":{"eq":"长期"},"c":"publicity.long_term","const":true},
    {"else":{"c":"publicity.until","as":{"date":{"out":"%Y%m%d"}}}}]}],
"codesets":{"state":{"pairs":[["1","CLUE"],["2","FILED"]]},"kinds":{"pairs":[["罚款","02"]],"gap":{"other":"07"}}}})";

std::shared_ptr<const Plan> plan(const json& mapping) {
  Folder folder;
  folder.write("t.mapping.json", mapping.dump());
  std::vector<Error> errors;
  auto out = testing::plan_of(folder, "t", errors);
  for (const auto& e : errors) ADD_FAILURE() << e.to_text();
  return out;
}

// The pointers of what the changed mapping breaks.
Texts broken(const json& now) {
  Texts out;
  for (const auto& e : incompatible(*plan(json::parse(kOld)), *plan(now))) {
    EXPECT_EQ(e.code, Code::MAPPING_INVALID);
    EXPECT_EQ(e.detail.substr(0, 4), "S10 ");
    EXPECT_NE(e.detail.find("；请"), std::string::npos) << "no advice: " << e.detail;
    out.push_back(e.where.substr(e.where.find('#') + 1));
  }
  return out;
}

Texts changed(const std::string& pointer, const json& value) {
  auto now = json::parse(kOld);
  const json::json_pointer at(pointer);
  if (!value.is_null()) {
    now[at] = value;
  } else if (now.at(at.parent_pointer()).is_array()) {
    now.at(at.parent_pointer()).erase(std::stoul(at.back()));
  } else {
    now.at(at.parent_pointer()).erase(at.back());
  }
  return broken(now);
}

TEST(Versions, MoreIsCompatible) {
  EXPECT_EQ(broken(json::parse(kOld)), Texts{});
  EXPECT_EQ(changed("/rules/-", {{"kind", "iso"}, {"n", "/no"}, {"c", "case_no"}, {"as", "text"}}), Texts{});
  EXPECT_EQ(changed("/codesets/state/pairs/-", {"3", "REVIEW"}), Texts{});
  EXPECT_EQ(changed("/rules/2/as/date/in", {"%Y%m%d", "%Y-%m-%d", "%Y/%m/%d"}), Texts{});
}

TEST(Versions, AFieldThatIsNoLongerReadOrMoved) {
  EXPECT_EQ(changed("/rules/0", nullptr), Texts{"/rules"});
  EXPECT_EQ(changed("/rules/0/c", "case_no"), Texts{"/rules/0"});
  EXPECT_EQ(changed("/rules/4/rules/0/c", "cert_no"), Texts{"/rules/4/rules/0"});
  EXPECT_EQ(changed("/rules/0/required", true), Texts{"/rules/0"});
  EXPECT_EQ(changed("/rules/-", {{"kind", "iso"}, {"n", "/no"}, {"c", "case_no"}, {"as", "text"}, {"required", true}}),
            Texts{"/rules/7"});
}

TEST(Versions, AValueThatIsReadOtherwise) {
  EXPECT_EQ(changed("/rules/0/as", "uscc"), Texts{"/rules/0"});
  EXPECT_EQ(changed("/rules/0/as", {{"text", {{"max", 9}}}}), Texts{"/rules/0"});
  EXPECT_EQ(changed("/rules/3/as/dec", {{"unit", "yuan"}}), Texts{"/rules/3"});
  EXPECT_EQ(changed("/rules/3/as/dec/max", 1000), Texts{"/rules/3"});
  EXPECT_EQ(changed("/rules/2/as/date/in", {"%Y%m%d"}), Texts{"/rules/2"});
  EXPECT_EQ(changed("/rules/5/split", ","), Texts{"/rules/5"});
  EXPECT_EQ(changed("/rules/6/cases/0/when/eq", "永久"), Texts{"/rules"});
}

TEST(Versions, ACodeThatIsGoneOrMeansSomethingElse) {
  EXPECT_EQ(changed("/codesets/state/pairs/1", nullptr), Texts{"/rules/1"});
  EXPECT_EQ(changed("/codesets/state/pairs/1/1", "REVIEW"), Texts{"/rules/1"});
  EXPECT_EQ(changed("/codesets/kinds/pairs/0/0", "罚"), Texts{"/rules/5"}) << "now it would be 其他";
  EXPECT_EQ(changed("/codesets/kinds/gap", "reject"), Texts{"/rules/5"});
}

TEST(Versions, ADocumentThatCannotBeOpened) {
  EXPECT_EQ(changed("/native/charset", "gbk"), Texts{"/native/charset"});
  EXPECT_EQ(changed("/native/unknown", "reject"), Texts{"/native/unknown"});
  EXPECT_EQ(changed("/native/limits/bytes", 1024), Texts{"/native/limits"});
}

TEST(Versions, WaivedWithAReason) {
  auto now = json::parse(kOld);
  now["rules"].erase(0);
  now["waive"] = {{{"check", "S10"}, {"at", "/id"}, {"why", "此字段从未有值"}}};
  EXPECT_EQ(broken(now), Texts{});
}

TEST(Versions, RegistriesAreComparedByProfile) {
  EXPECT_TRUE(testing::product().compatible_with(testing::product()).empty());
  Folder one;
  const std::string from = std::string(CHUANYU_SOURCE_DIR) + "/adapters/chongqing";
  std::filesystem::copy(from, one.path(), std::filesystem::copy_options::recursive);
  std::filesystem::remove(one.path() + "/cq.case.v1.mapping.json");
  const auto loaded = Registry::load(one.path());
  const auto fewer = std::get<std::shared_ptr<const Registry>>(loaded);
  EXPECT_TRUE(testing::product().compatible_with(*fewer).empty());
  EXPECT_EQ(fewer->compatible_with(testing::product()).size(), 4u) << "three of Sichuan, and the one removed";
}

// What the log keeps of a mapping is the mapping: code sets of its files in it, comments gone, read the same both ways.
TEST(Versions, TheContentStandsAlone) {
  for (const auto& adapter : testing::product().all()) {
    const std::string& id = adapter->profile().id;
    const Plan& from_files = *testing::product().plan(id);
    Folder folder;
    folder.write(id + ".mapping.json", content_of(from_files));
    std::vector<Error> errors;
    const auto alone = testing::plan_of(folder, id, errors);
    ASSERT_TRUE(errors.empty()) << id << ": " << errors.front().to_text();
    EXPECT_TRUE(incompatible(from_files, *alone).empty()) << id;
    EXPECT_TRUE(incompatible(*alone, from_files).empty()) << id;
    EXPECT_EQ(content_of(*alone), content_of(from_files)) << id;
  }
}

}  // namespace
}  // namespace chuanyu::adapters
