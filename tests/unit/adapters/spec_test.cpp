// Mapping files: every mistake of a file is reported at once, each with its place.
#include "adapters/content.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::Folder;

std::string mapping(const std::string& rules, const std::string& more = "") {
  return R"({"mapping":"t","version":"1","kind":"case","canonical":"chuanyu.v1.EnforcementCase","media_type":"application/json",
"native":{"format":"json"},"rules":[)" +
         rules + "]" + more + "}";
}

// "CODE /pointer" of each mistake.
std::vector<std::string> mistakes(const std::string& text) {
  Folder folder;
  folder.write("t.mapping.json", text);
  std::vector<std::string> out;
  std::vector<Error> errors;
  testing::plan_of(folder, "t", errors);
  for (const auto& e : errors) {
    const auto hash = e.where.find('#');
    out.push_back(std::string(to_string(e.code)) + " " + (hash == std::string::npos ? "" : e.where.substr(hash + 1)));
  }
  return out;
}

using Texts = std::vector<std::string>;
const std::string kGood = R"({"kind":"iso","n":"/a","c":"case_id","as":"text"})";

TEST(Spec, AGoodOneHasNone) { EXPECT_EQ(mistakes("// comment\n" + mapping(kGood)), Texts{}); }

TEST(Spec, EverythingAtOnce) {
  EXPECT_EQ(
      mistakes(
          R"({"mapping":"t","version":1,"kind":"cases","canonical":"x","native":{"format":"yaml","colour":1},"rules":[{"kind":"iso","n":"/a"}]})"),
      (Texts{"CONFIG_VALUE /version", "CONFIG_VALUE /kind", "CONFIG_KEY_MISSING ", "CONFIG_VALUE /native/format",
             "CONFIG_KEY_UNKNOWN /native/colour", "CONFIG_KEY_MISSING /rules/0", "CONFIG_KEY_MISSING /rules/0"}));
}

TEST(Spec, SubstitutesAreForCharactersThatCannotBeWritten) {
  const auto with = [](const std::string& substitute) {
    const std::string native = R"({"format":"json","charset":"gbk","substitute":)" + substitute + "}";
    return testing::replaced(mapping(kGood), R"({"format":"json"})", native);
  };
  EXPECT_EQ(mistakes(with(R"({"䶮":"（龑）"})")), Texts{});
  EXPECT_EQ(mistakes(with(R"({"龚":"共"})")), Texts{"MAPPING_INVALID /native/substitute/龚"});
  EXPECT_EQ(mistakes(with(R"({"䶮":"𠀀"})")), Texts{"MAPPING_INVALID /native/substitute/䶮"});
  EXPECT_EQ(mistakes(with(R"({"䶮䶮":"x"})")), Texts{"MAPPING_INVALID /native/substitute/䶮䶮"});
  EXPECT_EQ(mistakes(with(R"({"䶮":1})")), Texts{"CONFIG_VALUE /native/substitute/䶮"});
}

TEST(Spec, AMistakeOfFormDoesNotHideMistakesOfMeaning) {
  const std::string missing = R"({"kind":"iso","n":"/b","c":"case_name"})";
  const std::string unknown = R"({"kind":"iso","n":"/c","c":"nothing","as":"text"})";
  EXPECT_EQ(mistakes(mapping(kGood + "," + missing + "," + unknown)),
            (Texts{"CONFIG_KEY_MISSING /rules/1", "MAPPING_INVALID /rules/2/c"}));
  const std::string coded = R"({"kind":"iso","n":"/b","c":"state","as":{"code":"s"}})";
  EXPECT_EQ(mistakes(mapping(coded + "," + unknown, R"(,"codesets":{"s":{"pairs":[["1"]]}})")),
            (Texts{"CONFIG_VALUE /codesets/s/pairs/0", "MAPPING_INVALID /rules/1/c"}))
      << "what depends on the mistaken code set is not blamed";
  EXPECT_EQ(mistakes(mapping(R"({"kind":"iso","n":"/a/b","c":"case_id"})", R"(,"structure":[{"n":"/a"}])")),
            Texts{"CONFIG_KEY_MISSING /rules/0"})
      << "nor the structure that the mistaken rule would fill";
}

TEST(Spec, Syntax) {
  EXPECT_EQ(mistakes("{"), Texts{"CONFIG_SYNTAX "});
  EXPECT_EQ(mistakes("{\"mapping\": 1e999}"), Texts{"CONFIG_SYNTAX "}) << "a number that nothing can hold";
  Folder empty;
  EXPECT_EQ(testing::load_errors(empty).size(), 1u);
  EXPECT_TRUE(std::holds_alternative<std::vector<Error>>(Registry::load("/nonexistent/folder")));
}

// Where the mistakes of a text stand, without the folder.
Texts places(const std::string& text) {
  Folder folder;
  folder.write("t.mapping.json", text);
  std::vector<Error> errors;
  testing::plan_of(folder, "t", errors);
  Texts out;
  for (const auto& e : errors) out.push_back(e.where.substr(folder.path().size() + 1));
  return out;
}

