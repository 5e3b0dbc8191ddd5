#include "gateway/transport/framing.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/base/bytes.h"

namespace chuanyu::transport {
namespace {

constexpr std::size_t kMaxLine = 8000;            // cpp-httplib refuses lines beyond 8192
constexpr std::size_t kMaxMethodAndVersion = 32;  // "OPTIONS " and " HTTP/1.1\r\n" with room to spare
constexpr std::size_t kMaxChunkLine = 256;        // a chunk's size and its extensions, which nobody uses
constexpr std::size_t kMaxEmptyLines = 4;         // RFC 9112 2.2: some are to be ignored before a request

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// tchar of RFC 9110 5.6.2
constexpr std::array<bool, 256> kToken = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }
bool has_control(std::string_view text) { return std::any_of(text.begin(), text.end(), is_control); }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <typename Integer>
bool parse_number(std::string_view text, Integer& out, int base) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return fault == std::errc{} && end == text.data() + text.size();
}

// The methods cpp-httplib knows and a gateway may answer.
bool is_known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

// Not for cpp-httplib: it would run a regular expression over a Range, answer an Expect itself, and it adds the others
// itself, so that a caller's would stand beside them.
bool is_withheld(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"range",       "expect",     "remote_addr",
                                                   "remote_port", "local_addr", "local_port"};
  return std::any_of(kNames.begin(), kNames.end(), [&](auto known) { return equals_ignoring_case(name, known); });
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void Framer::reset() {
  state_ = State::head_line;
  started_ = false;
  head_ = RequestHead{};
  error_ = Error{};
  partial_.clear();
  lines_ = line_bytes_ = empty_lines_ = 0;
  has_length_ = has_host_ = false;
  body_limit_ = body_seen_ = remaining_ = 0;
}

void Framer::fail(Code code, std::string detail) {
  state_ = State::failed;
  error_ = chuanyu::error(code, std::move(detail));
}

Framer::Step Framer::consume(std::string_view in) {
  std::size_t used = 0;
  started_ = started_ || !in.empty();
  while (true) {
    switch (state_) {
      case State::failed: return {Event::failed, used, {}};
      case State::done: return {Event::done, used, {}};
      case State::head_done: return {Event::failed, used, {}};  // accept_body() was forgotten
      case State::length_body:
      case State::chunk_data: {
        if (used == in.size()) return {Event::need_more, used, {}};
        const auto piece =
            in.substr(used, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, in.size() - used)));
        remaining_ -= piece.size();
        if (remaining_ == 0) state_ = state_ == State::length_body ? State::done : State::chunk_end;
        return {Event::body, used + piece.size(), piece};
      }
      case State::head_line:
      case State::chunk_size:
      case State::chunk_end:
      case State::trailer: {
        std::string_view line;
        if (!take_line(in, used, line)) return {state_ == State::failed ? Event::failed : Event::need_more, used, {}};
        on_line(line);
        partial_.clear();
        if (state_ == State::head_done) return {Event::head, used, {}};
      }
    }
  }
}

// The next whole line without its CRLF. Limits are looked at by position, never by read, so that cuts make no
// difference.
bool Framer::take_line(std::string_view in, std::size_t& used, std::string_view& line) {
  const auto rest = in.substr(used);
  const auto newline = rest.find('\n');
  const std::size_t taken = newline == std::string_view::npos ? rest.size() : newline + 1;
  const std::size_t limit = line_limit();
  if (partial_.size() + taken > limit) {
    fail_line_too_long();
    return false;
  }
  if (newline == std::string_view::npos) {
    partial_.append(rest);
    used = in.size();
    return false;
  }
  used += taken;
  line = rest.substr(0, taken);
  if (!partial_.empty()) line = partial_.append(line);
  if (state_ == State::head_line || state_ == State::trailer) line_bytes_ += line.size();
  if (line.size() < 2 || line[line.size() - 2] != '\r') {
    fail(Code::CLIENT_BAD_REQUEST, "行必须以 CRLF 结束");
    return false;
  }
  line.remove_suffix(2);
  return true;
}

