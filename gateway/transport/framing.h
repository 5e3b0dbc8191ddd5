// gateway/transport/framing.h: finds the requests in a stream of bytes: where a head ends, how long its body is, and
// whether all keeps to the limits. Private to the room.
//
// Pure: no sockets, no clock. However the bytes are cut into reads, the same requests and the same refusals come out.
// It is strict where HTTP/1.1 is ambiguous, because two readers of one stream must never disagree where a request ends:
// a bare LF, a folded header, two lengths, a length beside chunks, or any transfer coding but `chunked` is refused.
// Failure: Event::failed, then error(); the connection cannot be used after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/error.h"

namespace chuanyu::transport {

struct FramingLimits {
  std::size_t header_count = 100;
  std::size_t header_bytes = 16 * 1024;
  std::size_t target_bytes = 4 * 1024;
};

// What the framer knows of a request once its head is complete.
struct RequestHead {
  std::string text;  // the head as cpp-httplib shall parse it (head_parser.h says how it differs from what was sent)
  std::string method;
  std::string path;   // percent-decoded
  std::string query;  // as sent, without '?'
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool http10 = false;
};

class Framer {
 public:
  enum class Event {
    need_more,  // all bytes were used
    head,       // head() is complete; call accept_body() next
    body,       // Step::body is the next piece of the body, without chunk framing
    done,       // the request is complete; reset() starts the next
    failed,
  };
  struct Step {
    Event event;
    std::size_t used;       // bytes of the input that are done with
    std::string_view body;  // points into the input
  };

  explicit Framer(const FramingLimits& limits) : limits_(limits) {}

  // Takes bytes up to the next event. The caller goes on with what is left.
  Step consume(std::string_view in);
  // After Event::head: the most bytes the body may have.
  void accept_body(std::uint64_t limit);
  void reset();

  RequestHead& head() { return head_; }
  const Error& error() const { return error_; }
  // True from the first byte of a request to reset().
  bool started() const { return started_; }
  // True when a body is still to come after the head.
  bool expects_body() const { return state_ != State::done && state_ != State::failed; }

 private:
  enum class State { head_line, head_done, length_body, chunk_size, chunk_data, chunk_end, trailer, done, failed };

  bool take_line(std::string_view in, std::size_t& used, std::string_view& line);
  std::size_t line_limit() const;
  void fail_line_too_long();
  void on_line(std::string_view line);
  void on_request_line(std::string_view line);
  void on_target(std::string_view target);
  void on_header(std::string_view line);
  void on_framing_header(std::string_view name, std::string_view value);
  void on_connection(std::string_view value);
  void on_head_end();
  void on_chunk_size(std::string_view line);
  void fail(Code code, std::string detail);

  FramingLimits limits_;
  State state_ = State::head_line;
  bool started_ = false;
  RequestHead head_;
  Error error_;
  std::string partial_;          // the beginning of a line whose end has not come yet
  std::size_t lines_ = 0;        // header lines seen, with the request line
  std::size_t line_bytes_ = 0;   // bytes of the head, or of the trailer
  std::size_t empty_lines_ = 0;  // before the request line
  bool has_length_ = false;
  bool has_host_ = false;
  std::uint64_t body_limit_ = 0;
  std::uint64_t body_seen_ = 0;  // bytes of chunks announced so far
  std::uint64_t remaining_ = 0;  // of the body, or of this chunk
};

// True when both are the same but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace chuanyu::transport
