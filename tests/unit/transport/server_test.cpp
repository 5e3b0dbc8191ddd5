// Limits, order, later answers, drain: on the plain listener, which runs the same loops and connections.
#include "tests/unit/transport/fixture.h"

namespace chuanyu::transport {
namespace {

using std::chrono::milliseconds;

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class ServerTest : public ServerFixture {
 protected:
  // Sends and expects a problem with this code, after which the connection ends.
  void expect_refused(const std::string& bytes, int status, const std::string& code) {
    auto client = plain();
    client->send(bytes);
    const auto answer = client->read_answer();
    ASSERT_TRUE(answer.has_value()) << code;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(code_of(*answer), code);
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(client->read_end());
    auto other = plain();  // nothing else suffers
    other->send(get("/ok"));
    EXPECT_EQ(other->read_answer()->status, 200);
  }
};

TEST_F(ServerTest, KeepsAConnectionForManyRequests) {
  start_plain();
  auto client = plain();
  for (int i = 0; i < 50; ++i) {
    client->send(post("/a?n=" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 100, 'b')));
    const auto answer = client->read_answer();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->body,
              "POST /a n=" + std::to_string(i) + "\n" + std::string(static_cast<std::size_t>(i) * 100, 'b'));
    EXPECT_FALSE(answer->header("date").empty());
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start_plain([](Request request, Responder responder) {
    // The later the request, the sooner its answer would be ready.
    std::thread([request = std::move(request), responder = std::move(responder)]() mutable {
      std::this_thread::sleep_for(milliseconds(request.path == "/1" ? 20 : 0));
      responder.send(text(200, request.path));
    }).detach();
  });
  auto client = plain();
  client->send(get("/1") + get("/2") + post("/3", "x") + get("/4"));
  for (const char* path : {"/1", "/2", "/3", "/4"}) EXPECT_EQ(client->read_answer()->body, path);
}

TEST_F(ServerTest, SpeaksHeadHttp10AndContinue) {
  start_plain();
  auto client = plain();
  client->send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" + get("/after"));
  EXPECT_EQ(client->read_answer(true)->header("content-length"), "9");
  EXPECT_EQ(client->read_answer()->body, "GET /after \n");

  auto old = plain();
  old->send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old->read_answer()->header("connection"), "keep-alive");
  old->send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old->read_answer()->header("connection"), "close");
  EXPECT_TRUE(old->read_end());

  auto asking = plain();
  asking->send("PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(asking->read_answer()->status, 100);
  asking->send("ab");
  EXPECT_EQ(asking->read_answer()->body, "PUT /c \nab");

  auto chunked = plain();
  chunked->send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(chunked->read_answer()->body, "PUT /c \nabc");
}

