// The static checks S1-S9: a complete small mapping passes; made wrong in one way, exactly that check says so, with its
// place. S10 stands in versions_test.cpp.
#include <nlohmann/json.hpp>

#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using nlohmann::json;
using testing::Folder;
using Texts = std::vector<std::string>;

// Every field of CreditRecord has its rule.
const char* const kSound = R"({
"mapping":"t","version":"1","kind":"credit","canonical":"chuanyu.v1.CreditRecord","media_type":"application/json",
"native":{"format":"json","unknown":"ext"},
"rules":[
  {"kind":"iso","n":"/id","c":"record_id","as":"text","required":true},
  {"kind":"lens","n":"/list","c":"list_kind","as":{"code":"list"},"required":true},
  {"kind":"iso","n":"/listName","c":"list_name","as":"text","required":true},
  {"kind":"iso","n":"/name","c":"subject.name","as":"text","required":true},
  {"kind":"iso","n":"/type","c":"subject.kind","as":{"code":"party"},"required":true},
  {"kind":"iso","n":"/reason","c":"reason","as":"text","required":true},
  {"kind":"iso","n":"/date","c":"decision_date","as":{"date":{"out":"%Y%m%d"}},"required":true},
  {"kind":"each","n":"/kinds","split":";","c":"penalty_kinds","item":{"as":{"code":"penalty"}}},
  {"kind":"lens","n":"/fine","c":"fine_fen","as":{"dec":{"unit":"wan","frac":6}}},
  {"kind":"prism","n":"/until","cases":[
    {"when":{"eq":"长期"},"c":"publish_long_term","const":true},
    {"when":{"eq":"99991231"},"c":"publish_long_term","const":true,"alias":true},
    {"else":{"c":"publish_until","as":{"date":{"out":"%Y%m%d"}}}}]},
  {"kind":"iso","n":"/status","c":"status","as":{"code":"status"},"required":true},
  {"kind":"lost","c":"subject.uscc","why":"x"}, {"kind":"lost","c":"subject.id_type","why":"x"},
  {"kind":"lost","c":"subject.id_no","why":"x"}, {"kind":"lost","c":"subject.region_code","why":"x"},
  {"kind":"lost","c":"subject.id_token","why":"x"}, {"kind":"lost","c":"legal_rep","why":"x"},
  {"kind":"iso","n":"/basis","c":"legal_basis","as":"text","required":true},
  {"kind":"iso","n":"/doc","c":"doc_no","as":"text","required":true},
  {"kind":"iso","n":"/org/name","c":"authority.name","as":"text","required":true},
  {"kind":"lost","c":"confiscated_fen","why":"x"},
  {"kind":"lost","c":"severity","why":"x"}, {"kind":"lost","c":"publish_from","why":"x"},
  {"kind":"lost","c":"repair_date","why":"x"}, {"kind":"lost","c":"repair_doc_no","why":"x"},
  {"kind":"iso","n":"/org/code","c":"authority.uscc","as":"uscc","required":true},
  {"kind":"lost","c":"authority.region_code","why":"x"}],
"codesets":{
  "list":{"pairs":[["红","RED"],["黑","BLACK"],["严重失信","BLACK"]],"prefer":{"BLACK":"黑"},"back_gap":"refuse"},
  "party":{"pairs":[["1","LEGAL_PERSON"],["2","NATURAL_PERSON"],["3","INDIVIDUAL_BUSINESS"]]},
  "penalty":{"pairs":[["警告","01"],["罚款","02"]],"gap":{"other":"07"},"back_gap":"refuse"},
  "status":{"pairs":[["10","ACTIVE"],["11","DISPUTED"],["20","REPAIRED"],["30","REMOVED"],["40","REVOKED"],["50","EXPIRED"],["60","MASKED"]]}}})";

json sound() { return json::parse(kSound); }

// "S1 /rules" of each finding.
Texts findings(const json& mapping) {
  Folder folder;
  folder.write("t.mapping.json", mapping.dump());
  Texts out;
  for (const auto& e : testing::load_errors(folder)) {
    EXPECT_EQ(e.code, Code::MAPPING_INVALID) << e.to_text();
    const bool says = e.detail.find("；请") != std::string::npos;
    EXPECT_TRUE(says) << "no advice: " << e.detail;
    out.push_back(e.detail.substr(0, e.detail.find(' ')) + " " + e.where.substr(e.where.find('#') + 1));
  }
  return out;
}

