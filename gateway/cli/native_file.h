// gateway/cli/native_file.h: a record's file as an agency has it: its media type and its record's id.
//
// The bytes are never changed: the gateway converts. Threads: pure functions.
// Failure: load() says which file cannot be read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::cli {

struct NativeFile {
  std::string path;
  Bytes bytes;
  std::string media_type;  // by the file's name; may be overridden
};

Result<NativeFile> load(const std::string& path);  // "-": standard input, as JSON

// application/json, application/x-ndjson, application/xml or text/csv by the name's ending; empty for any other.
std::string media_type_of(std::string_view path);

// The id of the one record in the file, in any of the six profiles (GB18030 or UTF-8); nothing when it cannot be told.
std::optional<std::string> record_id(std::string_view bytes, std::string_view media_type);

}  // namespace chuanyu::cli
