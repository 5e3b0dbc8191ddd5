#include "gateway/transport/http.h"

#include "gateway/transport/framing.h"

namespace chuanyu::transport {

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals));
    if (key != name) continue;
    return equals == std::string_view::npos ? std::string{} : percent_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

Responder::Responder(Send send) : send_(std::move(send)) {}
Responder::Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  Responder old(std::move(*this));  // one that waits unused still gets its answer
  send_ = std::exchange(other.send_, nullptr);
  return *this;
}

Responder::~Responder() {
  if (send_) send(problem(error(Code::LOCAL_INTERNAL, "请求未得到处理")));
}

void Responder::send(Response response) {
  if (auto once = std::exchange(send_, nullptr)) once(std::move(response));
}

}  // namespace chuanyu::transport