// The sound mapping with one value replaced, added or, when `value` is null, taken away.
json with(const std::string& pointer, const json& value) {
  auto mapping = sound();
  const json::json_pointer at(pointer);
  if (!value.is_null()) {
    mapping[at] = value;
  } else if (mapping.at(at.parent_pointer()).is_array()) {
    mapping.at(at.parent_pointer()).erase(std::stoul(at.back()));
  } else {
    mapping.at(at.parent_pointer()).erase(at.back());
  }
  return mapping;
}
Texts changed(const std::string& pointer, const json& value) { return findings(with(pointer, value)); }

TEST(Checks, ASoundMappingPasses) { EXPECT_EQ(findings(sound()), Texts{}); }

TEST(Checks, S1EveryCanonicalFieldHasOneRule) {
  EXPECT_EQ(changed("/rules/5", nullptr), Texts{"S1 /rules"});
  EXPECT_EQ(changed("/rules/24", nullptr), Texts{"S1 /rules"}) << "lost is said, not left out";
  EXPECT_EQ(changed("/rules/5/c", "list_name"), Texts{"S1 /rules/5/c"}) << "two rules for one field";
  EXPECT_EQ(changed("/rules/-", json{{"kind", "lost"}, {"c", "reason"}, {"why", "x"}}), Texts{"S1 /rules/27/c"});
  EXPECT_EQ(changed("/rules/5/n", "/listName"), Texts{"S1 /rules/5/n"}) << "two rules print one native field";
}

TEST(Checks, S1AFieldThatOnlyDecidesIsLost) {
  auto mapping = sound();
  mapping["rules"][13] = {{"kind", "iso"}, {"n", "/no"}, {"c", "subject.id_no"}, {"as", {{"id", {{"by", "/noType"}}}}}};
  EXPECT_EQ(findings(mapping), Texts{"S1 /rules"});
  mapping["rules"][12] = {{"kind", "iso"}, {"n", "/noType"}, {"c", "subject.id_type"}, {"as", {{"code", "penalty"}}}};
  EXPECT_EQ(findings(mapping), Texts{});
}

TEST(Checks, S2ModifiersFailClosed) {
  EXPECT_EQ(changed("/rules/10", {{"kind", "lost"}, {"c", "status"}, {"why", "x"}}), Texts{"S2 /rules/10"});
  EXPECT_EQ(changed("/rules/10", {{"kind", "lost"}, {"c", "status"}, {"why", "x"}, {"severity", "refuse"}}), Texts{});
  EXPECT_EQ(changed("/codesets/status/back_gap", "omit"), Texts{"S2 /codesets/status/back_gap"});
  EXPECT_EQ(changed("/codesets/status/back_gap", "refuse"), Texts{});
  EXPECT_EQ(changed("/codesets/status/gap", {{"other", "ACTIVE"}}), Texts{"S2 /codesets/status/gap"});
  EXPECT_EQ(changed("/codesets/status/gap", "quarantine"), Texts{});
  EXPECT_EQ(changed("/rules/10/default", "10"), Texts{"S2 /rules/10/default"});
  EXPECT_EQ(changed("/rules/10/required", nullptr), Texts{"S2 /rules/10"});
  auto meant = with("/rules/10/required", nullptr);
  meant["codesets"]["status"]["pairs"][0][0] = "";
  EXPECT_EQ(findings(meant), Texts{}) << "absent has a meaning";
}

