// tests/unit/adapters/plugin_testing.h: plug-ins of the build tree, declared for a test.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/crypto/digest.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters::testing {

using nlohmann::json;

inline std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string plugin_path(const std::string& name) {
  return std::string(CHUANYU_BIN_DIR) + "/../plugins/" + name + "/" + name + ".so";
}

// A folder with one plug-in and its declaration, which a test may change before it loads.
class PluginFolder {
 public:
  explicit PluginFolder(const std::string& library, const std::string& plugin = "cn.county.fixed-case") {
    const std::string bytes = read_whole(plugin_path(library));
    EXPECT_FALSE(bytes.empty()) << plugin_path(library);
    digest = to_hex(crypto::view(crypto::sha256(bytes)));
    folder.write("adapters/" + library + ".so", bytes);
    declaration = {{"plugin", plugin},
                   {"profile", "county.case.v1"},
                   {"kind", "case"},
                   {"media_type", "text/plain; charset=GB18030"},
                   {"charset", "gb18030-2022"},
                   {"library", library + ".so"},
                   {"sha256", digest},
                   {"isolation", "worker"},
                   {"limits", {{"bytes", 4096}, {"memory_mib", 64}, {"deadline_ms", 5000}, {"restarts", 3}}}};
  }
  void in_process() {
    declaration["isolation"] = "in-process";
    folder.write("allow.json", json({{"in_process", {digest}}}).dump());
    options.allow = folder.path() + "/allow.json";
  }
  std::variant<std::shared_ptr<const Registry>, std::vector<Error>> load() {
    folder.write("adapters/county.case.v1.plugin.json", declaration.dump());
    return Registry::load(folder.path() + "/adapters", options);
  }
  std::shared_ptr<const Adapter> adapter() {
    auto loaded = load();
    if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
      for (const auto& e : *errors) ADD_FAILURE() << e.to_text();
      std::abort();
    }
    return std::get<std::shared_ptr<const Registry>>(loaded)->find("county.case.v1");
  }
  // "CODE file#/pointer" of each mistake, the file without its folder.
  std::vector<std::string> mistakes() {
    auto loaded = load();
    std::vector<std::string> out;
    if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
      for (const auto& e : *errors) {
        out.push_back(std::string(to_string(e.code)) + " " +
                      std::filesystem::path(e.where).lexically_relative(folder.path()).string());
      }
    }
    return out;
  }

  Folder folder;
  json declaration;
  std::string digest;
  PluginOptions options{"", std::string(CHUANYU_BIN_DIR) + "/chuanyu-adapter-worker"};
};

}  // namespace chuanyu::adapters::testing
