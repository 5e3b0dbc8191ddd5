// Request bodies are read strictly, and what they carry is taken byte for byte.
#include "gateway/http/request_json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace chuanyu::http {
namespace {

RequestJson parse(std::string_view body) {
  auto parsed = RequestJson::parse(body);
  EXPECT_TRUE(parsed.ok()) << body;
  return std::move(*parsed);
}

Error refusal(std::string_view body) {
  const auto parsed = RequestJson::parse(body);
  EXPECT_FALSE(parsed.ok()) << body;
  return parsed.ok() ? Error{} : parsed.error();
}

TEST(RequestJson, WhatIsNoJsonObject) {
  for (const std::string_view body :
       {"", "{", "[]", "1", "null", "{}x", "{'a':1}", "{\"a\":01}", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{"})
    EXPECT_EQ(refusal(body).code, Code::CLIENT_JSON_INVALID) << body;
}

TEST(RequestJson, DuplicateKeysAtAnyDepthWithTheirPlace) {
  EXPECT_EQ(refusal(R"({"a":1,"a":2})").code, Code::RECORD_DUPLICATE_KEY);
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":2})").where, "/a");
  EXPECT_EQ(refusal(R"({"x":{"y":[1,{"a":1,"a":2}]}})").where, "/x/y/1/a");
  EXPECT_EQ(refusal(R"({"x":[{"a":1},{"a":1}],"x":1})").where, "/x");
  EXPECT_EQ(refusal(R"({"a/b~c":1,"a/b~c":2})").where, "/a~1b~0c");
}

TEST(RequestJson, NestingHasAnEnd) {
  const auto nested = [](int depth) { return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; };
  EXPECT_TRUE(RequestJson::parse(nested(60)).ok());
  EXPECT_EQ(refusal(nested(70)).code, Code::RECORD_TOO_DEEP);
  EXPECT_EQ(refusal("{\"a\":" + std::string(500'000, '[')).code, Code::RECORD_TOO_DEEP);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects).code, Code::RECORD_TOO_DEEP);
}

TEST(RequestJson, TypesAndPlaces) {
  const std::string body = R"({"n":1.5,"s":7,"t":"x","list":["a",2],"o":{"in":5},"u":"no uuid","time":"yesterday"})";
  const auto where = [&](auto read) {
    RequestJson json = parse(body);
    read(json);
    return json.status().error().where;
  };
  EXPECT_EQ(where([](RequestJson& j) { j.integer("n", 0, 10); }), "/n");
  EXPECT_EQ(where([](RequestJson& j) { j.text("s"); }), "/s");
  EXPECT_EQ(where([](RequestJson& j) { j.texts("list"); }), "/list/1");
  EXPECT_EQ(where([](RequestJson& j) { j.uuid("u"); }), "/u");
  EXPECT_EQ(where([](RequestJson& j) { j.time("time"); }), "/time");
  EXPECT_EQ(where([](RequestJson& j) { j.object("t"); }), "/t");
  EXPECT_EQ(where([](RequestJson& j) { j.text("missing", true); }), "/missing");
  EXPECT_EQ(where([](RequestJson& j) {
              auto inner = j.object("o");
              inner->text("in");
              j.include(*inner);
            }),
            "/o/in");
}

TEST(RequestJson, IntegersStayInTheirBounds) {
  for (const std::string_view value : {"0", "11", "1e1", "10000000000000000000000", "-1", "\"5\""}) {
    const std::string body = "{\"n\":" + std::string(value) + "}";
    RequestJson json = parse(body);
    EXPECT_FALSE(json.integer("n", 1, 10)) << value;
    EXPECT_EQ(json.status().error().code, Code::CLIENT_FIELD_INVALID) << value;
  }
  RequestJson json = parse(R"({"n":10})");
  EXPECT_EQ(json.integer("n", 1, 10), 10);
}

TEST(RequestJson, AMemberNobodyAskedForIsAnError) {
  RequestJson json = parse(R"({"a":"x","b":{"c":1}})");
  json.text("a");
  EXPECT_EQ(json.status().error().where, "/b");
  auto inner = json.object("b");
  json.include(*inner);
  EXPECT_EQ(json.status().error().where, "/b/c");
}

TEST(RequestJson, NullIsAbsent) {
  RequestJson json = parse(R"({"a":null,"o":null,"l":null})");
  EXPECT_EQ(json.text("a"), "");
  EXPECT_FALSE(json.object("o"));
  EXPECT_TRUE(json.texts("l").empty());
  EXPECT_EQ(json.raw("a"), "");
  EXPECT_TRUE(json.status().ok());
}

TEST(RequestJson, RawIsWhatWasSent) {
  const std::string body =
      "{ \"x\" : { \"n\" : 1.50 , \"s\":\"}\\\"]\" } ,\n\"y\":[1, 2 ]\n, \"rec\\u006frd\" : \"\\u5ddd\" }";
  RequestJson json = parse(body);
  EXPECT_EQ(json.raw("x"), "{ \"n\" : 1.50 , \"s\":\"}\\\"]\" }");
  EXPECT_EQ(json.raw("y"), "[1, 2 ]");
  EXPECT_EQ(json.raw("record"), "\"\\u5ddd\"");
  EXPECT_EQ(*unquoted(json.raw("record")), "川");
  EXPECT_TRUE(json.status().ok());
}

nlohmann::json any_json(int depth) {
  using nlohmann::json;
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0: return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\"\\{}[],:\n ")));
    case 1: return *rc::gen::arbitrary<int>();
    case 2: return *rc::gen::arbitrary<bool>();
    case 3: return json(nullptr);
    case 4: {
      json list = json::array();
      const int count = *rc::gen::inRange(0, 4);
      for (int i = 0; i < count; ++i) list.push_back(any_json(depth - 1));
      return list;
    }
    default: {
      json object = json::object();
      const int count = *rc::gen::inRange(0, 4);
      for (int i = 0; i < count; ++i)
        object[*rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\"\\{}")))] = any_json(depth - 1);
      return object;
    }
  }
}

RC_GTEST_PROP(RequestJson, RawFindsEveryMember, ()) {
  nlohmann::json document = nlohmann::json::object();
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) document["m" + std::to_string(i)] = any_json(3);
  const std::string body = document.dump(*rc::gen::inRange(-1, 3));
  auto parsed = RequestJson::parse(body);
  RC_ASSERT(parsed.ok());
  for (const auto& [name, value] : document.items()) {
    const std::string_view raw = parsed->raw(name);
    if (value.is_null()) {
      RC_ASSERT(raw.empty());
    } else {
      RC_ASSERT(nlohmann::json::parse(raw) == value);
    }
  }
  RC_ASSERT(parsed->status().ok());
}

RC_GTEST_PROP(RequestJson, NoBytesCrashIt, (std::string body)) {
  auto parsed = RequestJson::parse("{" + body);
  if (parsed.ok()) parsed->raw("a");
}

}  // namespace
}  // namespace chuanyu::http
