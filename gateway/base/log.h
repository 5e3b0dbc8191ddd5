// gateway/base/log.h: structured logs for operators: one JSON object a line on stderr.
//
//   log::warn("tls.refused", {{"code", "TLS_EXPIRED"}, {"remote", address}});
//
// `event` is a fixed dotted name (room.what). Fields never hold personal data, keys or record content: identifiers of
// exchanges (UUID), agencies (USCC), codes, counts and times only. Threads: any.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace chuanyu::log {

enum class Level { debug, info, warn, error };

struct Field {
  std::string_view key;
  std::string text;
  bool quoted = true;  // numbers and booleans stand bare

  Field(std::string_view k, std::string_view v) : key(k), text(v) {}
  Field(std::string_view k, const std::string& v) : key(k), text(v) {}
  Field(std::string_view k, const char* v) : key(k), text(v) {}
  Field(std::string_view k, bool v) : key(k), text(v ? "true" : "false"), quoted(false) {}
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>>>
  Field(std::string_view k, T v) : key(k), text(std::to_string(v)), quoted(false) {}
};

using Fields = std::initializer_list<Field>;

// Below `level` nothing is written. Default: info. debug | info | warn | error; false for any other word.
bool set_level(std::string_view level);
void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { write(Level::warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }

}  // namespace chuanyu::log
