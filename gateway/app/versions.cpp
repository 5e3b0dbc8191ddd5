#include "gateway/app/versions.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

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
    errors.push_back(error(Code::CONFIG_VALUE, "应为 {\"accepted\": [\"格式@版本\", …]}，如 sc.case.v1@2.0.0", file));
    return accepted;
  }
  for (const auto& name : document["accepted"]) accepted.insert(name.get<std::string>());
  return accepted;
}

std::vector<Error> breaking(const adapters::Registry& now, const adapters::Registry& in_force,
                            const std::set<std::string>& accepted) {
  std::vector<Error> errors = now.compatible_with(in_force);
  for (const auto& adapter : now.all()) {
    const adapters::Profile& profile = adapter->profile();
    const auto before = in_force.find(profile.id);
    if (!before || major_of(profile.mapping_version) <= major_of(before->profile().mapping_version)) continue;
    const std::string name = profile.id + "@" + profile.mapping_version;
    const std::string file = "/" + profile.id + ".mapping.json#";
    for (Error& found : errors) {
      if (found.where.find(file) == std::string::npos) continue;
      found.detail += "；确须如此，请在 accepted_mappings 所指的文件中写上 " + name;
    }
    if (accepted.contains(name))
      std::erase_if(errors, [&](const Error& found) { return found.where.find(file) != std::string::npos; });
  }
  return errors;
}

}  // namespace chuanyu::app