TEST(Spec, WhatIsNotJsonSaysLineAndColumn) {
  EXPECT_EQ(places("{\n  // 映射\n  \"名称\": 1,\n}"), Texts{"t.mapping.json:4:1"});
  EXPECT_EQ(places("{\"名称\" 1}"), Texts{"t.mapping.json:1:7"}) << "characters, as an editor counts them";
  EXPECT_EQ(places("{\n\"a\": 1e999}"), Texts{"t.mapping.json:2:10"});
}

TEST(Spec, AKeyThatStandsTwiceIsRefused) {
  EXPECT_EQ(mistakes(mapping(R"({"kind":"iso","n":"/a","c":"case_name","as":"text","c":"case_id"})")),
            Texts{"CONFIG_VALUE /rules/0/c"});
  EXPECT_EQ(mistakes(mapping(kGood, R"(,"structure":[],"structure":[])")), Texts{"CONFIG_VALUE /structure"});
  Folder folder;
  folder.write("t.mapping.json", mapping(R"({"kind":"lens","n":"/a","c":"state","as":{"code":"s"}})",
                                         R"(,"codesets":{"s":{"file":"codes/s.json"}})"));
  folder.write("codes/s.json", R"({"pairs":[["1","CLUE"],["2","CLUE"]],"prefer":{"CLUE":"1","CLUE":"2"}})");
  std::vector<Error> errors;
  testing::plan_of(folder, "t", errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].where.ends_with("codes/s.json#/prefer/CLUE")) << errors[0].where;
}

TEST(Spec, AValueHasNoMembers) {
  const std::string below = R"({"kind":"iso","n":"/a/b","c":"case_name","as":"text"})";
  EXPECT_EQ(mistakes(mapping(kGood + "," + below)), Texts{"MAPPING_INVALID /rules/0/n"});
  EXPECT_EQ(mistakes(mapping(below + "," + kGood)), Texts{"MAPPING_INVALID /rules/1/n"});
  EXPECT_EQ(mistakes(mapping(R"({"kind":"each","n":"/p","c":"officers","rules":[
      {"kind":"iso","n":"","c":"name","as":"text"}, {"kind":"iso","n":"/no","c":"cert_no","as":"text"}]})")),
            Texts{"MAPPING_INVALID /rules/0/rules/0/n"});
  const auto xml = [](const std::string& rules) {
    return mistakes(
        testing::replaced(mapping(rules), R"({"format":"json"})", R"({"format":"xml","record":"r","list":"l"})"));
  };
  const std::string text = R"({"kind":"iso","n":"a","c":"case_id","as":"text"},)";
  EXPECT_EQ(xml(text + R"({"kind":"iso","n":"a/@b","c":"case_name","as":"text"})"), Texts{})
      << "an attribute is beside";
  EXPECT_EQ(xml(text + R"({"kind":"iso","n":"a/b","c":"case_name","as":"text"})"), Texts{"MAPPING_INVALID /rules/0/n"});
  EXPECT_EQ(mistakes(mapping(R"({"kind":"drop","n":"/a","why":"x"},)" + below)), Texts{"MAPPING_INVALID /rules/1/n"});
}

TEST(Spec, Rules) {
  const auto one = [](const std::string& rule, const std::string& more = "") { return mistakes(mapping(rule, more)); };
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"nothing","as":"text"})"), Texts{"MAPPING_INVALID /rules/0/c"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"fine_fen","as":"text"})"), Texts{"MAPPING_INVALID /rules/0/as"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"parties.name","as":"text"})"), Texts{"MAPPING_INVALID /rules/0/c"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"agency","as":"text"})"), Texts{"MAPPING_INVALID /rules/0/c"});
  EXPECT_EQ(one(kGood + "," + kGood), (Texts{"MAPPING_INVALID /rules/1/n", "MAPPING_INVALID /rules/1/c"}));
  EXPECT_EQ(one(R"({"kind":"drop","n":"/a"})"), Texts{"CONFIG_KEY_MISSING /rules/0"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"case_id","as":{"txt":{}}})"), Texts{"CONFIG_VALUE /rules/0/as"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"filed_date","as":{"date":{"out":"%Y%-m%d"}}})"),
            Texts{"MAPPING_INVALID /rules/0/as"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"filed_date","as":{"date":{"in":["%Y-%m-%d"],"out":"%Y%m%d"}}})"),
            Texts{"MAPPING_INVALID /rules/0/as"});
  EXPECT_EQ(one(R"({"kind":"iso","n":"/a","c":"fine_fen","as":{"dec":{"unit":"wan","frac":5}}})"),
            Texts{"MAPPING_INVALID /rules/0/as"});
  EXPECT_EQ(one(R"({"kind":"each","n":"/a","c":"case_id","item":{"as":"text"}})"), Texts{"MAPPING_INVALID /rules/0/c"});
  EXPECT_EQ(one(kGood, R"(,"structure":[{"n":"/nowhere"}])"), Texts{"MAPPING_INVALID /structure/0"});
}

