// adapters/gaps.h: how a native value that a code set does not know is shown to people.
// Threads: pure function. Failure: none.
#pragma once

#include <string>
#include <string_view>

namespace chuanyu::adapters {

// Enough to recognise a code, too little to name a person: at most the first two characters, digits as 9, then the
// length. "限制…（6 字）", "99（2 字）", "张…（2 字）".
std::string masked_sample(std::string_view utf8);

}  // namespace chuanyu::adapters
