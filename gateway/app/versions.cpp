#include "gateway/app/versions.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/content.h"

namespace chuanyu::app {
namespace {

unsigned major_of(const std::string& version) {
  unsigned number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

}  // namespace

std::set<std::string> accepted_mappings(const std::string& file, std::vector<Error>& errors) {
  std::set<std::string> accepted;
  if (file.empty()) return accepted;
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  const bool sound =
      document.is_object() && document.size() == 1 && document.contains("accepted") &&
      document["accepted"].is_array() &&
      std::all_of(document["accepted"].begin(), document["accepted"].end(), [](const auto& name) {
        return name.is_string() && name.template get_ref<const std::string&>().find('@') != std::string::npos;
      });
  if (!sound) {
    errors.push_back(
        error(Code::CONFIG_VALUE,
              "应为 {\"accepted\": [\"格式@版本\", …]}，如 sc.case.v1@2.0.0；不再有映射的格式写 格式@removed", file));
    return accepted;
  }
  for (const auto& name : document["accepted"]) accepted.insert(name.get<std::string>());
  return accepted;
}

std::vector<Error> breaking(const adapters::Registry& now, const std::vector<exchange::MappingVersion>& versions,
                            const std::set<std::string>& accepted) {
  const ledger::MappingRef& last = versions.back().mapping;
  const auto adapter = now.find(last.id);
  if (adapter && adapter->profile().fingerprint == last.fingerprint) return {};
  const std::string version = adapter ? adapter->profile().mapping_version : "removed";
  const bool may_break = !adapter || major_of(version) > major_of(last.version);
  const std::string name = last.id + "@" + version;
  if (may_break && accepted.contains(name)) return {};
  std::vector<Error> errors;
  for (const auto& [mapping, content] : versions) {
    if (major_of(mapping.version) != major_of(last.version)) continue;  // before a break that was accepted
    for (Error& found : adapters::incompatible_with(now, mapping.id, content)) {
      if (may_break) found.detail += "；确须如此，请在 accepted_mappings 所指的文件中写上 " + name;
      const auto same = [&](const Error& e) { return e.where == found.where && e.detail == found.detail; };
      if (std::none_of(errors.begin(), errors.end(), same)) errors.push_back(std::move(found));
    }
  }
  return errors;
}

}  // namespace chuanyu::app
