#include <iostream>

#include "adapters/tool/verbs.h"

namespace chuanyu::adapters::tool {

using nlohmann::json;

void add_plugins(CLI::App& verb, PluginOptions& plugins) {
  verb.add_option("--plugins-in-process", plugins.allow, "可在本进程内运行的插件名单，同网关配置的同名项")
      ->type_name("文件");
}

json to_json(const Error& error) {
  const auto& about = info(error.code);
  return {{"code", std::string(about.name)},
          {"title", std::string(about.title_zh)},
          {"detail", error.detail},
          {"where", error.where},
          {"advice", std::string(about.advice)}};
}

int report_invalid(const std::vector<Error>& errors, bool as_json) {
  if (as_json) {
    json list = json::array();
    for (const auto& error : errors) list.push_back(to_json(error));
    std::cout << json{{"ok", false}, {"errors", list}}.dump(2) << "\n";
  } else {
    for (const auto& error : errors) std::cerr << error.to_text() << "\n";
    std::cerr << "映射有 " << errors.size() << " 处错误\n";
  }
  const bool unreadable = errors.size() == 1 && errors[0].code == Code::CONFIG_UNREADABLE;
  return unreadable ? kIo : kInvalid;
}

}  // namespace chuanyu::adapters::tool
