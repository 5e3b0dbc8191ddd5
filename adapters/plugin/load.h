// adapters/plugin/load.h: from a declaration to an adapter: digest, isolation, interface, canonical type.
//
// Threads: plain functions; starts worker processes. Failure: each mistake with its place; nothing is thrown.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters::plugin {

// One folder's plug-ins are loaded by one loader.
class Loader {
 public:
  Loader(const PluginOptions& options, std::vector<Error>& errors);

  // nullptr when something is wrong with it.
  std::shared_ptr<const Adapter> load(const std::string& declaration_file);

 private:
  std::string worker_;
  std::set<std::string> in_process_;
  std::vector<Error>& errors_;
};

}  // namespace chuanyu::adapters::plugin
