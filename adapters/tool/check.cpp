// chuanyu-map check: every mistake of every mapping of a folder; of sound ones, what they carry and what not.
#include <cstdio>
#include <iostream>

#include "adapters/tool/verbs.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

int check(const std::string& folder, bool as_json) {
  const auto loaded = Registry::load(folder);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return report_invalid(*errors, as_json);
  const auto all = std::get<std::shared_ptr<const Registry>>(loaded)->all();
  json list = json::array();
  for (const auto& adapter : all) {
    const auto& p = adapter->profile();
    list.push_back({{"profile", p.id},
                    {"version", p.mapping_version},
                    {"kind", std::string(to_string(p.kind))},
                    {"format", std::string(to_string(p.syntax))},
                    {"charset", p.charset},
                    {"fingerprint", hex(p.fingerprint)}});
    if (!as_json) {
      std::printf("%-16s %-8s %-8s %-5s %-13s %s\n", p.id.c_str(), p.mapping_version.c_str(),
                  std::string(to_string(p.kind)).c_str(), std::string(to_string(p.syntax)).c_str(), p.charset.c_str(),
                  hex(p.fingerprint).c_str());
    }
  }
  if (as_json)
    std::cout << json{{"ok", true}, {"mappings", list}}.dump(2) << "\n";
  else
    std::printf("%zu 个映射，没有错误\n", all.size());
  return kOk;
}

}  // namespace

Verb add_check(CLI::App& app) {
  struct Options {
    std::string folder;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand("check", "检查目录中的全部 *.mapping.json，一次列出所有错误及其位置");
  verb->add_option("目录", options->folder, "映射目录（含子目录）")->required()->type_name("");
  verb->add_flag("--json", options->as_json, "结果以 JSON 输出");
  return {verb, [options] { return check(options->folder, options->as_json); }};
}

}  // namespace chuanyu::adapters::tool
