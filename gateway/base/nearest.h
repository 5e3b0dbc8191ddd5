// gateway/base/nearest.h: which known word a mistyped one was probably meant to be, for messages that suggest it.
//
// Threads: pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chuanyu {

// The word of `known` that is fewest edits away; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace chuanyu
