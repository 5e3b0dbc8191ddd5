// gateway/base/json_mistakes.h: what a JSON parser does not tell about a file that people write.
//
// A parser keeps the last of two equal keys and says nothing, and counts bytes where a person looks for a line.
// Threads: a pure function. Failure: every mistake with its place; nothing is thrown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/error.h"

namespace chuanyu {

// A key as it stands in a JSON pointer (RFC 6901): ~ and / escaped.
std::string json_pointer_token(std::string_view key);

// CONFIG_VALUE for each key that stands twice in one object (`where`: "/json/pointer", of a file "file#/json/pointer"),
// and CONFIG_SYNTAX for the first place that is not JSON ("line:column", from 1, in characters, or "file:line:column").
// Comments are allowed. Empty: the text can be parsed.
std::vector<Error> json_mistakes(std::string_view text, const std::string& file = {});

}  // namespace chuanyu
