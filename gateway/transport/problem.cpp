#include <array>
#include <cstdio>

#include "gateway/transport/http.h"

namespace chuanyu::transport {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  if (!is_utf8(text)) text = "（内容不是 UTF-8，略）";  // JSON may not carry it
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (value < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", value);
      out.append(escape.data());
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (out.size() > 1) out.push_back(',');
  out.append("\"").append(name).append("\":");
  append_quoted(out, value);
}

}  // namespace

Response problem(const Error& error, std::string_view exchange_id, int retry_after_seconds) {
  const CodeInfo& known = info(error.code);
  Response out;
  out.status = known.http_status == 0 ? 500 : known.http_status;
  std::string& body = out.body;
  body.push_back('{');
  append_member(body, "type", std::string("urn:chuanyu:error:").append(known.name));
  append_member(body, "title", known.title_zh);
  append_member(body, "titleEn", known.title_en);
  body.append(",\"status\":").append(std::to_string(out.status));
  append_member(body, "code", known.name);
  append_member(body, "detail", error.detail);
  append_member(body, "pointer", error.where);
  append_member(body, "advice", known.advice);
  append_member(body, "exchangeId", exchange_id);
  body.append("}\n");
  out.headers.push_back({"Content-Type", "application/problem+json"});
  if (retry_after_seconds > 0) out.headers.push_back({"Retry-After", std::to_string(retry_after_seconds)});
  return out;
}

Response json(int status, std::string body) {
  Response out;
  out.status = status;
  out.headers.push_back({"Content-Type", "application/json"});
  out.body = std::move(body);
  return out;
}

}  // namespace chuanyu::transport
