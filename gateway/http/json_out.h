// gateway/http/json_out.h: writes a JSON answer as text: small, fast, and able to carry native JSON records byte for
// byte.
//
//   JsonOut out; out.object(); out.member("count", 2); out.key("records").array(); out.raw(native); out.end().end();
//   out.take()
// Threads: one.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace chuanyu::http {

class JsonOut {
 public:
  JsonOut& object() { return open('{', '}'); }
  JsonOut& array() { return open('[', ']'); }
  JsonOut& end();
  JsonOut& key(std::string_view name);
  JsonOut& string(std::string_view text);  // bytes that are no UTF-8 become a JSON null
  JsonOut& number(std::integral auto value) { return raw(std::to_string(value)); }
  JsonOut& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonOut& raw(std::string_view json);  // a value that already is JSON

  JsonOut& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonOut& member(std::string_view name, const char* text) { return key(name).string(text); }
  JsonOut& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonOut& member(std::string_view name, std::integral auto value) { return key(name).number(value); }
  // Only when there is something to say.
  JsonOut& optional(std::string_view name, std::string_view text) { return text.empty() ? *this : member(name, text); }

  std::string take() { return std::move(out_); }

 private:
  JsonOut& open(char begin, char finish);
  void separate();
  std::string out_;
  std::string ends_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace chuanyu::http
