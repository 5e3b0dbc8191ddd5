// adapters/plugin/declaration.h: <profile>.plugin.json, the file beside a plug-in that says what it is for, and the
// operator's list of libraries that may run in process. adapters/README.md describes both.
//
// Threads: plain values. Failure: every mistake with file#/json/pointer; nothing is thrown.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "adapters/adapter.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {

constexpr std::string_view kSuffix = ".plugin.json";

struct Declaration {
  std::string file;
  Profile profile;  // without version and fingerprint, which are the library's
  std::string plugin;
  std::string library;  // path
  std::string sha256;
  bool in_process = false;
  std::string config;   // JSON
  std::string samples;  // path of native records to be tried at load; may be empty
  Limits limits;
};

// Nothing when the file is mistaken.
std::optional<Declaration> parse_declaration(const std::string& file, std::vector<Error>& errors);

// {"in_process": ["<sha256>", ...]}. Empty for an empty path.
std::set<std::string> parse_allow_list(const std::string& file, std::vector<Error>& errors);

}  // namespace chuanyu::adapters::plugin
