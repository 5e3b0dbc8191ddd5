// Reading an operator's JSON file: every error at once, each with its place.
#include "gateway/identity/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace chuanyu::identity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> places(JsonFile& file) {
  std::vector<std::string> out;
  for (const Error& each : file.errors()) out.push_back(std::string(to_string(each.code)) + " " + each.where);
  return out;
}

TEST(JsonFile, ReadsWhatIsAskedFor) {
  JsonFile file(R"({
    // a comment, as people write them
    "name": "遂宁", "on": true, "list": ["a", "b"], "map": {"x/y": "1"}, "parts": [{"n": "1"}, {"n": "2"}]
  })");
  const auto root = file.root();
  ASSERT_TRUE(root);
  root->only_keys({"name", "on", "list", "map", "parts"});
  EXPECT_EQ(root->text("name", Need::mandatory), "遂宁");
  EXPECT_TRUE(root->flag("on", false));
  EXPECT_TRUE(root->flag("off", true));
  EXPECT_EQ(root->texts("list", Need::mandatory).at(1).pointer, "/list/1");
  EXPECT_EQ(root->members("map").at(0).pointer, "/map/x~1y");
  EXPECT_EQ(root->objects("parts", Need::mandatory).at(1).text("n", Need::mandatory), "2");
  EXPECT_EQ(root->text("absent", Need::optional), std::nullopt);
  EXPECT_THAT(places(file), IsEmpty());
}

TEST(JsonFile, NotesEveryErrorAndGoesOn) {
  JsonFile file(
      R"({"name": 7, "empty": "", "on": "yes", "list": ["a", 1], "none": [], "parts": [{}, 3], "map": {"k": 1},
                    "odd": 1})");
  const auto root = file.root();
  ASSERT_TRUE(root);
  root->only_keys({"name", "empty", "on", "list", "none", "parts", "map"});
  EXPECT_EQ(root->text("name", Need::optional), std::nullopt);
  EXPECT_EQ(root->text("empty", Need::mandatory), std::nullopt);
  EXPECT_EQ(root->text("absent", Need::mandatory), std::nullopt);
  EXPECT_FALSE(root->flag("on", false));
  EXPECT_EQ(root->texts("list", Need::mandatory).size(), 1U);
  EXPECT_THAT(root->texts("none", Need::mandatory), IsEmpty());
  EXPECT_EQ(root->objects("parts", Need::mandatory).size(), 1U);
  EXPECT_THAT(root->members("map"), IsEmpty());
  EXPECT_FALSE(root->object("list", Need::optional));
  EXPECT_THAT(places(file),
              ElementsAre("CONFIG_KEY_UNKNOWN /odd", "CONFIG_VALUE /name", "CONFIG_VALUE /empty",
                          "CONFIG_KEY_MISSING /absent", "CONFIG_VALUE /on", "CONFIG_VALUE /list/1",
                          "CONFIG_VALUE /none", "CONFIG_VALUE /parts/1", "CONFIG_VALUE /map/k", "CONFIG_VALUE /list"));
}

TEST(JsonFile, DuplicateKeysAreFoundAtEveryDepth) {
  JsonFile file(R"({"a": 1, "b": [0, {"c": 1, "c": 2}, [{"d": {"e/f": 1, "e/f": 2}}]], "a": {}})");
  EXPECT_TRUE(file.root());
  EXPECT_THAT(places(file),
              UnorderedElementsAre("CONFIG_VALUE /b/1/c", "CONFIG_VALUE /b/2/0/d/e~1f", "CONFIG_VALUE /a"));
}

TEST(JsonFile, WhatIsNotJsonSaysLineAndColumn) {
  JsonFile comma("{\n  \"a\": 1,\n}");
  EXPECT_FALSE(comma.root());
  EXPECT_THAT(places(comma), ElementsAre("CONFIG_SYNTAX 3:1"));
  for (const std::string text : {"", "[]", "null", "{", "{\"a\": \"\xff\"}", "{\"a\": 1e999}", "{} {}"}) {
    JsonFile file(text);
    EXPECT_FALSE(file.root()) << text;
    EXPECT_EQ(file.errors().size(), 1U) << text;
  }
}

TEST(JsonFile, DeepNestingEndsWell) {
  JsonFile file("{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}");
  EXPECT_TRUE(file.root());
}

TEST(ReadTextFile, SaysWhichFile) {
  std::string folder = (std::filesystem::temp_directory_path() / "chuanyu-json-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/a.json") << "{}";
  EXPECT_EQ(read_text_file(folder + "/a.json").value(), "{}");
  for (const std::string& bad : {folder, folder + "/none.json"}) {
    const auto text = read_text_file(bad);
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().code, Code::CONFIG_UNREADABLE);
    EXPECT_EQ(text.error().where, bad);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace chuanyu::identity