std::size_t Framer::line_limit() const {
  if (state_ == State::chunk_size || state_ == State::chunk_end) return kMaxChunkLine;
  const std::size_t left = limits_.header_bytes > line_bytes_ ? limits_.header_bytes - line_bytes_ : 0;
  if (state_ == State::head_line && lines_ == 0) {
    return std::min(
        {left, std::min(limits_.target_bytes, kMaxLine) + kMaxMethodAndVersion, kMaxLine + kMaxMethodAndVersion});
  }
  return std::min(left, kMaxLine);
}

void Framer::fail_line_too_long() {
  if (state_ == State::chunk_size || state_ == State::chunk_end) {
    fail(Code::CLIENT_BAD_REQUEST, "分块编码有误");
  } else if (state_ == State::head_line && lines_ == 0) {
    fail(Code::CLIENT_URI_TOO_LONG, "请求地址超过 " + std::to_string(limits_.target_bytes) + " 字节");
  } else {
    fail(Code::CLIENT_HEADERS_TOO_LARGE, "请求头合计超过 " + std::to_string(limits_.header_bytes) +
                                             " 字节，或单行超过 " + std::to_string(kMaxLine) + " 字节");
  }
}

void Framer::on_line(std::string_view line) {
  switch (state_) {
    case State::head_line:
      if (lines_ == 0) return on_request_line(line);
      return line.empty() ? on_head_end() : on_header(line);
    case State::chunk_size: return on_chunk_size(line);
    case State::chunk_end:
      if (!line.empty()) return fail(Code::CLIENT_BAD_REQUEST, "分块编码有误：块的长度与内容不符");
      state_ = State::chunk_size;
      return;
    case State::trailer:
      if (line.empty()) {
        state_ = State::done;
      } else if (++lines_ > limits_.header_count) {
        fail(Code::CLIENT_HEADERS_TOO_LARGE, "尾部字段超过 " + std::to_string(limits_.header_count) + " 个");
      }
      return;  // trailers are read and forgotten
    default: return;
  }
}

void Framer::on_request_line(std::string_view line) {
  if (line.empty()) {
    if (++empty_lines_ > kMaxEmptyLines) fail(Code::CLIENT_BAD_REQUEST, "请求行之前空行过多");
    return;
  }
  lines_ = 1;
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || has_control(line)) {
    return fail(Code::CLIENT_BAD_REQUEST, "请求行应为“方法 地址 版本”");
  }
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method)) return fail(Code::CLIENT_BAD_REQUEST, "请求方法有误");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return fail(Code::CLIENT_BAD_REQUEST, "只支持 HTTP/1.1 与 HTTP/1.0");
  if (!is_known_method(method)) return fail(Code::CLIENT_METHOD_NOT_ALLOWED, "不支持此请求方法");
  if (target.size() > limits_.target_bytes) {
    return fail(Code::CLIENT_URI_TOO_LONG, "请求地址超过 " + std::to_string(limits_.target_bytes) + " 字节");
  }
  head_.http10 = version == "HTTP/1.0";
  head_.keep_alive = !head_.http10;
  head_.method = method;
  on_target(target);
}

void Framer::on_target(std::string_view target) {
  if (target.empty() || target.front() != '/' || target.find_first_of("# \t") != std::string_view::npos) {
    return fail(Code::CLIENT_BAD_REQUEST, "请求地址应以 / 开头，且不含空格与 #");
  }
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  if (question != std::string_view::npos) head_.query = target.substr(question + 1);
  auto decoded = percent_decode(path);
  if (!decoded || has_control(*decoded) || decoded->find('\t') != std::string::npos || !is_utf8(*decoded)) {
    return fail(Code::CLIENT_BAD_REQUEST, "请求地址中的百分号编码有误，或不是 UTF-8");
  }
  head_.path = std::move(*decoded);
  head_.text.reserve(512);
  head_.text.append(head_.method).append(" ").append(path).append(head_.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
}

void Framer::on_header(std::string_view line) {
  if (lines_++ > limits_.header_count) {
    return fail(Code::CLIENT_HEADERS_TOO_LARGE, "请求头超过 " + std::to_string(limits_.header_count) + " 个");
  }
  // A line that begins with a space is a folded header (obsolete); its name is no token either.
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || has_control(line)) {
    return fail(Code::CLIENT_BAD_REQUEST, "请求头应为“名称: 值”，不支持折行");
  }
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  on_framing_header(name, value);
  if (state_ == State::failed || is_withheld(name)) return;
  head_.text.append(name).append(": ");
  if (value.find('%') == std::string_view::npos) {
    head_.text.append(value);
  } else {
    for (const char c : value) {  // cpp-httplib percent-decodes values; the handler shall see them as sent
      head_.text.push_back(c);
      if (c == '%') head_.text.append("25");
    }
  }
  head_.text.append("\r\n");
}

