// The framer: the same requests and refusals however the bytes are cut, and strictness where readers could disagree.
#include "gateway/transport/framing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace chuanyu::transport {
namespace {

constexpr std::uint64_t kBodyLimit = 1000;

// What came out of a stream: a line per request, and the code of the refusal that ended it.
std::vector<std::string> read_all(const std::vector<std::string>& reads) {
  FramingLimits limits;
  limits.header_count = 10;
  limits.header_bytes = 600;
  limits.target_bytes = 100;
  Framer framer(limits);
  std::vector<std::string> out;
  std::string body;
  for (const std::string& read : reads) {
    std::string_view in = read;
    while (true) {
      const auto step = framer.consume(in);
      in.remove_prefix(step.used);
      if (step.event == Framer::Event::need_more) break;
      if (step.event == Framer::Event::head) framer.accept_body(kBodyLimit);
      if (step.event == Framer::Event::body) body.append(step.body);
      if (step.event == Framer::Event::failed) {
        out.emplace_back(to_string(framer.error().code));
        return out;
      }
      if (step.event == Framer::Event::done) {
        const auto& head = framer.head();
        out.push_back(head.method + " " + head.path + " ?" + head.query + (head.keep_alive ? " keep " : " close ") +
                      body);
        body.clear();
        framer.reset();
      }
    }
  }
  return out;
}

std::string first(const std::string& bytes) {
  const auto out = read_all({bytes});
  return out.empty() ? "incomplete" : out.front();
}

std::string with_headers(const std::string& headers, const std::string& body = {}) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}

