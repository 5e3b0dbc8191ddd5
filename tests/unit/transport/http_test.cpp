// Requests, answers and problems as values; the head parser.
#include "gateway/transport/http.h"

#include <gtest/gtest.h>

#include "gateway/transport/head_parser.h"
#include "gateway/transport/response_bytes.h"

namespace chuanyu::transport {
namespace {

Request parse(std::string_view bytes) {
  Framer framer({});
  EXPECT_EQ(framer.consume(bytes).event, Framer::Event::head);
  Request out;
  const Status parsed = parse_head(std::move(framer.head()), out);
  EXPECT_TRUE(parsed.ok());
  return out;
}

TEST(HeadParser, KeepsHeadersAsSent) {
  const Request request =
      parse("PUT /a%2Fb%20c?q=%41&e&z=%E5%B7%9D?1 HTTP/1.1\r\nHost: h\r\nX-A:  50%0d%0aB: c \r\nx-a: 2\r\n\r\n");
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.path, "/a/b c");
  EXPECT_EQ(request.query, "q=%41&e&z=%E5%B7%9D?1");
  EXPECT_EQ(request.header("X-a"), "50%0d%0aB: c");
  EXPECT_EQ(request.header("missing"), "");
  EXPECT_EQ(request.parameter("q"), "A");
  EXPECT_EQ(request.parameter("e"), "");
  EXPECT_EQ(request.parameter("z"), "川?1");
  EXPECT_EQ(request.parameter("missing"), std::nullopt);
  EXPECT_EQ(request.headers.size(), 3U);  // what httplib adds is not there
}

TEST(ResponseBytes, CannotBeSplit) {
  Response response;
  response.status = 200;
  response.headers = {{"X", "a\r\nSet-Cookie: b"}, {"Content-Length", "999"}};
  response.body = "hello";
  const Bytes bytes = to_bytes(response, {});
  EXPECT_NE(bytes.find("X: a  Set-Cookie: b\r\n"), Bytes::npos);
  EXPECT_EQ(bytes.find("999"), Bytes::npos);
  EXPECT_NE(bytes.find("Content-Length: 5\r\n"), Bytes::npos);
  EXPECT_TRUE(bytes.ends_with("\r\n\r\nhello"));
}

TEST(ResponseBytes, HasNoBodyWhereThereMayBeNone) {
  Response response;
  response.body = "hello";
  EXPECT_TRUE(to_bytes(response, {.no_body = true}).ends_with("Content-Length: 5\r\n\r\n"));
  response.status = 204;
  EXPECT_EQ(to_bytes(response, {.close = true}).find("Content-Length"), Bytes::npos);
  EXPECT_TRUE(to_bytes(response, {.close = true}).ends_with("Connection: close\r\n\r\n"));
}

TEST(Problem, SaysWhatWhereAndWhatToDo) {
  const Response response = problem(error(Code::CLIENT_FIELD_INVALID, "应为 \"日期\"\n", "/a/b"), "0192", 7);
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body,
            "{\"type\":\"urn:chuanyu:error:CLIENT_FIELD_INVALID\",\"title\":\"字段取值有误\",\"titleEn\":\"A field has "
            "an invalid "
            "value\",\"status\":422,\"code\":\"CLIENT_FIELD_INVALID\",\"detail\":\"应为 "
            "\\\"日期\\\"\\u000a\",\"pointer\":\"/a/b\","
            "\"advice\":\"请修正所指字段\",\"exchangeId\":\"0192\"}\n");
  ASSERT_EQ(response.headers.size(), 2U);
  EXPECT_EQ(response.headers[0].value, "application/problem+json");
  EXPECT_EQ(response.headers[1].value, "7");
  EXPECT_EQ(problem(error(Code::TLS_REVOKED)).status, 500);
  EXPECT_EQ(problem(error(Code::CLIENT_BAD_REQUEST, "\xff")).body.find('\xff'), std::string::npos);
}

TEST(Responder, AnswersExactlyOnce) {
  std::vector<int> answers;
  const auto take = [&](const Response& response) { answers.push_back(response.status); };
  {
    Responder responder(take);
    responder.send(json(201, "{}"));
    responder.send(json(202, "{}"));
  }
  EXPECT_EQ(answers, (std::vector<int>{201}));
  { Responder dropped(take); }
  EXPECT_EQ(answers, (std::vector<int>{201, 500}));
  {
    Responder first(take);
    Responder second(std::move(first));
    second.send(json(203, "{}"));
  }
  EXPECT_EQ(answers, (std::vector<int>{201, 500, 203}));
  {
    Responder first(take);
    Responder second(take);
    first = std::move(second);  // the one that is overwritten is answered too
    EXPECT_EQ(answers.size(), 4U);
  }
  EXPECT_EQ(answers.size(), 5U);
}

}  // namespace
}  // namespace chuanyu::transport
