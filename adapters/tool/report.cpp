// What the verbs of chuanyu-map share: mistakes as text and JSON, adapters by name, the records of a document.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "adapters/tool/verbs.h"

namespace chuanyu::adapters::tool {

using nlohmann::json;

void add_plugins(CLI::App& verb, PluginOptions& plugins) {
  verb.add_option("--plugins-in-process", plugins.allow, "可在本进程内运行的插件名单，同网关配置的同名项")
      ->type_name("文件");
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

Found find_adapter(const std::string& folder, const PluginOptions& plugins, const std::string& profile, bool as_json) {
  const auto loaded = Registry::load(folder, plugins);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return {nullptr, report_invalid(*errors, as_json)};
  auto adapter = std::get<std::shared_ptr<const Registry>>(loaded)->find(profile);
  if (adapter == nullptr) std::cerr << error(Code::CLIENT_PROFILE_UNKNOWN, profile).to_text() << "\n";
  return {adapter, adapter == nullptr ? kUsage : kOk};
}

namespace {

bool read_records(const Adapter& adapter, std::istream& in,
                  const std::function<void(std::uint64_t, std::uint64_t, const Result<Bytes>&)>& use) {
  const auto reader = adapter.reader();
  std::string chunk(1 << 16, '\0');
  std::uint64_t number = 0;
  for (bool last = false; !last && !reader->fatal();) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    last = in.eof();
    if (in.bad() || (in.fail() && !last)) return false;
    reader->feed({chunk.data(), static_cast<std::size_t>(in.gcount())}, last);
    while (true) {
      auto record = reader->next();
      if (record.ok() && record->bytes.empty()) break;
      if (record.ok()) {
        number = record->number;
        use(number, record->line, Bytes(record->bytes));
      } else {
        use(++number, 0, std::move(record).error());
        if (reader->fatal()) break;
      }
    }
  }
  return true;
}

}  // namespace

bool each_record(const Adapter& adapter, const std::string& file,
                 const std::function<void(std::uint64_t, std::uint64_t, const Result<Bytes>&)>& use) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  if (file != "-" && !opened) {
    std::cerr << "不能读取 " << file << "\n";
    return false;
  }
  if (read_records(adapter, file == "-" ? std::cin : opened, use)) return true;
  std::cerr << "读取失败：" << file << "\n";
  return false;
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
