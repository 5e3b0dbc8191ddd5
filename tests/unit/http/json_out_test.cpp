// The JSON that answers are written with.
#include "gateway/http/json_out.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace chuanyu::http {
namespace {

using nlohmann::json;

TEST(JsonOut, SeparatesMembersAndElements) {
  JsonOut out;
  out.object().member("a", 1).member("b", "x").key("c").array().number(1).number(2).object().end().array().end().end();
  out.member("d", true).optional("e", "").optional("f", "y").end();
  EXPECT_EQ(out.take(), R"({"a":1,"b":"x","c":[1,2,{},[]],"d":true,"f":"y"})");
}

TEST(JsonOut, CarriesARecordByteForByte) {
  JsonOut out;
  out.object().key("records").array().raw("{ \"n\" : 1.0 }").raw("[ ]").end().end();
  EXPECT_EQ(out.take(), R"({"records":[{ "n" : 1.0 },[ ]]})");
}

TEST(JsonOut, EscapesWhatMustBe) {
  JsonOut out;
  out.string(std::string("a\"b\\c\n\0\x1f川", 11));
  EXPECT_EQ(out.take(), "\"a\\\"b\\\\c\\u000a\\u0000\\u001f川\"");
}

TEST(JsonOut, BytesThatAreNoUtf8BecomeNull) {
  JsonOut out;
  out.array().string("a").string("\xff").string("b").end();
  EXPECT_EQ(out.take(), R"(["a",null,"b"])");
}

TEST(JsonOut, AMemberWhoseTextIsNoUtf8IsStillJson) {
  JsonOut out;
  out.object().member("a", "\xff").member("b", 1).end();
  EXPECT_EQ(out.take(), R"({"a":null,"b":1})");
}

RC_GTEST_PROP(JsonOut, AnyTextReadsBack, (std::string text)) {
  JsonOut out;
  out.object().member("text", text).end();
  const std::string written = out.take();
  const json read = json::parse(written, nullptr, false);
  RC_ASSERT(read.is_object());
  if (!read["text"].is_null()) RC_ASSERT(read["text"].get<std::string>() == text);
}

}  // namespace
}  // namespace chuanyu::http
