#include "adapters/tool/unused.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace chuanyu::adapters::tool {
namespace {

namespace fs = std::filesystem;

void collect(const std::vector<RuleSpec>& rules, std::set<std::string>& used) {
  for (const auto& rule : rules) {
    if (rule.as) used.insert(rule.as->codeset);
    if (rule.item) used.insert(rule.item->codeset);
    for (const auto& option : rule.cases) {
      if (option.as) used.insert(option.as->codeset);
    }
    collect(rule.rules, used);
  }
}

// Goldens and fixtures lie in the same folder; only a code set has pairs.
bool is_code_set(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const auto value = nlohmann::json::parse(in, nullptr, false, true);
  return value.is_object() && value.contains("pairs") && value["pairs"].is_array();
}

std::string without_pointer(const std::string& at) { return at.substr(0, at.rfind('#')); }

}  // namespace

std::vector<Error> unused_code_sets(const std::string& folder, const std::vector<Spec>& specs) {
  std::vector<Error> out;
  std::set<fs::path> named;
  for (const auto& spec : specs) {
    std::set<std::string> used;
    collect(spec.rules, used);
    for (const auto& [name, set] : spec.codesets) {
      named.insert(fs::weakly_canonical(without_pointer(set.at)));
      if (!used.contains(name))
        out.push_back(error(Code::MAPPING_INVALID, "没有规则用到代码集 " + name + "，可以删去",
                            spec.file + "#/codesets/" + name));
    }
  }
  std::error_code failed;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".json" && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    if (!named.contains(fs::weakly_canonical(file)) && is_code_set(file))
      out.push_back(error(Code::MAPPING_INVALID, "没有映射用到这个代码集文件，可以删去", file.string()));
  }
  return out;
}

}  // namespace chuanyu::adapters::tool
