// gateway/identity/json_file.h: reads a JSON file that an operator wrote (名录, 策略) and notes every error in it at
// once.
//
// A reader asks for what it knows and goes on after an error; the errors, each with its JSON pointer, are collected in
// the file. Comments (// and /* */) are allowed, unknown and duplicate keys are not. Threads: one at a time. Ownership:
// nodes point into their JsonFile, which must outlive them. Failure: CONFIG_SYNTAX (where: line:column),
// CONFIG_KEY_UNKNOWN, CONFIG_KEY_MISSING, CONFIG_VALUE.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/base/result.h"

namespace chuanyu::identity {

class JsonFile;

enum class Need { optional, mandatory };

struct JsonText {
  std::string key;      // of a member; empty for an element of an array
  std::string text;     // may be empty
  std::string pointer;  // where it stands
};

// One object of the file. A member of another type than asked for is noted and counts as absent.
class JsonNode {
 public:
  void only_keys(std::initializer_list<std::string_view> keys) const;  // notes the others
  bool has(std::string_view key) const;

  std::optional<std::string> text(std::string_view key, Need need) const;  // mandatory: not empty
  bool flag(std::string_view key, bool fallback) const;
  std::vector<JsonText> texts(std::string_view key, Need need) const;  // array of strings; mandatory: not empty
  std::vector<JsonText> members(std::string_view key) const;           // object of strings
  std::optional<JsonNode> object(std::string_view key, Need need) const;
  std::vector<JsonNode> objects(std::string_view key, Need need) const;  // array of objects

  const std::string& pointer() const { return pointer_; }
  std::string pointer(std::string_view key) const;
  void fail(Code code, std::string detail, std::string pointer) const;

 private:
  friend class JsonFile;
  JsonNode(JsonFile& file, const void* value, std::string pointer)
      : file_(&file), value_(value), pointer_(std::move(pointer)) {}
  const void* member(std::string_view key, Need need) const;

  JsonFile* file_;
  const void* value_;  // an object of the parser's
  std::string pointer_;
};

class JsonFile {
 public:
  explicit JsonFile(std::string_view text);
  ~JsonFile();
  JsonFile(const JsonFile&) = delete;
  JsonFile& operator=(const JsonFile&) = delete;

  // Nothing when the text is not JSON or not an object (already noted).
  std::optional<JsonNode> root();
  std::vector<Error>& errors() { return errors_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<Error> errors_;
};

// The whole file, at most 64 MiB; CONFIG_UNREADABLE with the path.
Result<std::string> read_text_file(const std::string& path);

}  // namespace chuanyu::identity
