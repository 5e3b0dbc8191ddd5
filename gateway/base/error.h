// gateway/base/error.h: what went wrong, where, and what to do: one stable code per failure.
//
// An Error travels from the room that found the failure to whoever must act on it: a caller (problem JSON), an
// operator (log, table) or an author of a file. `detail` and `where` may be shown to that person, so they never
// hold personal data, keys or paths of this machine that the person did not write.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace chuanyu {

enum class Code : std::uint16_t {
#define CHUANYU_ERROR(name, status, zh, en, todo) name,
#include "gateway/base/error_codes.def"
#undef CHUANYU_ERROR
};

// The fixed text of a code. `http_status` is 0 for codes that no HTTP answer carries.
struct CodeInfo {
  Code code;
  std::string_view name;
  int http_status;
  std::string_view title_zh;
  std::string_view title_en;
  std::string_view advice;
};

const CodeInfo& info(Code code);
std::string_view to_string(Code code);

// Looks a code up by its name; nullptr when there is none.
const CodeInfo* find_code(std::string_view name);

// A native value that a code set does not know. `text` is the source's own word: never shown, only counted, and masked
// where a person sees it.
struct CodeGap {
  std::string set;
  std::string text;
};

struct Error {
  Code code = Code::LOCAL_INTERNAL;
  std::string detail;  // one sentence in Chinese that says what was expected and what was found; no personal data
  std::string where;   // JSON pointer, XML path, column name, or file:line; empty when the whole request is meant
  std::shared_ptr<const CodeGap> gap{};  // of a record that was refused for it; otherwise none

  // "CODE: title: detail (where)": for logs and command lines.
  std::string to_text() const;
};

// error(Code::X, "说明", "/place")
inline Error error(Code code, std::string detail = {}, std::string where = {}) {
  return Error{code, std::move(detail), std::move(where), {}};
}

}  // namespace chuanyu
