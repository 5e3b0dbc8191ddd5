// A plug-in in a worker that crashes, hangs, leaks, breaks out or lies: each is contained, named by its code, costs no
// record but its own, and the next batch works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/canonical/enforcement_case.pb.h"
#include "tests/unit/adapters/plugin_testing.h"

namespace chuanyu::adapters {
namespace {

using testing::failure;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PluginFolder;

struct Behaviour {
  const char* does;
  const char* code;
  const char* phrase;  // in the detail
};

std::ostream& operator<<(std::ostream& out, const Behaviour& b) { return out << b.does; }

class Hostile : public PluginFolder {
 public:
  explicit Hostile(const std::string& does, unsigned restarts = 3) : PluginFolder("hostile", "hostile") {
    declaration["config"] = {{"do", does}};
    declaration["limits"]["restarts"] = restarts;
    if (does == "hang") declaration["limits"]["deadline_ms"] = 100;
  }
};

bool is_case(const Result<Converted>& result, const std::string& id) {
  v1::EnforcementCase message;
  return result.ok() && message.ParseFromString(result->bytes) && message.case_id() == id;
}

TEST(SelfTest, ACrashAtItsOwnSampleIsNamed) {
  Hostile folder("segv");
  folder.declaration["samples"] = "samples.txt";
  folder.folder.write("adapters/samples.txt", "bad\n");
  EXPECT_THAT(folder.mistakes(),
              ::testing::ElementsAre("LOCAL_PLUGIN_CRASH adapters/county.case.v1.plugin.json#/samples"));
}

class Contained : public ::testing::TestWithParam<Behaviour> {};

TEST_P(Contained, NamedAndOnlyItsOwnRecord) {
  Hostile folder(GetParam().does);
  const auto adapter = folder.adapter();
  const auto got = adapter->get_many({"good 1", "bad", "good 2"}, {});
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(is_case(got[0], "good 1"));
  EXPECT_TRUE(is_case(got[2], "good 2"));
  ASSERT_FALSE(got[1].ok());
  EXPECT_EQ(to_string(got[1].error().code), GetParam().code) << got[1].error().to_text();
  EXPECT_THAT(got[1].error().detail, HasSubstr(GetParam().phrase));
  EXPECT_TRUE(is_case(adapter->get("good 3"), "good 3"));
}

INSTANTIATE_TEST_SUITE_P(Crash, Contained,
                         ::testing::Values(Behaviour{"segv", "LOCAL_PLUGIN_CRASH", "内存"},
                                           Behaviour{"wild_write", "LOCAL_PLUGIN_CRASH", "内存"},
                                           Behaviour{"stack", "LOCAL_PLUGIN_CRASH", "内存"},
                                           Behaviour{"abort", "LOCAL_PLUGIN_CRASH", "异常中止"},
                                           Behaviour{"exit", "LOCAL_PLUGIN_CRASH", "退出码 0"},
                                           Behaviour{"throw", "LOCAL_PLUGIN_CRASH", "不能继续"},
                                           Behaviour{"fatal", "LOCAL_PLUGIN_CRASH", "不能继续"},
                                           Behaviour{"hang", "LOCAL_PLUGIN_TIMEOUT", "终止"},
                                           Behaviour{"leak", "LOCAL_PLUGIN_CRASH", "内存上限"}),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Escape, Contained,
                         ::testing::Values(Behaviour{"fork", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"thread", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"socket", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"open", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"exec", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"kill", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"new_code", "LOCAL_PLUGIN_CRASH", "隔离"},
                                           Behaviour{"sleep", "LOCAL_PLUGIN_CRASH", "隔离"}),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Lie, Contained,
                         ::testing::Values(Behaviour{"huge", "LOCAL_PLUGIN_INVALID", "长度"},
                                           Behaviour{"negative", "LOCAL_PLUGIN_INVALID", "长度"},
                                           Behaviour{"no_such_record", "LOCAL_PLUGIN_INVALID", "没有的记录"},
                                           Behaviour{"far_record", "LOCAL_PLUGIN_INVALID", "没有的记录"},
                                           Behaviour{"not_canonical", "LOCAL_PLUGIN_INVALID", "规范记录"},
                                           Behaviour{"empty", "LOCAL_PLUGIN_INVALID", "规范记录"},
                                           Behaviour{"not_utf8", "LOCAL_PLUGIN_INVALID", "规范记录"},
                                           Behaviour{"unknown_field", "LOCAL_PLUGIN_INVALID", "未知字段"},
                                           Behaviour{"silent", "LOCAL_PLUGIN_INVALID", "没有给出结果"},
                                           Behaviour{"alloc", "LOCAL_PLUGIN_INVALID", "没有给出结果"},
                                           Behaviour{"bad_severity", "LOCAL_PLUGIN_INVALID", "诊断"},
                                           Behaviour{"short_diag", "LOCAL_PLUGIN_INVALID", "诊断"},
                                           Behaviour{"twice", "LOCAL_PLUGIN_INVALID", "两个结果"},
                                           Behaviour{"forged_reply", "LOCAL_PLUGIN_INVALID", "批次"},
                                           Behaviour{"scribble", "LOCAL_PLUGIN_INVALID", "应答"}),
                         ::testing::PrintToStringParamName());

TEST(HostilePlugin, TooManyNotesAreCutShort) {
  Hostile folder("many_diags");
  const auto got = folder.adapter()->get("bad");
  ASSERT_TRUE(got.ok()) << got.error().to_text();
  EXPECT_EQ(got->notes.size(), 63u);
}

TEST(HostilePlugin, RetryIsTheCallersTurn) {
  Hostile folder("retry");
  EXPECT_EQ(failure(folder.adapter()->get("bad")), "LOCAL_OVERLOADED ");
}

TEST(HostilePlugin, WhatItSaysIsCleanedAndMasked) {
  Hostile folder("personal");
  const auto got = folder.adapter()->get("bad");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, Code::RECORD_VALUE);
  EXPECT_THAT(got.error().detail, Not(HasSubstr("510903199001011234")));
  EXPECT_THAT(got.error().detail, HasSubstr("证件 ****************** 有误 第二行"));
  EXPECT_LE(got.error().detail.size(), 512u);
}

TEST(HostilePlugin, WhatItWritesIsReadBack) {
  const Bytes wanted = Hostile("").adapter()->get("good 1")->bytes;
  EXPECT_EQ(failure(Hostile("").adapter()->create(wanted)), "LOCAL_PLUGIN_INVALID ");
  EXPECT_EQ(failure(Hostile("").adapter()->put(wanted, "good 2")), "RECORD_LAW_PUTGET ");
  EXPECT_EQ(Hostile("").adapter()->put(wanted, "good 1")->bytes, "good 1");
  EXPECT_EQ(failure(Hostile("put_not_utf8").adapter()->create(wanted)), "LOCAL_PLUGIN_INVALID ");
  EXPECT_EQ(failure(Hostile("put_lines").adapter()->create(wanted)), "LOCAL_PLUGIN_INVALID ");
}

TEST(HostilePlugin, StopsAfterItsRestartsAndComesBackWithTheNextLoad) {
  Hostile folder("segv", 2);
  const auto adapter = folder.adapter();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failure(adapter->get("bad")), "LOCAL_PLUGIN_CRASH ") << i;
  EXPECT_EQ(failure(adapter->get("good 1")), "LOCAL_PLUGIN_STOPPED ");
  for (const auto& got : adapter->get_many({"good 1", "good 2"}, {})) EXPECT_EQ(failure(got), "LOCAL_PLUGIN_STOPPED ");
  EXPECT_TRUE(is_case(folder.adapter()->get("good 1"), "good 1"));
}

