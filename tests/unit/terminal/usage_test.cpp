// Whatever is wrong with a command line is said in Chinese, names the word that was typed, and has exit code 2.
#include "gateway/terminal/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace chuanyu::terminal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A program with what the real ones have: sub-commands, options with and without bounds, words after them.
class Usage : public testing::Test {
 protected:
  std::optional<int> run_it(std::vector<std::string> words) {
    CLI::App app{"试验", "tool"};
    std::string text;
    std::string other;
    std::uint64_t number = 0;
    bool flag = false;
    begin(app);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--url", text, "地址");
    auto* query = app.add_subcommand("query", "查询");
    query->add_option("类别", text, "类别")->required()->check(one_of({"credit", "licence"}));
    auto* kind = query->add_option("--kind", other, "其一");
    query->add_option("--type", other, "其二")->excludes(kind);
    query->add_option("--wait", number, "秒")->check(between(1, 60));
    query->add_option("--index", number, "序号");
    query->add_flag("--json", flag, "JSON");
    auto* show = app.add_subcommand("show", "显示");
    show->callback([] { throw CLI::ValidationError("二者只能给出一个"); });
    words.insert(words.begin(), "tool");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const auto exit = parse(app, static_cast<int>(argv.size()), argv.data(), out, err);
    out_ = out.str();
    err_ = err.str();
    return exit;
  }
  // What is said, without where help is.
  std::string wrong(std::vector<std::string> words) {
    EXPECT_EQ(run_it(std::move(words)), kUsage);
    EXPECT_EQ(out_, "");
    EXPECT_THAT(err_, HasSubstr("--help"));
    constexpr std::string_view kMark = "用法有误：";
    const auto at = err_.find(kMark) + kMark.size();
    return err_.substr(at, err_.find('\n') - at);
  }

  std::string out_;
  std::string err_;
};

TEST_F(Usage, GoesOnWhenAllIsWell) {
  EXPECT_EQ(run_it({"query", "credit", "--wait", "60"}), std::nullopt);
  EXPECT_EQ(err_, "");
}

TEST_F(Usage, AMistypedSubcommandIsNamedWithWhatWasMeant) {
  EXPECT_EQ(wrong({"qurey", "credit", "--wait", "3"}), "没有子命令 qurey；是否应为 query？");
  EXPECT_EQ(wrong({"--url", "x", "shwo"}), "没有子命令 shwo；是否应为 show？");
  EXPECT_EQ(wrong({"nonsense"}), "没有子命令 nonsense；有：query、show");
  EXPECT_EQ(wrong({}), "缺少子命令；有：query、show");
}

TEST_F(Usage, AMistypedOptionIsNamedWithWhatWasMeant) {
  EXPECT_EQ(wrong({"query", "credit", "--wiat=3"}), "没有选项 --wiat；是否应为 --wait？");
  EXPECT_EQ(wrong({"query", "--ulr", "credit"}), "没有选项 --ulr；是否应为 --url？");
  EXPECT_EQ(wrong({"query", "credit", "--no-such-thing"}), "没有选项 --no-such-thing");
  EXPECT_THAT(err_, HasSubstr("tool query --help"));
  EXPECT_EQ(wrong({"query", "credit", "more"}), "多余的参数 more");
}

TEST_F(Usage, EveryOtherMistakeIsInChinese) {
  EXPECT_EQ(wrong({"query"}), "缺少 类别");
  EXPECT_EQ(wrong({"query", "money"}), "类别：应为 credit、licence 之一，而不是 money");
  EXPECT_EQ(wrong({"query", "credit", "--wait", "61"}), "--wait：应为 1 至 60 的整数，而不是 61");
  EXPECT_EQ(wrong({"query", "credit", "--wait", "soon"}), "--wait：应为 1 至 60 的整数，而不是 soon");
  EXPECT_EQ(wrong({"query", "credit", "--wait"}), "--wait 缺少取值");
  EXPECT_EQ(wrong({"query", "credit", "--index", "first"}), "--index 的取值有误：first");
  EXPECT_EQ(wrong({"query", "credit", "--json=maybe"}), "--json 的取值有误：maybe");
  EXPECT_EQ(wrong({"query", "credit", "--index", "1", "--index", "2"}), "--index 只能给出一次");
  EXPECT_EQ(wrong({"query", "credit", "--kind", "a", "--type", "b"}), "--kind 与 --type 不可同时给出");
  EXPECT_EQ(wrong({"show"}), "二者只能给出一个");
}

TEST_F(Usage, WhatWasTypedCannotSteerTheTerminal) { EXPECT_THAT(wrong({"\x1b[2J"}), Not(HasSubstr("\x1b"))); }

TEST_F(Usage, HelpAndVersionAreAnswered) {
  EXPECT_EQ(run_it({"--help"}), 0);
  for (const char* word : {"用法", "子命令", "选项", "query", "--version"}) EXPECT_THAT(out_, HasSubstr(word));
  EXPECT_EQ(run_it({"query", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("--wait"));
  EXPECT_THAT(out_, HasSubstr("参数"));
  for (const char* english : {"Options:", "Usage", "Positionals"}) EXPECT_THAT(out_, Not(HasSubstr(english)));
  EXPECT_EQ(run_it({"--version"}), 0);
  EXPECT_THAT(out_, HasSubstr("tool "));
}

}  // namespace
}  // namespace chuanyu::terminal
