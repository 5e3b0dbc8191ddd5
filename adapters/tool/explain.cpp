// chuanyu-map explain: what every rule made of a record, where it stands in the bytes, what was kept and what was lost.
#include <fstream>
#include <iostream>
#include <iterator>

#include "adapters/explain.h"
#include "adapters/tool/verbs.h"
#include "schemas/canonical_json.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

struct ExplainOptions {
  std::string folder;
  PluginOptions plugins;
  std::string from;
  std::string file = "-";
  std::string put;
  std::uint64_t record = 0;
  bool masked = false;
  bool as_json = false;
};

json json_of(const Explanation& explanation, const Adapter& adapter, std::uint64_t number) {
  json steps = json::array();
  for (const auto& s : explanation.steps) {
    steps.push_back({{"rule", s.rule},
                     {"as", s.as},
                     {"native", s.native},
                     {"offset", s.there ? json(s.offset) : json()},
                     {"length", s.there ? json(s.length) : json()},
                     {"lexeme", s.lexeme},
                     {"canonical", s.canonical},
                     {"value", s.value}});
  }
  json splices = json::array();
  for (const auto& s : explanation.splices)
    splices.push_back({{"offset", s.offset}, {"length", s.length}, {"before", s.before}, {"after", s.after}});
  json notes = json::array();
  for (const auto& n : explanation.converted.notes) {
    notes.push_back({{"kind", std::string(to_string(n.kind))},
                     {"rule", n.rule},
                     {"native", n.native},
                     {"canonical", n.canonical},
                     {"message", n.message}});
  }
  return {{"record", number},
          {"mapping", adapter.profile().id},
          {"version", adapter.profile().mapping_version},
          {"fingerprint", hex(adapter.profile().fingerprint)},
          {"steps", steps},
          {"splices", splices},
          {"notes", notes}};
}

void print(const Explanation& explanation, const Adapter& adapter, std::uint64_t number, std::size_t size) {
  const auto& profile = adapter.profile();
  std::cout << "第 " << number << " 条，" << size << " 字节　" << profile.id << " " << profile.mapping_version << " "
            << hex(profile.fingerprint) << "\n";
  for (const auto& s : explanation.steps) {
    std::cout << "  " << s.rule << "　" << s.native;
    if (s.there) std::cout << "@" << s.offset << "+" << s.length;
    if (!s.native.empty()) std::cout << (!s.there ? " 没有" : s.lexeme.empty() ? " （空）" : " " + s.lexeme);
    std::cout << (s.there || !s.native.empty() ? " -> " : "") << s.as;
    if (!s.canonical.empty()) std::cout << " -> " << s.canonical << (s.value.empty() ? " 未设" : "=" + s.value);
    std::cout << "\n";
  }
  for (const auto& n : explanation.converted.notes) {
    std::cout << "  " << to_string(n.kind) << "　" << n.native << (n.native.empty() ? "" : " ") << n.canonical << "："
              << n.message << "\n";
  }
  for (const auto& s : explanation.splices)
    std::cout << "  改写 @" << s.offset << "+" << s.length << " " << s.before << " => " << s.after << "\n";
}

// The canonical record to write, from the JSON that convert --to canonical prints.
Result<Bytes> edited_record(const Adapter& adapter, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return error(Code::LOCAL_IO, "不能读取", file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_array() && document.size() == 1) document = json(document.front());
  if (!document.is_object())
    return error(Code::CLIENT_JSON_INVALID, "应为一条标准记录；文件中有几条时请只留改过的一条", file);
  return schemas::from_json(adapter.profile().kind, document.dump());
}

std::string id_of_canonical(const Adapter& adapter, const Bytes& canonical) {
  const auto view = schemas::view_record(adapter.profile().kind, canonical);
  return view.ok() ? std::string(view->id) : "";
}
std::string id_of(const Adapter& adapter, const Bytes& native) {
  const auto read = adapter.get(native);
  return read.ok() ? id_of_canonical(adapter, read->bytes) : "";
}

int explain(const ExplainOptions& options) {
  const auto found = find_adapter(options.folder, options.plugins, options.from, options.as_json);
  if (found.adapter == nullptr) return found.exit;
  Bytes edited;
  if (!options.put.empty()) {
    auto canonical = edited_record(*found.adapter, options.put);
    if (!canonical.ok()) {
      std::cerr << canonical.error().to_text() << "\n";
      return canonical.error().code == Code::LOCAL_IO ? kIo : kRejected;
    }
    edited = std::move(*canonical);
  }
  const std::string id = edited.empty() ? "" : id_of_canonical(*found.adapter, edited);
  json list = json::array();
  bool seen = false;
  bool refused = false;
  const auto refuse = [&](std::uint64_t number, const Error& why) {
    refused = true;
    list.push_back({{"record", number}, {"error", to_json(why)}});
    if (!options.as_json) std::cerr << "第 " << number << " 条：" << why.to_text() << "\n";
  };
  const bool read =
      each_record(*found.adapter, options.file, [&](std::uint64_t number, std::uint64_t, const Result<Bytes>& record) {
        if (options.record != 0 && number != options.record) return;
        // Without a number the edit is written into the record that it is an edit of.
        if (!edited.empty() && options.record == 0 && (!record.ok() || id_of(*found.adapter, *record) != id)) return;
        seen = true;
        if (!record.ok()) return refuse(number, record.error());
        auto explained = edited.empty() ? found.adapter->explain(*record) : found.adapter->explain_put(edited, *record);
        if (!explained.ok()) return refuse(number, explained.error());
        if (options.masked) mask(*explained);
        list.push_back(json_of(*explained, *found.adapter, number));
        if (!options.as_json) print(*explained, *found.adapter, number, record->size());
      });
  if (!read) return kIo;
  if (!seen) std::cerr << (options.record == 0 ? "文档中没有记录\n" : "文档中没有这一条\n");
  if (options.as_json) std::cout << list.dump(2) << "\n";
  return refused || !seen ? kRejected : kOk;
}

}  // namespace

Verb add_explain(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  auto* verb =
      app.add_subcommand("explain", "逐条规则说明一条记录怎样转换：原文在第几个字节、读成什么、留下什么、丢了什么");
  verb->add_option("--mappings", options->folder, "映射目录（含子目录）")->required()->type_name("目录");
  add_plugins(*verb, options->plugins);
  verb->add_option("--from", options->from, "文档的格式，如 sc.case.v1")->required()->type_name("格式");
  verb->add_option("文件", options->file, "文档；缺省为 -，即标准输入")->type_name("");
  verb->add_option("--record", options->record, "只看第几条；缺省为全部")->type_name("序号");
  verb->add_option("--put", options->put,
                   "改后的标准记录（JSON，同 convert --to canonical 的输出）：说明会改写原文哪些字节，不写入；没有 "
                   "--record 时写进标识相同的一条")
      ->type_name("文件");
  verb->add_flag("--mask", options->masked, "不显示文字与标识，只显示字数；代码、日期、金额照常");
  verb->add_flag("--json", options->as_json, "结果以 JSON 输出");
  return {verb, [options] { return explain(*options); }};
}

}  // namespace chuanyu::adapters::tool