TEST(Spec, AlignNamesFieldsOfTheItem) {
  const auto parties = [](const std::string& align) {
    return mistakes(mapping(R"({"kind":"each","n":"/p","c":"parties","align":)" + align +
                            R"(,"rules":[{"kind":"iso","n":"/x","c":"name","as":"text"}]})"));
  };
  EXPECT_EQ(parties(R"(["name","id_type.canonical"])"), Texts{});
  EXPECT_EQ(parties(R"(["id_type"])"), Texts{"MAPPING_INVALID /rules/0/align/0"});
  EXPECT_EQ(parties(R"(["name","nothing"])"), Texts{"MAPPING_INVALID /rules/0/align/1"});
  EXPECT_EQ(parties(R"("name")"), Texts{"CONFIG_VALUE /rules/0/align"});
}

TEST(Spec, CodeSets) {
  const auto one = [](const std::string& kind, const std::string& set) {
    return mistakes(mapping(R"({"kind":")" + kind + R"(","n":"/a","c":"state","as":{"code":"s"}})",
                            R"(,"codesets":{"s":)" + set + "}"));
  };
  EXPECT_EQ(one("iso", R"({"pairs":[["1","CLUE"],["2","CASE_STATE_FILED"]]})"), Texts{});
  EXPECT_EQ(one("iso", R"({"pairs":[["1","CLUE"],["2","CLOU"]]})"), Texts{"MAPPING_INVALID /codesets/s"});
  EXPECT_EQ(one("iso", R"({"pairs":[["1","CLUE"],["1","FILED"]]})"), Texts{"MAPPING_INVALID /codesets/s"});
  EXPECT_EQ(one("lens", R"({"pairs":[["1","CLUE"],["2","CLUE"]]})"), Texts{"MAPPING_INVALID /codesets/s"})
      << "N:1 needs prefer";
  EXPECT_EQ(one("iso", R"({"pairs":[["1","CLUE"],["2","CLUE"]],"prefer":{"CLUE":"1"}})"),
            Texts{"MAPPING_INVALID /rules/0/as"})
      << "N:1 is not iso";
  EXPECT_EQ(one("lens", R"({"pairs":[["1","CLUE"],["2","CLUE"]],"prefer":{"CLUE":"1"}})"), Texts{});
  EXPECT_EQ(mistakes(mapping(R"({"kind":"iso","n":"/a","c":"state","as":{"code":"s"}})")),
            Texts{"MAPPING_INVALID /rules/0/as"});
  EXPECT_EQ(one("iso", R"({"file":"none.json"})"), Texts{"CONFIG_UNREADABLE /codesets/s/file"});
}

TEST(Spec, FileNameIsTheProfile) {
  Folder folder;
  folder.write("other.mapping.json", mapping(kGood));
  const auto errors = testing::load_errors(folder);
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors[0].code, Code::MAPPING_INVALID);
  EXPECT_TRUE(errors[0].where.ends_with("other.mapping.json#/mapping")) << errors[0].where;
}

TEST(Spec, FingerprintFollowsTheCodeSets) {
  const auto print = [](const std::string& last) {
    Folder folder;
    folder.write("t.mapping.json", mapping(R"({"kind":"iso","n":"/a","c":"state","as":{"code":"s"}})",
                                           R"(,"codesets":{"s":{"file":"codes/s.json"}})"));
    folder.write("codes/s.json", R"({"pairs":[["1","CLUE"],["2",")" + last + R"("]]})");
    std::vector<Error> errors;
    return testing::plan_of(folder, "t", errors)->profile.fingerprint;
  };
  EXPECT_EQ(print("FILED"), print("FILED"));
  EXPECT_NE(print("FILED"), print("REVIEW"));
}

TEST(Spec, ContentAloneGivesTheSameMapping) {
  for (const auto& adapter : testing::product().all()) {
    const Plan* plan = testing::product().plan(adapter->profile().id);
    ASSERT_NE(plan, nullptr);
    const auto again = adapter_of(content_of(*plan), "log#7");
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const Adapter>>(again)) << adapter->profile().id;
    EXPECT_EQ(std::get<0>(again)->profile().fingerprint, adapter->profile().fingerprint) << adapter->profile().id;
  }
}

TEST(Spec, ContentReadsNoFile) {
  const auto made = adapter_of(mapping(R"({"kind":"iso","n":"/a","c":"state","as":{"code":"s"}})",
                                       R"(,"codesets":{"s":{"file":"/etc/hostname"}})"),
                               "log#7");
  ASSERT_TRUE(std::holds_alternative<std::vector<Error>>(made));
  EXPECT_NE(std::get<1>(made).front().where.find("log#7#/codesets/s"), std::string::npos)
      << std::get<1>(made).front().to_text();
}

}  // namespace
}  // namespace chuanyu::adapters