TEST(Framing, ReadsPlainRequests) {
  EXPECT_EQ(first("GET /a%2Fb?x=1?2 HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /a/b ?x=1?2 keep ");
  EXPECT_EQ(first(with_headers("Content-Length: 3\r\n", "abc")), "POST /a ? keep abc");
  EXPECT_EQ(first(with_headers("Connection: foo, Close\r\n")), "POST /a ? close ");
  EXPECT_EQ(first("GET / HTTP/1.0\r\n\r\n"), "GET / ? close ");
  EXPECT_EQ(first("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "GET / ? keep ");
  EXPECT_EQ(first("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "GET / ? keep ");
  EXPECT_EQ(first("GET /川 HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /川 ? keep ");
}

TEST(Framing, ReadsChunks) {
  EXPECT_EQ(
      first(with_headers("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nT: t\r\n\r\n")),
      "POST /a ? keep abc0123456789");
}

TEST(Framing, PipelinedRequestsKeepTheirOrder) {
  const auto out = read_all({with_headers("Content-Length: 1\r\n", "x") + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"});
  EXPECT_EQ(out, (std::vector<std::string>{"POST /a ? keep x", "GET /2 ? keep "}));
}

TEST(Framing, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::vector<std::string> bad{
      with_headers("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      with_headers("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
      with_headers("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
      with_headers("Content-Length: 3, 3\r\n", "abc"),
      with_headers("Content-Length: +3\r\n", "abc"),
      with_headers("Content-Length: 0x3\r\n", "abc"),
      with_headers("Content-Length: -1\r\n"),
      with_headers("Content-Length:\r\n"),
      with_headers("Content-Length: 99999999999999999999\r\n"),
      with_headers("Content-Length : 3\r\n", "abc"),
      with_headers("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      with_headers("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
      with_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      with_headers("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      with_headers("Transfer-Encoding:\x0b"
                   "chunked\r\n",
                   "0\r\n\r\n"),
      "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      with_headers("A: b\r\n folded\r\n"),
      with_headers("A: b\nB: c\r\n"),
      with_headers(std::string("A: b\0c\r\n", 8)),
      with_headers("A: b\rc\r\n"),
      with_headers(": b\r\n"),
      with_headers("no colon\r\n"),
      with_headers("Host: again\r\n"),
      with_headers("Expect: something\r\n"),
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\nHost: h\n\n",
      "GET / HTTP/2.0\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      "GET /\r\n\r\n",
      "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /#f HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%u4e2d HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%0d%0a HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n",
      "G{T / HTTP/1.1\r\nHost: h\r\n\r\n",
      "\r\n\r\n\r\n\r\n\r\n",
      "\x16\x03\x01\x02\n",
  };
  for (const std::string& bytes : bad) EXPECT_EQ(first(bytes), "CLIENT_BAD_REQUEST") << bytes;
  for (const char* chunks : {"x\r\n", "-1\r\n", "3 3\r\nabc\r\n", " 3\r\nabc\r\n", "3\nabc\r\n", "3\r\nabcd\r\n",
                             "\r\n", "1000000000000000000\r\n", "3\r\nabc\n0\r\n\r\n"}) {
    EXPECT_EQ(first(with_headers("Transfer-Encoding: chunked\r\n", chunks)), "CLIENT_BAD_REQUEST") << chunks;
  }
  EXPECT_EQ(first("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), "CLIENT_METHOD_NOT_ALLOWED");
  EXPECT_EQ(first("CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n"), "CLIENT_METHOD_NOT_ALLOWED");
}

TEST(Framing, LimitsHaveCodesOfTheirOwn) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "A: b\r\n";
  EXPECT_EQ(first(with_headers(many)), "CLIENT_HEADERS_TOO_LARGE");
  many.clear();
  for (int i = 0; i < 9; ++i) many += "A: b\r\n";
  EXPECT_EQ(first(with_headers(many)), "POST /a ? keep ");
  EXPECT_EQ(first(with_headers(many + "A: b\r\n")), "CLIENT_HEADERS_TOO_LARGE");
  EXPECT_EQ(first(with_headers("A: " + std::string(5000, 'x'))), "CLIENT_HEADERS_TOO_LARGE");
  EXPECT_EQ(first("GET /" + std::string(5000, 'x')), "CLIENT_URI_TOO_LONG");
  EXPECT_EQ(first("GET /" + std::string(100, 'x') + " HTTP/1.1\r\n"), "CLIENT_URI_TOO_LONG");
  EXPECT_EQ(first("GET /" + std::string(99, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n").substr(0, 5), "GET /");
  EXPECT_EQ(first(with_headers("Content-Length: 1001\r\n")), "CLIENT_BODY_TOO_LARGE");
  EXPECT_EQ(first(with_headers("Transfer-Encoding: chunked\r\n", "3E9\r\n")), "CLIENT_BODY_TOO_LARGE");
  EXPECT_EQ(first(with_headers("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFF\r\n")), "CLIENT_BODY_TOO_LARGE");
  EXPECT_EQ(first(with_headers("Transfer-Encoding: chunked\r\n", "0\r\n" + many + many + "\r\n")),
            "CLIENT_HEADERS_TOO_LARGE");
}

TEST(Framing, HttplibSeesNothingThatHarmsIt) {
  Framer framer({});
  std::string_view in =
      "GET /p?q HTTP/1.1\r\nHost: h\r\nX: 100%0d%0a\r\nRange: bytes=0-1\r\nExpect: 100-continue\r\nREMOTE_ADDR: "
      "me\r\n\r\n";
  EXPECT_EQ(framer.consume(in).event, Framer::Event::head);
  EXPECT_TRUE(framer.head().expects_continue);
  EXPECT_EQ(framer.head().text, "GET /p HTTP/1.1\r\nHost: h\r\nX: 100%250d%250a\r\n\r\n");
}

// A stream of requests, some of them bad.
rc::Gen<std::string> arbitrary_stream() {
  const auto piece = rc::gen::weightedElement<std::string>({
      {6, with_headers("Content-Length: 5\r\n", "abcde")},
      {6, with_headers("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n4;e\r\ncdef\r\n0\r\nT: t\r\n\r\n")},
      {6, "GET /x%20y?q=%41 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"},
      {3, "\r\nHEAD / HTTP/1.0\r\n\r\n"},
      {1, with_headers("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")},
      {1, with_headers("A: b\n")},
      {1, with_headers("A: " + std::string(700, 'y') + "\r\n")},
      {1, "GET /" + std::string(140, 'z') + " HTTP/1.1\r\n\r\n"},
      {1, with_headers("Transfer-Encoding: chunked\r\n", "5\r\nabcdef\r\n0\r\n\r\n")},
      {1, with_headers("Content-Length: 1001\r\n")},
      {1, std::string("\0\r\n", 3)},
  });
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    return std::accumulate(pieces.begin(), pieces.end(), std::string{});
  });
}

RC_GTEST_PROP(FramingLaw, AnyCutIntoReadsGivesTheSameRequests, ()) {
  const std::string stream = *arbitrary_stream();
  std::vector<std::string> reads;
  for (std::size_t at = 0; at < stream.size();) {
    const auto size = static_cast<std::size_t>(
        *rc::gen::weightedOneOf<int>({{3, rc::gen::inRange(1, 4)}, {1, rc::gen::inRange(1, 200)}}));
    reads.push_back(stream.substr(at, size));
    at += size;
  }
  RC_ASSERT(read_all(reads) == read_all({stream}));
}

RC_GTEST_PROP(FramingLaw, NoBytesDoHarm, (std::string bytes)) {
  read_all({bytes});
  read_all({with_headers(bytes)});
  read_all({with_headers("Transfer-Encoding: chunked\r\n", bytes)});
}

}  // namespace
}  // namespace chuanyu::transport
