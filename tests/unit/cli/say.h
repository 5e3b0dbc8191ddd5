// The command line called in this process, as a shell would.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "gateway/cli/cli.h"

namespace chuanyu::cli {

struct Said {
  int exit = 0;
  std::string out;
  std::string err;
};

// `words` as a shell splits them, the program's name first.
inline Said say(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int exit = run(static_cast<int>(argv.size()), argv.data(), out, err);
  return {exit, out.str(), err.str()};
}

}  // namespace chuanyu::cli
