#include "gateway/http/json_out.h"

#include "gateway/base/bytes.h"

namespace chuanyu::http {

void JsonOut::separate() {
  if (!after_key_ && !first_) out_.push_back(',');
  first_ = false;
  after_key_ = false;
}

JsonOut& JsonOut::open(char begin, char finish) {
  separate();
  out_.push_back(begin);
  ends_.push_back(finish);
  first_ = true;
  return *this;
}

JsonOut& JsonOut::end() {
  out_.push_back(ends_.back());
  ends_.pop_back();
  first_ = false;
  return *this;
}

JsonOut& JsonOut::key(std::string_view name) {
  string(name);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

JsonOut& JsonOut::string(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  if (!is_utf8(text)) return raw("null");
  separate();
  out_.push_back('"');
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_.push_back('\\');
      out_.push_back(c);
    } else if (value < 0x20) {
      out_.append("\\u00").push_back(kHex[value >> 4]);
      out_.push_back(kHex[value & 15]);
    } else {
      out_.push_back(c);
    }
  }
  out_.push_back('"');
  return *this;
}

JsonOut& JsonOut::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace chuanyu::http
