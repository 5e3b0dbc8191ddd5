// gateway/config/section.h: one object of the configuration file, read key by key. Private to this room.
//
// Each read names the key, says what it must look like and notes an error when it does not; the caller goes on with the
// default, so that one run finds every error. The destructor's twin is finish(): it reports the keys that nobody asked
// for. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/config/config.h"

namespace chuanyu::config {

// What all sections of one file share.
struct Reading {
  std::string path;    // of the file, as the operator wrote it
  std::string folder;  // where relative paths start; "" or ends with '/'
  Files files = Files::check;
  std::vector<Error> errors;

  void fail(Code code, std::string detail, const std::string& pointer);
};

enum class Need { mandatory, optional };
enum class FileKind {
  open,    // may be read by anybody
  secret,  // only its owner may read it
  kek,     // secret, and 32 bytes
  folder,  // must exist
  made     // a folder that is made when missing
};

class Section {
 public:
  // `value` that is not an object is an error; nullptr is an empty object (all defaults).
  Section(Reading& reading, const nlohmann::json* value, std::string pointer);

  void text(const char* key, std::string& out, Need need = Need::optional);
  // As text, and `fits` must hold; `wanted` says in Chinese what was expected.
  void text(const char* key, std::string& out, Need need, const std::function<bool(const std::string&)>& fits,
            std::string_view wanted);
  void boolean(const char* key, bool& out);
  void file(const char* key, std::string& out, FileKind kind, Need need = Need::mandatory);

  template <typename Integer>
  void number(const char* key, Integer& out, std::int64_t least, std::int64_t most) {
    if (const auto read = integer(key, least, most)) out = static_cast<Integer>(*read);
  }
  // The key ends in _ms.
  void duration(const char* key, std::chrono::milliseconds& out, std::int64_t least, std::int64_t most);

  // A member that is itself an object or array; nullptr when it is not there.
  const nlohmann::json* member(const char* key, Need need = Need::optional);
  Section object(const char* key, Need need = Need::optional);
  std::string pointer(std::string_view key) const;
  void fail(Code code, std::string detail, std::string_view key);
  void finish();  // unknown keys

 private:
  std::optional<std::int64_t> integer(const char* key, std::int64_t least, std::int64_t most);

  Reading& reading_;
  const nlohmann::json* value_;
  std::string pointer_;
  std::vector<std::string> known_;
};

}  // namespace chuanyu::config
