// Streaming bodies: flat memory, backpressure, stalls, and a pool that nobody can occupy.
#include <malloc.h>

#include <fstream>

#include "tests/unit/transport/fixture.h"

namespace chuanyu::transport {
namespace {

using std::chrono::milliseconds;

// A sanitizer keeps freed memory.
#if defined(__SANITIZE_ADDRESS__) || defined(_GLIBCXX_TSAN)
constexpr bool kMemoryCanBeMeasured = false;
#else
constexpr bool kMemoryCanBeMeasured = true;
#endif

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

// Reads the whole body; answers its length, or the problem that read() told.
void count_body(Request request, Responder responder) {
  if (request.stream == nullptr) return echo(std::move(request), std::move(responder));
  std::uint64_t count = 0;
  while (true) {
    const auto piece = request.stream->read();
    if (!piece.ok()) return responder.send(problem(piece.error()));
    if (piece->empty()) break;
    count += piece->size();
  }
  responder.send(text(200, std::to_string(count)));
}

std::string head(const std::string& framing) { return "POST /import HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n"; }

class Streaming : public ServerFixture {
 protected:
  Streaming() {
    options.streams = [](std::string_view method, std::string_view path) {
      return method == "POST" && path == "/import";
    };
  }
};

TEST_F(Streaming, SmallLargeChunkedAndEmptyBodiesArriveWhole) {
  start(count_body);
  auto client = tls();
  for (const std::size_t size : {0, 1, 100, 70'000, 3'000'000}) {
    client->send(head("Content-Length: " + std::to_string(size)));
    client->send(std::string(size, 'x'));
    EXPECT_EQ(client->read_answer()->body, std::to_string(size));
  }
  client->send(head("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(client->read_answer()->body, "3");
  client->send(head("Expect: 100-continue\r\nContent-Length: 4"));
  EXPECT_EQ(client->read_answer()->status, 100);
  client->send("abcd");
  EXPECT_EQ(client->read_answer()->body, "4");
  client->send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client->read_answer()->body, "GET /x \n");
}

TEST_F(Streaming, MemoryStaysFlat) {
  start(count_body);
  auto client = tls();
  const std::string block(1 << 20, 'x');
  const auto send_mib = [&](int count) {
    client->send(head("Content-Length: " + std::to_string(block.size() * static_cast<std::size_t>(count))));
    for (int i = 0; i < count; ++i) client->send(block);
    EXPECT_EQ(client->read_answer()->body, std::to_string(block.size() * static_cast<std::size_t>(count)));
  };
  send_mib(8);
  malloc_trim(0);
  const std::size_t before = resident_bytes();
  send_mib(200);
  if (kMemoryCanBeMeasured) {
    EXPECT_LT(resident_bytes(), before + (std::size_t{32} << 20));
  }
}

TEST_F(Streaming, ASlowReaderHoldsTheSenderBack) {
  Latch may_read(1);
  std::atomic<std::size_t> sent{0};
  start_plain([&](Request request, Responder responder) {
    may_read.wait();
    count_body(std::move(request), std::move(responder));
  });
  auto client = plain();
  const std::size_t size = 64 << 20;
  std::thread sender([&] {
    client->send(head("Content-Length: " + std::to_string(size)));
    const std::string block(1 << 20, 'x');
    for (std::size_t at = 0; at < size; at += block.size()) {
      client->send(block);
      sent += block.size();
    }
  });
  // It stands still once the ring and the sockets' buffers are full.
  for (std::size_t seen = 0, same = 0; same < 20; seen = sent) {
    std::this_thread::sleep_for(milliseconds(5));
    same = sent == seen ? same + 1 : 0;
  }
  EXPECT_LT(sent, size);
  may_read.arrive();
  EXPECT_EQ(client->read_answer()->body, std::to_string(size));
  sender.join();
}

TEST_F(Streaming, AStalledBodyIsGivenUp) {
  options.limits.stream_stall = milliseconds(100);
  start_plain(count_body);
  auto early = plain();  // before it got a thread
  early->send(head("Content-Length: 1000000") + "abc");
  const auto first = early->read_answer();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(code_of(*first), "CLIENT_REQUEST_TIMEOUT");
  auto late = plain();  // with the handler reading
  late->send(head("Content-Length: 1000000") + std::string(100'000, 'x'));
  const auto second = late->read_answer();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(code_of(*second), "CLIENT_REQUEST_TIMEOUT");
  EXPECT_EQ(second->header("connection"), "close");
}

TEST_F(Streaming, TricklersDoNotOccupyThePool) {
  options.stream_workers = 1;
  start_plain(count_body);
  std::vector<std::unique_ptr<test::RawClient>> tricklers;
  for (int i = 0; i < 20; ++i) {
    tricklers.push_back(plain());
    tricklers.back()->send(head("Content-Length: 1000000") + "x");
  }
  auto honest = plain();
  honest->send(head("Content-Length: 100000") + std::string(100'000, 'x'));
  EXPECT_EQ(honest->read_answer()->body, "100000");
}

TEST_F(Streaming, LimitsAndDamageReachTheHandler) {
  options.limits.stream_bytes = 200'000;
  start_plain(count_body);
  auto announced = plain();
  announced->send(head("Content-Length: 200001"));
  EXPECT_EQ(code_of(*announced->read_answer()), "CLIENT_BODY_TOO_LARGE");
  auto grown = plain();
  grown->send(head("Transfer-Encoding: chunked") + "186A0\r\n" + std::string(100'000, 'x') + "\r\nFFFFF\r\n");
  EXPECT_EQ(code_of(*grown->read_answer()), "CLIENT_BODY_TOO_LARGE");
  auto damaged = plain();
  damaged->send(head("Transfer-Encoding: chunked") + "186A0\r\n" + std::string(100'000, 'x') + "!\r\n");
  EXPECT_EQ(code_of(*damaged->read_answer()), "CLIENT_BAD_REQUEST");
}

TEST_F(Streaming, ALostConnectionEndsTheRead) {
  Latch reading(1);
  Latch ended(1);
  start_plain([&](Request request, Responder responder) {
    reading.arrive();
    count_body(std::move(request), std::move(responder));
    ended.arrive();
  });
  auto client = plain();
  client->send(head("Content-Length: 1000000") + std::string(100'000, 'x'));
  reading.wait();
  client.reset();
  ended.wait();
}

TEST_F(Streaming, AnEarlyAnswerArrivesThoughTheBodyIsUnread) {
  start_plain([](Request, Responder responder) { responder.send(problem(error(Code::CLIENT_POLICY_DENIED))); });
  auto client = plain();
  client->send(head("Content-Length: 3000000"));
  client->send(std::string(3'000'000, 'x'));
  const auto answer = client->read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(code_of(*answer), "CLIENT_POLICY_DENIED");
  EXPECT_EQ(answer->header("connection"), "close");
}

TEST_F(Streaming, RequestsBeyondTheQueueAreRefused) {
  options.stream_workers = 1;
  options.limits.stream_queue = 0;
  Latch arrived(1);
  Latch may_end(1);
  start_plain([&](Request request, Responder responder) {
    arrived.arrive();
    may_end.wait();
    count_body(std::move(request), std::move(responder));
  });
  auto first = plain();
  first->send(head("Content-Length: 3") + "abc");
  arrived.wait();
  auto second = plain();
  second->send(head("Content-Length: 3") + "abc");
  EXPECT_EQ(code_of(*second->read_answer()), "LOCAL_OVERLOADED");
  may_end.arrive();
  EXPECT_EQ(first->read_answer()->body, "3");
}

}  // namespace
}  // namespace chuanyu::transport