TEST(Checks, S3CodeSetsAreTotalBackwards) {
  EXPECT_EQ(changed("/codesets/party/pairs/2", nullptr), Texts{"S3 /codesets/party"});
  EXPECT_EQ(changed("/codesets/list/back_gap", nullptr), Texts{"S3 /codesets/list"});
  EXPECT_EQ(changed("/codesets/penalty/back_gap", nullptr), Texts{"S3 /codesets/penalty"}) << "texts have no end";
  EXPECT_EQ(changed("/codesets/list/back_gap", {{"code", "灰"}, {"lossy", true}}), Texts{"S3 /codesets/list/back_gap"});
  EXPECT_EQ(changed("/codesets/list/back_gap", {{"code", "红"}}), Texts{"S3 /codesets/list/back_gap"});
  EXPECT_EQ(changed("/codesets/list/back_gap", {{"code", "红"}, {"lossy", true}}), Texts{});
  EXPECT_EQ(changed("/codesets/list/closed", {"红", "黑"}), Texts{});
  EXPECT_EQ(changed("/codesets/penalty/back_text", "always"), Texts{});
  EXPECT_EQ(changed("/codesets/list/back_text", "always"), Texts{"S3 /codesets/list/back_text"}) << "no words are kept";
  EXPECT_EQ(changed("/codesets/list/closed", {"红", "灰"}), Texts{"S3 /codesets/list/closed"});
}

TEST(Checks, S4IsoIsOneToOne) {
  EXPECT_EQ(changed("/rules/1/kind", "iso"), Texts{"S4 /rules/1/as"});
  EXPECT_EQ(changed("/codesets/list/prefer", nullptr), Texts{"S4 /codesets/list"});
  EXPECT_EQ(changed("/codesets/list/pairs/-", {"红", "FOCUS"}), Texts{"S4 /codesets/list"}) << "1:N";
  EXPECT_EQ(changed("/rules/6/as/date/in", {"%Y%m%d", "%Y-%m-%d"}), Texts{"S4 /rules/6/as"});
}

TEST(Checks, S5WhatGetDemandsCreateCanWrite) {
  EXPECT_EQ(changed("/rules/8/required", true), Texts{"S5 /rules/8"});
  auto given = with("/rules/8/required", true);
  given["rules"][8]["default"] = "0.000000";
  EXPECT_EQ(findings(given), Texts{});
  EXPECT_EQ(changed("/rules/9/required", true), Texts{"S5 /rules/9"});
}

TEST(Checks, S5WhatIsMandatoryIsAlwaysRead) {
  EXPECT_EQ(changed("/rules/0/required", nullptr), Texts{"S5 /rules/0"});
  EXPECT_EQ(changed("/rules/3/required", nullptr), Texts{"S5 /rules/3"}) << "of a message that is mandatory";
  EXPECT_EQ(changed("/rules/6/required", nullptr), Texts{"S5 /rules/6"}) << "a date is one field";
  EXPECT_EQ(changed("/rules/17", {{"kind", "lost"}, {"c", "legal_basis"}, {"why", "x"}}), Texts{"S5 /rules/17"});
  auto meant = with("/rules/1/required", nullptr);
  EXPECT_EQ(findings(meant), Texts{"S5 /rules/1"});
  meant["codesets"]["list"]["pairs"].push_back({"", "FOCUS"});
  EXPECT_EQ(findings(meant), Texts{}) << "absent has a meaning";
  const json name = {{"kind", "iso"}, {"n", "/rep"}, {"c", "legal_rep.name"}, {"as", "text"}};
  for (const auto& finding : changed("/rules/16", name)) EXPECT_EQ(finding, "S1 /rules") << "the message may be absent";
}

TEST(Checks, S6UnitsAreExact) {
  EXPECT_EQ(changed("/rules/8/as/dec/frac", 4), Texts{"S6 /rules/8/as"}) << "a fen would be lost";
  EXPECT_EQ(changed("/rules/8/as/dec", {{"unit", "yuan"}, {"frac", 3}}), Texts{"S6 /rules/8/as"});
  EXPECT_EQ(changed("/rules/8/as/dec", {{"unit", "fen"}}), Texts{});
  EXPECT_EQ(changed("/rules/8/as", "int"), Texts{"S6 /rules/8/as"}) << "of which unit?";
}