TEST(HostilePlugin, WrongAtTheStartIsAMistakeOfTheFile) {
  const std::string at = " adapters/county.case.v1.plugin.json#/library";
  EXPECT_THAT(Hostile("start_segv").mistakes(), ::testing::ElementsAre("LOCAL_PLUGIN_CRASH" + at));
  EXPECT_THAT(Hostile("start_throw").mistakes(), ::testing::ElementsAre("LOCAL_PLUGIN_ABI" + at));
  EXPECT_THAT(Hostile("start_null").mistakes(), ::testing::ElementsAre("LOCAL_PLUGIN_ABI" + at));
  // Its constructor runs before any function of it is called, and is held by the same rules.
  EXPECT_THAT(PluginFolder("hostile_constructor", "hostile").mistakes(),
              ::testing::ElementsAre("LOCAL_PLUGIN_CRASH" + at));
}

// In process a crash cannot be contained, but an exception and a lie can.
TEST(HostilePlugin, LiesAreCaughtInProcessToo) {
  for (const Behaviour& b :
       {Behaviour{"throw", "LOCAL_PLUGIN_CRASH ", ""}, Behaviour{"huge", "LOCAL_PLUGIN_INVALID ", ""},
        Behaviour{"no_such_record", "LOCAL_PLUGIN_INVALID ", ""},
        Behaviour{"not_canonical", "LOCAL_PLUGIN_INVALID ", ""},
        Behaviour{"bad_status", "LOCAL_PLUGIN_INVALID ", ""}}) {
    Hostile folder(b.does);
    folder.in_process();
    const auto adapter = folder.adapter();
    EXPECT_EQ(failure(adapter->get("bad")), b.code) << b.does;
    EXPECT_TRUE(is_case(adapter->get("good 1"), "good 1")) << b.does;
  }
}

}  // namespace
}  // namespace chuanyu::adapters