TEST_F(ServerTest, EachLimitHasItsCode) {
  start_plain();
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
  const std::string start = "GET /x HTTP/1.1\r\nHost: h\r\n";
  expect_refused(start + headers + "\r\n", 431, "CLIENT_HEADERS_TOO_LARGE");
  expect_refused(start + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431, "CLIENT_HEADERS_TOO_LARGE");
  expect_refused("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414, "CLIENT_URI_TOO_LONG");
  expect_refused("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413, "CLIENT_BODY_TOO_LARGE");
  expect_refused("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413,
                 "CLIENT_BODY_TOO_LARGE");
  expect_refused("BREW /x HTTP/1.1\r\nHost: h\r\n\r\n", 405, "CLIENT_METHOD_NOT_ALLOWED");
  expect_refused("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                 "CLIENT_BAD_REQUEST");
}

TEST_F(ServerTest, ABodyThatNeverEndsIsCutAtTheLimit) {
  options.limits.body_bytes = 100'000;
  start_plain();
  std::string endless = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 200; ++i) endless += "400\r\n" + std::string(1024, 'x') + "\r\n";
  expect_refused(endless, 413, "CLIENT_BODY_TOO_LARGE");
}

TEST_F(ServerTest, ARouteMayHaveALimitOfItsOwn) {
  options.body_limit = [](std::string_view method, std::string_view path, const crypto::VerifiedCertificate* peer) {
    EXPECT_EQ(peer, nullptr);  // the plain listener knows nobody
    return method == "POST" && path == "/big" ? std::size_t{2 << 20} : 0;
  };
  start_plain();
  auto client = plain();
  client->send(post("/big", std::string(2 << 20, 'x')));
  EXPECT_EQ(client->read_answer()->status, 200);
  expect_refused("POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 2097153\r\n\r\n", 413, "CLIENT_BODY_TOO_LARGE");
  expect_refused("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413, "CLIENT_BODY_TOO_LARGE");
}

TEST_F(ServerTest, ASlowRequestIsRefusedAndAnIdleConnectionClosed) {
  options.limits.request = milliseconds(100);
  options.limits.idle = milliseconds(1000);
  start_plain();
  auto trickling = plain();
  std::optional<test::Answer> answer;
  std::thread trickle([&] {
    for (int i = 0; i < 200 && trickling->send("G"); ++i) std::this_thread::sleep_for(milliseconds(2));
  });
  answer = trickling->read_answer();
  trickle.join();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 408);
  EXPECT_EQ(code_of(*answer), "CLIENT_REQUEST_TIMEOUT");
  auto half = plain();
  half->send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(half->read_answer()->status, 408);
  auto idle = plain();
  idle->send(get("/x"));
  EXPECT_EQ(idle->read_answer()->status, 200);
  EXPECT_TRUE(idle->read_end());
}

TEST_F(ServerTest, AnAnswerNobodyTakesEndsTheConnection) {
  options.limits.write = milliseconds(100);
  std::atomic<int> asked{0};
  start_plain([&](Request, Responder responder) {
    ++asked;
    responder.send(text(200, std::string(60'000, 'x')));
  });
  auto client = plain();
  client->shrink_receive_buffer();
  const double before = metric("chuanyu_connections_ended_total", "{reason=\"write_timeout\"}");
  for (int i = 0; i < 400; ++i) client->send(get("/x"));  // and reads nothing
  EXPECT_TRUE(reaches("chuanyu_connections_ended_total", "{reason=\"write_timeout\"}", before + 1));
  EXPECT_LT(asked, 400);  // requests behind an answer that waits are not read
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosedAtOnce) {
  options.limits.connections = 2;
  start_plain();
  auto first = plain();
  first->send(get("/1"));
  EXPECT_EQ(first->read_answer()->status, 200);
  auto second = plain();
  second->send(get("/2"));
  EXPECT_EQ(second->read_answer()->status, 200);
  const double before = metric("chuanyu_connections_refused_total", "{reason=\"limit\"}");
  auto third = plain();
  EXPECT_TRUE(third->read_end());
  EXPECT_TRUE(reaches("chuanyu_connections_refused_total", "{reason=\"limit\"}", before + 1));
  first.reset();
  for (bool accepted = false; !accepted;) {  // as soon as the server has seen the first one go
    auto next = plain();
    next->send(get("/n"));
    accepted = next->read_answer().has_value();
  }
}

TEST_F(ServerTest, OneAddressCannotTakeAllConnections) {
  options.limits.connections_per_address = 1;
  start_plain();
  auto first = plain();
  first->send(get("/1"));
  EXPECT_EQ(first->read_answer()->status, 200);
  EXPECT_TRUE(plain()->read_end());
}

TEST_F(ServerTest, BodiesHeldAtOnceAreBounded) {
  options.limits.buffered_bytes = 50'000;
  Latch arrived(1);
  std::mutex mutex;
  std::vector<Responder> kept;
  start_plain([&](Request request, Responder responder) {
    if (request.path != "/keep") return echo(std::move(request), std::move(responder));
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(responder));
    arrived.arrive();
  });
  auto holder = plain();
  holder->send(post("/keep", std::string(40'000, 'x')));
  arrived.wait();
  auto refused = plain();
  refused->send(post("/x", std::string(40'000, 'x')));
  const auto answer = refused->read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(code_of(*answer), "LOCAL_OVERLOADED");
  EXPECT_EQ(answer->header("retry-after"), "5");
  kept.clear();
  EXPECT_EQ(holder->read_answer()->status, 500);  // dropped unanswered
  auto later = plain();
  later->send(post("/x", std::string(40'000, 'x')));
  EXPECT_EQ(later->read_answer()->status, 200);
}

TEST_F(ServerTest, AHandlerMayAnswerLaterTogetherOrNever) {
  std::mutex mutex;
  std::vector<Responder> kept;
  Latch arrived(8);
  start_plain([&](Request request, Responder responder) {
    if (request.path == "/never") return;
    if (request.path == "/throw") throw std::runtime_error("bug");
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(responder));
    arrived.arrive();
  });
  std::vector<std::unique_ptr<test::RawClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(plain());
    clients.back()->send(get("/later"));
  }
  arrived.wait();  // two workers, eight requests in hand: none of them holds a thread
  std::thread([&] {
    AnswerBatch together;
    for (Responder& responder : kept) responder.send(text(200, "later"));
  }).join();
  for (auto& client : clients) EXPECT_EQ(client->read_answer()->body, "later");
  clients[0]->send(get("/never"));
  EXPECT_EQ(code_of(*clients[0]->read_answer()), "LOCAL_INTERNAL");
  clients[0]->send(get("/throw"));
  EXPECT_EQ(code_of(*clients[0]->read_answer()), "LOCAL_INTERNAL");
}

TEST_F(ServerTest, AnAnswerToAClientThatLeftDoesNoHarm) {
  Latch arrived(1);
  std::optional<Responder> kept;
  start_plain([&](Request request, Responder responder) {
    if (request.path != "/leave") return echo(std::move(request), std::move(responder));
    kept = std::move(responder);
    arrived.arrive();
  });
  auto client = plain();
  client->send(get("/leave"));
  arrived.wait();
  client.reset();
  kept->send(text(200, "too late"));
  auto other = plain();
  other->send(get("/x"));
  EXPECT_EQ(other->read_answer()->status, 200);
}

TEST_F(ServerTest, DrainAnswersWhatWasReceived) {
  Latch arrived(1);
  std::optional<Responder> kept;
  start_plain([&](Request request, Responder responder) {
    if (request.path != "/slow") return echo(std::move(request), std::move(responder));
    kept = std::move(responder);
    arrived.arrive();
  });
  auto idle = plain();
  idle->send(get("/x"));
  EXPECT_EQ(idle->read_answer()->status, 200);
  auto slow = plain();
  slow->send(get("/slow"));
  arrived.wait();
  std::thread drain([&] { server->drain(std::chrono::seconds(20)); });
  EXPECT_TRUE(idle->read_end());  // draining has begun
  kept->send(text(200, "done"));
  const auto answer = slow->read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(slow->read_end());
  slow.reset();
  drain.join();
  EXPECT_EQ(metric("chuanyu_connections"), 0);
}

TEST_F(ServerTest, DrainEndsAtItsDeadline) {
  std::optional<Responder> kept;
  Latch arrived(1);
  start_plain([&](Request, Responder responder) {
    kept = std::move(responder);
    arrived.arrive();
  });
  auto client = plain();
  client->send(get("/stuck"));
  arrived.wait();
  server->drain(milliseconds(20));
  EXPECT_TRUE(client->read_end());
  server.reset();
  kept->send(text(200, "to nobody"));
}

TEST_F(ServerTest, IdleAndTricklingConnectionsDoNotStarveABusyOne) {
  options.limits.connections = 1000;
  start_plain();
  std::vector<std::unique_ptr<test::RawClient>> others;
  for (int i = 0; i < 300; ++i) {
    others.push_back(plain());
    if (i % 3 == 0) others.back()->send("POST /slow HTTP/1.1\r\n");
  }
  auto busy = plain();
  for (int i = 0; i < 200; ++i) {
    if (i % 10 == 0) {
      for (std::size_t n = 0; n < others.size(); n += 3) others[n]->send("X");
    }
    busy->send(get("/busy"));
    ASSERT_EQ(busy->read_answer()->status, 200);
  }
}

}  // namespace
}  // namespace chuanyu::transport