void Framer::on_framing_header(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (!equals_ignoring_case(name, "host")) return;
      if (has_host_) fail(Code::CLIENT_BAD_REQUEST, "Host 重复");
      has_host_ = true;
      return;
    case 6:
      if (!equals_ignoring_case(name, "expect") || head_.http10) return;
      if (!equals_ignoring_case(value, "100-continue")) fail(Code::CLIENT_BAD_REQUEST, "不支持此 Expect");
      head_.expects_continue = true;
      return;
    case 10:
      if (equals_ignoring_case(name, "connection")) on_connection(value);
      return;
    case 14:
      if (!equals_ignoring_case(name, "content-length")) return;
      if (has_length_) return fail(Code::CLIENT_BAD_REQUEST, "Content-Length 重复");
      has_length_ = true;
      if (value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string_view::npos ||
          !parse_number(value, head_.content_length, 10)) {
        fail(Code::CLIENT_BAD_REQUEST, "Content-Length 应为十进制整数");
      }
      return;
    case 17:
      if (!equals_ignoring_case(name, "transfer-encoding")) return;
      if (head_.chunked || head_.http10 || !equals_ignoring_case(value, "chunked")) {
        return fail(Code::CLIENT_BAD_REQUEST, "Transfer-Encoding 只支持一个 chunked");
      }
      head_.chunked = true;
      return;
    default: return;
  }
}

void Framer::on_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto option = trim(value.substr(0, comma));
    if (equals_ignoring_case(option, "close")) head_.keep_alive = false;
    if (head_.http10 && equals_ignoring_case(option, "keep-alive")) head_.keep_alive = true;
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
  }
}

void Framer::on_head_end() {
  if (head_.chunked && has_length_)
    return fail(Code::CLIENT_BAD_REQUEST, "Content-Length 与 Transfer-Encoding 不得并用");
  if (!has_host_ && !head_.http10) return fail(Code::CLIENT_BAD_REQUEST, "缺少 Host");
  head_.text.append("\r\n");
  state_ = State::head_done;
}

void Framer::accept_body(std::uint64_t limit) {
  if (state_ != State::head_done) return;
  body_limit_ = limit;
  lines_ = line_bytes_ = 0;
  if (head_.chunked) {
    state_ = State::chunk_size;
  } else if (head_.content_length > limit) {
    fail(Code::CLIENT_BODY_TOO_LARGE, "请求体超过 " + std::to_string(limit) + " 字节");
  } else {
    remaining_ = head_.content_length;
    state_ = remaining_ == 0 ? State::done : State::length_body;
  }
}

void Framer::on_chunk_size(std::string_view line) {
  const auto digits = trim(line.substr(0, line.find(';')));
  std::uint64_t size = 0;
  // from_chars would take a sign
  if (digits.empty() || digits.size() > 15 || digits.front() == '-' || has_control(line) || line.front() == ' ' ||
      line.front() == '\t' || !parse_number(digits, size, 16)) {
    return fail(Code::CLIENT_BAD_REQUEST, "分块编码有误：块的长度应为十六进制数");
  }
  if (size > body_limit_ - body_seen_) {
    return fail(Code::CLIENT_BODY_TOO_LARGE, "请求体超过 " + std::to_string(body_limit_) + " 字节");
  }
  body_seen_ += size;
  remaining_ = size;
  state_ = size == 0 ? State::trailer : State::chunk_data;
}

}  // namespace chuanyu::transport