TEST(Checks, S7DatesHaveOneReading) {
  EXPECT_EQ(changed("/rules/6/as/date/out", "%Y%m"), Texts{"S7 /rules/6/as"});
  EXPECT_EQ(changed("/rules/6/as/date/out", "%Y-%-m%d"), Texts{"S7 /rules/6/as"});
  EXPECT_EQ(changed("/rules/6/as/date/in", {"%Y-%m-%d"}), Texts{"S7 /rules/6/as"});
  auto lens = with("/rules/6/kind", "lens");
  lens["rules"][6]["as"]["date"]["in"] = {"%Y%m%d", "%Y-%m-%d"};
  EXPECT_EQ(findings(lens), Texts{});
  for (const auto* twisted : {"%Y%d%m", "%d%m%Y"}) {
    lens["rules"][6]["as"]["date"]["in"] = {"%Y%m%d", twisted};
    EXPECT_EQ(findings(lens), Texts{"S7 /rules/6"}) << twisted;
  }
}

TEST(Checks, S8PrismsAreDisjointAndExhaustive) {
  EXPECT_EQ(changed("/rules/9/cases/1/when/eq", "长期"), Texts{"S8 /rules/9/cases/1"});
  const json orphan = {{"when", {{"eq", "9"}}}, {"c", "doc_no"}, {"const", "九"}, {"alias", true}};
  EXPECT_EQ(changed("/rules/9/cases/1", orphan), Texts{"S8 /rules/9/cases/1"}) << "an alias of nothing";
  auto last = sound();
  std::swap(last["rules"][9]["cases"][1], last["rules"][9]["cases"][2]);
  EXPECT_EQ(findings(last), Texts{"S8 /rules/9/cases/2"}) << "else shadows the sentinel";
  auto open = with("/rules/9/cases/2", nullptr);
  open["rules"].push_back({{"kind", "lost"}, {"c", "publish_until"}, {"why", "x"}});
  EXPECT_EQ(findings(open), Texts{"S8 /rules/9/cases"});
  open["rules"][9]["why"] = "其他写法一律拒绝";
  EXPECT_EQ(findings(open), Texts{});
}

TEST(Checks, S8WhatIsPrintedIsRead) {
  EXPECT_EQ(changed("/rules/4/default", "4"), Texts{"S8 /rules/4/default"});
  EXPECT_EQ(changed("/rules/4/default", "1"), Texts{});
  EXPECT_EQ(changed("/rules/6/default", "2024-01-01"), Texts{"S8 /rules/6/default"});
  EXPECT_EQ(changed("/rules/8/default", "0.0000001"), Texts{"S8 /rules/8/default"});
}

// The sound mapping for cases with a list of objects.
json parties() {
  auto mapping = sound();
  mapping["kind"] = "case";
  mapping["canonical"] = "chuanyu.v1.EnforcementCase";
  mapping["rules"] = {{{"kind", "each"},
                       {"n", "/officers"},
                       {"c", "officers"},
                       {"align", {"name"}},
                       {"rules",
                        {{{"kind", "iso"}, {"n", "/n"}, {"c", "name"}, {"as", "text"}, {"required", true}},
                         {{"kind", "iso"}, {"n", "/c"}, {"c", "cert_no"}, {"as", "text"}}}}}};
  for (const char* c : {"case_id",
                        "case_no",
                        "case_name",
                        "domain",
                        "procedure",
                        "source",
                        "agency",
                        "parties",
                        "illegal_act",
                        "legal_basis",
                        "filed_date",
                        "penalty_kinds",
                        "penalty_content",
                        "fine_fen",
                        "confiscated_fen",
                        "decision_no",
                        "decision_date",
                        "closed_date",
                        "evidence",
                        "confiscated_income_fen",
                        "confiscated_goods_fen",
                        "discretion",
                        "revoked_licence"}) {
    mapping["rules"].push_back({{"kind", "lost"}, {"c", c}, {"why", "x"}});
  }
  for (const char* c : {"state", "publicity"}) {
    mapping["rules"].push_back({{"kind", "lost"}, {"c", c}, {"why", "x"}, {"severity", "refuse"}});
  }
  for (const char* c : {"case_id", "case_no", "case_name", "domain", "agency.name", "agency.uscc"}) {
    mapping["waive"].push_back({{"check", "S5"}, {"at", c}, {"why", "x"}});
  }
  return mapping;
}

TEST(Checks, S5LooksIntoItems) {
  auto mapping = parties();
  mapping["rules"][0]["rules"][0].erase("required");
  EXPECT_EQ(findings(mapping), Texts{"S5 /rules/0/rules/0"});
}

