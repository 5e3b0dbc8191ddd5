#include "gateway/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "gateway/base/clock.h"

namespace chuanyu::log {
namespace {

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("chuanyu", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *kLogger;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "error";
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (value < 0x20) {
      out.append("\\u00").push_back(kHex[value >> 4]);
      out.push_back(kHex[value & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

bool set_level(std::string_view level) {
  for (const Level known : {Level::debug, Level::info, Level::warn, Level::error}) {
    if (name(known) == level) {
      sink().set_level(to_spdlog(known));
      return true;
    }
  }
  return false;
}

void write(Level level, std::string_view event, Fields fields) {
  if (!sink().should_log(to_spdlog(level))) return;
  std::string line = "{\"time\":\"" + to_rfc3339(SystemClock{}.now()) + "\",\"level\":\"";
  line.append(name(level)).append("\",\"event\":");
  append_quoted(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    append_quoted(line, field.key);
    line.push_back(':');
    if (field.quoted) {
      append_quoted(line, field.text);
    } else {
      line.append(field.text);
    }
  }
  line.push_back('}');
  sink().log(to_spdlog(level), "{}", line);
}

}  // namespace chuanyu::log
