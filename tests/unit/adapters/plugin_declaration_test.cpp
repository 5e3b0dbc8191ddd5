// Declarations and the operator's allow-list: every mistake with its file and its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/adapters/plugin_testing.h"

namespace chuanyu::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::json;
using testing::PluginFolder;
using ::testing::UnorderedElementsAre;

const std::string kFile = "adapters/county.case.v1.plugin.json";

std::vector<std::string> mistakes_with(const std::string& key, const json& value) {
  PluginFolder folder("county_fixed");
  folder.declaration[key] = value;
  return folder.mistakes();
}

TEST(PluginDeclaration, IsFoundBesideMappings) {
  PluginFolder folder("county_fixed");
  EXPECT_THAT(folder.mistakes(), IsEmpty());
}

TEST(PluginDeclaration, ValuesThatAreWrong) {
  const std::pair<const char*, json> wrong[] = {
      {"kind", "person"}, {"charset", "latin-1"}, {"media_type", "text/csv"},
      {"sha256", "abc"},  {"isolation", "none"},  {"library", "../county_fixed.so"},
      {"config", "text"}, {"limits", 1},          {"plugin", ""}};
  for (const auto& [key, value] : wrong) {
    EXPECT_THAT(mistakes_with(key, value), ElementsAre("CONFIG_VALUE " + kFile + "#/" + key));
  }
  EXPECT_THAT(mistakes_with("profile", "other.v1"), ElementsAre("MAPPING_INVALID " + kFile + "#/profile"));
  EXPECT_THAT(mistakes_with("color", "red"), ElementsAre("CONFIG_KEY_UNKNOWN " + kFile + "#/color"));
  EXPECT_THAT(mistakes_with("limits", {{"bytes", 0}, {"speed", 1}}),
              UnorderedElementsAre("CONFIG_VALUE " + kFile + "#/limits/bytes",
                                   "CONFIG_KEY_UNKNOWN " + kFile + "#/limits/speed"));
}

TEST(PluginDeclaration, EveryMistakeAtOnce) {
  PluginFolder folder("county_fixed");
  folder.declaration.erase("sha256");
  folder.declaration.erase("kind");
  folder.declaration["library"] = 7;
  EXPECT_THAT(folder.mistakes(),
              UnorderedElementsAre("CONFIG_KEY_MISSING " + kFile + "#", "CONFIG_KEY_MISSING " + kFile + "#",
                                   "CONFIG_VALUE " + kFile + "#/library"));
}

TEST(PluginDeclaration, LibraryMustBeTheOneThatWasMeant) {
  EXPECT_THAT(mistakes_with("library", "gone.so"), ElementsAre("CONFIG_UNREADABLE " + kFile + "#/library"));
  EXPECT_THAT(mistakes_with("sha256", std::string(64, '0')), ElementsAre("CONFIG_VALUE " + kFile + "#/sha256"));
  EXPECT_THAT(mistakes_with("plugin", "other"), ElementsAre("LOCAL_PLUGIN_ABI " + kFile + "#/library"));
  EXPECT_THAT(mistakes_with("kind", "credit"), ElementsAre("LOCAL_PLUGIN_ABI " + kFile + "#/kind"));

  PluginFolder folder("county_fixed");
  folder.folder.write("adapters/county_fixed.so", "not a library");
  folder.declaration["sha256"] = to_hex(crypto::view(crypto::sha256("not a library")));
  EXPECT_THAT(folder.mistakes(), ElementsAre("LOCAL_PLUGIN_ABI " + kFile + "#/library"));
}

TEST(PluginDeclaration, LibraryThatIsReplacedLaterChangesNothing) {
  PluginFolder folder("county_fixed");
  const auto adapter = folder.adapter();
  folder.folder.write("adapters/county_fixed.so", "something else");
  const auto document = testing::read_source("adapters/examples/county_fixed/fixtures/county_case.gb18030.txt");
  EXPECT_TRUE(adapter->get(testing::cut(*adapter, document).front()).ok());
}

constexpr const char* kSamples = "adapters/examples/county_fixed/fixtures/county_case.gb18030.txt";

TEST(PluginSelfTest, ThePluginsOwnSamplesAreTriedBeforeItGoesLive) {
  PluginFolder folder("county_fixed");
  folder.declaration["samples"] = "samples.txt";
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_UNREADABLE " + kFile + "#/samples"));
  folder.folder.write("adapters/samples.txt", testing::read_source(kSamples));
  EXPECT_THAT(folder.mistakes(), IsEmpty());
  folder.folder.write("adapters/samples.txt", "\r\n");
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_VALUE " + kFile + "#/samples"));
  folder.declaration["samples"] = "../samples.txt";
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_VALUE " + kFile + "#/samples"));
}

TEST(PluginSelfTest, APluginThatCannotDoItsOwnExampleIsRefused) {
  PluginFolder folder("county_fixed");
  folder.declaration["samples"] = "samples.txt";
  std::string samples = testing::read_source(kSamples);
  folder.folder.write("adapters/samples.txt", samples.replace(152, 2, "77"));
  auto loaded = folder.load();
  const auto& errors = std::get<std::vector<Error>>(loaded);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].code, Code::LOCAL_PLUGIN_INVALID);
  EXPECT_NE(errors[0].detail.find("样例第 1 条不能读取：RECORD_CODE_UNKNOWN"), std::string::npos) << errors[0].detail;
}

TEST(PluginDeclaration, InProcessOnlyWhenTheOperatorAllowsThatVeryLibrary) {
  PluginFolder folder("county_fixed");
  folder.in_process();
  EXPECT_THAT(folder.mistakes(), IsEmpty());
  folder.folder.write("allow.json", json({{"in_process", {std::string(64, 'a')}}}).dump());
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_VALUE " + kFile + "#/isolation"));
  folder.options.allow.clear();
  // A list that lies in the adapters' folder itself is nobody's permission.
  folder.folder.write("adapters/allow.json", json({{"in_process", {folder.digest}}}).dump());
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_VALUE " + kFile + "#/isolation"));
}

TEST(PluginDeclaration, AllowListIsCheckedToo) {
  PluginFolder folder("county_fixed");
  folder.options.allow = folder.folder.path() + "/allow.json";
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_UNREADABLE allow.json"));
  folder.folder.write("allow.json", R"({"in_process": ["short"], "all": true})");
  EXPECT_THAT(folder.mistakes(),
              UnorderedElementsAre("CONFIG_VALUE allow.json#/in_process", "CONFIG_KEY_UNKNOWN allow.json#/all"));
  folder.folder.write("allow.json", R"({"in_process": 1})");
  EXPECT_THAT(folder.mistakes(), ElementsAre("CONFIG_VALUE allow.json#/in_process"));
}

TEST(PluginDeclaration, WorkerProgramThatIsMissing) {
  PluginFolder folder("county_fixed");
  folder.options.worker = "/nowhere/chuanyu-adapter-worker";
  EXPECT_THAT(folder.mistakes(), ElementsAre("LOCAL_IO " + kFile + "#/library"));
}

TEST(PluginDeclaration, TwoOfOneName) {
  PluginFolder folder("county_fixed");
  (void)folder.mistakes();
  const std::string bytes = testing::read_whole(folder.folder.path() + "/adapters/county_fixed.so");
  folder.folder.write("adapters/b/county_fixed.so", bytes);
  folder.folder.write("adapters/b/county.case.v1.plugin.json", folder.declaration.dump());
  EXPECT_EQ(folder.mistakes().size(), 1u);
}

}  // namespace
}  // namespace chuanyu::adapters