TEST(Checks, S9ItemsWithMembersOfTheirOwnAreAligned) {
  EXPECT_EQ(findings(parties()), Texts{});
  auto blind = parties();
  blind["rules"][0].erase("align");
  EXPECT_EQ(findings(blind), Texts{"S9 /rules/0"});
  blind["native"]["unknown"] = "reject";
  EXPECT_EQ(findings(blind), Texts{}) << "nothing unknown to keep";
  blind["rules"][0]["rules"].push_back({{"kind", "drop"}, {"n", "/x"}, {"why", "x"}});
  EXPECT_EQ(findings(blind), Texts{"S9 /rules/0"});
}

TEST(Checks, S1AndS2LookIntoItemsAndMessages) {
  auto mapping = parties();
  mapping["rules"][0]["rules"].erase(1);
  EXPECT_EQ(findings(mapping), Texts{"S1 /rules/0/rules"});
  mapping = parties();
  mapping["rules"].back().erase("severity");
  EXPECT_EQ(findings(mapping), Texts{"S2 /rules/25"}) << "publicity holds a modifier";
}

TEST(Checks, S9SeparatorsDoNotStandInValues) {
  EXPECT_EQ(changed("/codesets/penalty/pairs/0/0", "警告;通报"), Texts{"S9 /rules/7/item/as"});
  auto columns = parties();
  columns["rules"][0] = {{"kind", "each"},
                         {"zip", "-"},
                         {"c", "evidence"},
                         {"rules",
                          {{{"kind", "iso"}, {"n", "/k"}, {"c", "kind"}, {"as", "text"}, {"required", true}},
                           {{"kind", "iso"}, {"n", "/t"}, {"c", "name"}, {"as", "text"}, {"required", true}},
                           {{"kind", "iso"}, {"n", "/h"}, {"c", "holder"}, {"as", "text"}},
                           {{"kind", "iso"}, {"n", "/s"}, {"c", "size"}, {"as", "int"}},
                           {{"kind", "iso"}, {"n", "/m"}, {"c", "sm3"}, {"as", {{"date", {{"out", "%Y-%m-%d"}}}}}}}}};
  columns["rules"][19]["c"] = "officers";
  EXPECT_EQ(findings(columns), (Texts{"S9 /rules/0/rules/3/as", "S9 /rules/0/rules/4/as"}));
  columns["rules"][0]["zip"] = "^";
  EXPECT_EQ(findings(columns), Texts{});
}

TEST(Checks, WaiversAreWrittenWithAReason) {
  auto mapping = with("/rules/5", nullptr);
  mapping["waive"] = {{{"check", "S1"}, {"at", "reason"}, {"why", "此格式从不写事由"}}};
  EXPECT_EQ(findings(mapping), Texts{});
  mapping["waive"][0]["check"] = "S2";
  EXPECT_EQ(findings(mapping), (Texts{"S1 /rules", "S2 /waive/0"})) << "of another check";
  mapping["waive"] = {{{"check", "S1"}, {"at", "reason"}, {"why", ""}}};
  Folder folder;
  folder.write("t.mapping.json", mapping.dump());
  ASSERT_FALSE(testing::load_errors(folder).empty());
  EXPECT_EQ(testing::load_errors(folder)[0].code, Code::CONFIG_VALUE);
}

TEST(Checks, AWaiverOfAFieldSaysNothingOfItsCodeSet) {
  auto mapping = with("/rules/10/required", nullptr);
  mapping["rules"][10]["id"] = "zt";
  mapping["waive"] = {{{"check", "S2"}, {"at", "zt"}, {"why", "x"}}};
  EXPECT_EQ(findings(mapping), Texts{});
  mapping["codesets"]["status"]["back_gap"] = "omit";
  EXPECT_EQ(findings(mapping), Texts{"S2 /codesets/status/back_gap"});
}

TEST(Checks, AUselessWaiverIsRefused) {
  EXPECT_EQ(changed("/waive", {{{"check", "S3"}, {"at", "party"}, {"why", "x"}}}), Texts{"S3 /waive/0"});
}

}  // namespace
}  // namespace chuanyu::adapters
