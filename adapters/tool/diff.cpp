// chuanyu-map diff: which records of a document come out differently with another version of the mappings.
#include <algorithm>
#include <iostream>

#include "adapters/tool/verbs.h"
#include "schemas/canonical_json.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

struct DiffOptions {
  std::string old_folder;
  std::string new_folder;
  PluginOptions plugins;
  std::string from;
  std::string file = "-";
  bool as_json = false;
};

// What a version makes of a record, in words that can be compared.
struct Outcome {
  json canonical;  // null when refused
  Bytes native;    // written anew from it
  std::string error;
  std::vector<std::string> notes;
};

Outcome outcome_of(const Adapter& adapter, const Bytes& record) {
  Outcome out;
  const auto read = adapter.get(record);
  if (!read.ok()) {
    out.error = read.error().to_text();
    return out;
  }
  const auto text = schemas::to_json(adapter.profile().kind, read->bytes);
  if (text.ok()) out.canonical = json::parse(*text);
  const auto written = adapter.create(read->bytes);
  if (written.ok())
    out.native = written->bytes;
  else
    out.error = "写：" + written.error().to_text();
  for (const auto& n : read->notes)
    out.notes.push_back(std::string(to_string(n.kind)) + " " + n.native + " " + n.message);
  if (written.ok()) {
    for (const auto& n : written->notes)
      out.notes.push_back(std::string(to_string(n.kind)) + " " + n.canonical + " " + n.message);
  }
  return out;
}

// One line for each difference; none when the record comes out the same.
std::vector<std::string> differences(const Outcome& before, const Outcome& after) {
  std::vector<std::string> out;
  const auto shown = [](const json& value, const std::string& pointer) {
    const json::json_pointer at(pointer);
    return value.is_structured() && value.contains(at) ? value.at(at).dump() : std::string("没有");
  };
  if (before.error != after.error) {
    out.push_back((before.error.empty() ? std::string("原可转换") : before.error) + " => " +
                  (after.error.empty() ? std::string("可转换") : after.error));
  }
  if (!before.canonical.is_null() && !after.canonical.is_null()) {
    for (const auto& step : json::diff(before.canonical, after.canonical)) {
      const std::string pointer = step.at("path");
      out.push_back(pointer + " " + shown(before.canonical, pointer) + " => " + shown(after.canonical, pointer));
    }
  }
  if (before.canonical == after.canonical && before.native != after.native) out.emplace_back("写出的原格式字节不同");
  for (const auto& note : after.notes) {
    if (std::find(before.notes.begin(), before.notes.end(), note) == before.notes.end()) out.push_back("+ " + note);
  }
  for (const auto& note : before.notes) {
    if (std::find(after.notes.begin(), after.notes.end(), note) == after.notes.end()) out.push_back("- " + note);
  }
  return out;
}

int diff(const DiffOptions& options) {
  const auto before = find_adapter(options.old_folder, options.plugins, options.from, options.as_json);
  if (before.adapter == nullptr) return before.exit;
  const auto after = find_adapter(options.new_folder, options.plugins, options.from, options.as_json);
  if (after.adapter == nullptr) return after.exit;
  std::size_t records = 0;
  json list = json::array();
  const bool read =
      each_record(*after.adapter, options.file, [&](std::uint64_t number, std::uint64_t, const Result<Bytes>& record) {
        ++records;
        if (!record.ok()) return;  // neither version sees it
        const auto lines = differences(outcome_of(*before.adapter, *record), outcome_of(*after.adapter, *record));
        if (lines.empty()) return;
        list.push_back({{"record", number}, {"differences", lines}});
        if (options.as_json) return;
        std::cout << "第 " << number << " 条\n";
        for (const auto& line : lines) std::cout << "  " << line << "\n";
      });
  if (!read) return kIo;
  const auto& old_profile = before.adapter->profile();
  const auto& new_profile = after.adapter->profile();
  if (options.as_json) {
    std::cout
        << json{{"mapping", options.from},
                {"old", {{"version", old_profile.mapping_version}, {"fingerprint", hex(old_profile.fingerprint)}}},
                {"new", {{"version", new_profile.mapping_version}, {"fingerprint", hex(new_profile.fingerprint)}}},
                {"records", records},
                {"different", list}}
               .dump(2)
        << "\n";
  } else {
    std::cout << options.from << " " << old_profile.mapping_version << " 与 " << new_profile.mapping_version << "：共 "
              << records << " 条，" << list.size() << " 条不同\n";
  }
  return list.empty() ? kOk : kRejected;
}

}  // namespace

Verb add_diff(CLI::App& app) {
  auto options = std::make_shared<DiffOptions>();
  auto* verb = app.add_subcommand("diff", "比较映射的两个版本：文档中哪些记录会转换得不同，不同在哪里");
  verb->add_option("--old", options->old_folder, "旧版映射目录")->required()->type_name("目录");
  verb->add_option("--new", options->new_folder, "新版映射目录")->required()->type_name("目录");
  add_plugins(*verb, options->plugins);
  verb->add_option("--from", options->from, "文档的格式，如 sc.case.v1")->required()->type_name("格式");
  verb->add_option("文件", options->file, "文档；缺省为 -，即标准输入")->type_name("");
  verb->add_flag("--json", options->as_json, "结果以 JSON 输出");
  return {verb, [options] { return diff(*options); }};
}

}  // namespace chuanyu::adapters::tool
