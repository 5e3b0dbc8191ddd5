#include "gateway/transport/head_parser.h"

#include <httplib.h>

#include <algorithm>
#include <cstring>

namespace chuanyu::transport {
namespace {

// The head in memory; what httplib writes (an empty answer) is not wanted.
class HeadStream final : public httplib::Stream {
 public:
  explicit HeadStream(std::string_view text) : text_(text) {}
  bool is_readable() const override { return !text_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, size_t size) override {
    const std::size_t count = std::min(size, text_.size());
    std::memcpy(out, text_.data(), count);
    text_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char*, size_t size) override { return static_cast<ssize_t>(size); }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }  // httplib refuses numbers from FD_SETSIZE on

 private:
  std::string_view text_;
};

class Parser final : public httplib::Server {
 public:
  Parser() {
    set_pre_routing_handler([](const httplib::Request&, httplib::Response& answer) {
      answer.status = 200;
      return HandlerResponse::Handled;
    });
  }
  bool parse(HeadStream& stream, const std::function<void(httplib::Request&)>& on_request) {
    // "Close" spares it a Keep-Alive header: the answer that it writes goes nowhere.
    bool closed = true;
    return process_request(stream, true, closed, on_request);
  }
};

bool is_added_by_httplib(const std::string& name) {
  return name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" || name == "LOCAL_PORT";
}

void take(httplib::Request& parsed, Request& out) {
  out.method = std::move(parsed.method);
  out.path = std::move(parsed.path);
  out.headers.reserve(parsed.headers.size());
  for (auto& [name, value] : parsed.headers) {
    if (!is_added_by_httplib(name)) out.headers.push_back({name, std::move(value)});
  }
}

}  // namespace

Status parse_head(RequestHead&& head, Request& out) {
  static Parser parser;  // its handlers are set once; process_request only reads them
  bool taken = false;
  HeadStream stream(head.text);
  parser.parse(stream, [&](httplib::Request& parsed) {
    take(parsed, out);
    taken = true;
  });
  if (!taken) return error(Code::CLIENT_BAD_REQUEST, "请求头不能解析");
  out.query = std::move(head.query);
  return {};
}

}  // namespace chuanyu::transport
