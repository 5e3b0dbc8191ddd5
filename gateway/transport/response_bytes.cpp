#include "gateway/transport/response_bytes.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "gateway/transport/framing.h"

namespace chuanyu::transport {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 207: return "Multi-Status";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

void append_clean(Bytes& out, std::string_view text) {
  const auto start = out.size();
  out.append(text);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOurs{"content-length", "connection", "date", "transfer-encoding"};
  return std::any_of(kOurs.begin(), kOurs.end(), [&](auto ours) { return equals_ignoring_case(name, ours); });
}

// "Date: Sat, 21 Nov 2026 15:10:21 GMT\r\n", made anew once a second.
const std::string& date_line() {
  thread_local std::time_t made_at = 0;
  thread_local std::string line;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                  kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                  kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                  utc.tm_sec);
    line = text.data();
    made_at = now;
  }
  return line;
}

}  // namespace

Bytes to_bytes(const Response& response, const AnswerForm& form) {
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  Bytes out;
  out.reserve(256 + response.headers.size() * 64 + response.body.size());
  out.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(reason(response.status))
      .append("\r\n");
  out.append(date_line());
  for (const Header& header : response.headers) {
    if (is_ours(header.name)) continue;
    append_clean(out, header.name);
    out.append(": ");
    append_clean(out, header.value);
    out.append("\r\n");
  }
  if (!bodiless) out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  if (form.close) {
    out.append("Connection: close\r\n");
  } else if (form.http10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (!bodiless && !form.no_body) out.append(response.body);
  return out;
}

}  // namespace chuanyu::transport
