// gateway/transport/http.h: an HTTP request and answer as handlers see them; no sockets, no TLS, no httplib in it.
//
// Threads: a Request is immutable once handed over. A Responder may be kept and used later, once, from any thread; if
// it dies unused, the caller gets LOCAL_INTERNAL, so that no request is ever left without an answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/crypto/certificate.h"

namespace chuanyu::transport {

struct Header {
  std::string name;  // as sent
  std::string value;
};

// Bytes of a large body as they arrive (imports, evidence files). Pull; blocks the streaming pool's thread only.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // At least one byte, empty at the end; an error when the connection died or a limit was passed.
  virtual Result<std::string_view> read() = 0;
};

struct Request {
  std::string method;
  std::string path;   // percent-decoded path without query
  std::string query;  // raw, without '?'
  std::vector<Header> headers;
  Bytes body;                    // empty when `stream` is set
  BodyStream* stream = nullptr;  // routes marked as streaming; lives until the handler has returned
  std::string remote;            // address:port, for logs
  std::shared_ptr<const crypto::VerifiedCertificate> peer;  // null on the plain admin listener
  TimeUs arrived = 0;

  // The first header of that name (any case), empty when there is none.
  std::string_view header(std::string_view name) const;
  // The percent-decoded value of a query parameter.
  std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  Bytes body;
};

class Responder {
 public:
  using Send = std::function<void(Response)>;
  explicit Responder(Send send);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();
  void send(Response response);  // the first call counts

 private:
  Send send_;
};

// While one lives, answers sent by this thread are gathered and handed to the event loops together when it dies (or on
// flush()): one wake-up for a group of answers instead of one each. For code that answers many requests in a row, as
// after a group commit. A batch inside a batch does nothing of its own.
class AnswerBatch {
 public:
  AnswerBatch();
  AnswerBatch(const AnswerBatch&) = delete;
  AnswerBatch& operator=(const AnswerBatch&) = delete;
  ~AnswerBatch();
  void flush();

 private:
  bool outermost_;
};

// RFC 9457 problem JSON (application/problem+json) with code, title (zh), titleEn, detail, pointer, advice, exchangeId.
Response problem(const Error& error, std::string_view exchange_id = {}, int retry_after_seconds = 0);
Response json(int status, std::string body);

}  // namespace chuanyu::transport
