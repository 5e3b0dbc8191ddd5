// chuanyu-map: for those who write mappings: check a folder of them, convert documents with them.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/adapter.h"
#include "gateway/terminal/usage.h"
#include "schemas/canonical_json.h"

namespace {

using chuanyu::Error;
using chuanyu::adapters::Adapter;
using chuanyu::adapters::Note;
using chuanyu::adapters::PluginOptions;
using chuanyu::adapters::Registry;
using nlohmann::json;

// Documented in --help and held by tests.
enum Exit { kOk = 0, kRejected = 1, kUsage = 2, kInvalid = 3, kIo = 4 };

constexpr const char* kFooter = R"(退出码：0 成功；1 有记录未能转换；2 用法有误；3 映射有错误；4 文件不能读写
例：
  chuanyu-map check adapters
  chuanyu-map convert --mappings adapters --from sc.case.v1 --to cq.case.v1 case.xml --out case.json
)";

std::string_view word(Note::Kind kind) {
  switch (kind) {
    case Note::Kind::loss: return "loss";
    case Note::Kind::gap: return "gap";
    case Note::Kind::unmapped: return "unmapped";
    case Note::Kind::normalised: return "normalised";
    case Note::Kind::warning: return "warning";
  }
  return "";
}

json to_json(const Error& error) {
  const auto& about = chuanyu::info(error.code);
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
  const bool unreadable = errors.size() == 1 && errors[0].code == chuanyu::Code::CONFIG_UNREADABLE;
  return unreadable ? kIo : kInvalid;
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

int check(const std::string& folder, const PluginOptions& plugins, bool as_json) {
  const auto loaded = Registry::load(folder, plugins);
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

struct ConvertOptions {
  std::string folder;
  PluginOptions plugins;
  std::string from;
  std::string to;
  std::string file = "-";
  std::string out = "-";
  bool as_json = false;
};

class Conversion {
 public:
  Conversion(const Adapter& from, const Adapter* to, const ConvertOptions& options)
      : from_(from), to_(to), options_(options) {}

  int run(std::istream& in) {
    const auto reader = from_.reader();
    std::string chunk(1 << 16, '\0');
    bool last = false;
    while (!last && !reader->fatal()) {
      in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      last = in.eof();
      if (in.bad()) return io("读取失败：" + options_.file);
      reader->feed({chunk.data(), static_cast<std::size_t>(in.gcount())}, last);
      while (true) {
        auto record = reader->next();
        if (!record.ok()) {
          refuse(++number_, 0, record.error());
          if (reader->fatal()) break;
          continue;
        }
        if (record->bytes.empty()) break;
        number_ = record->number;
        convert(*record);
      }
    }
    return finish();
  }

 private:
  void convert(const chuanyu::adapters::RecordReader::Record& record) {
    auto canonical = from_.get(record.bytes);
    if (!canonical.ok()) return refuse(record.number, record.line, canonical.error());
    note(record.number, "get", canonical->notes);
    if (to_ == nullptr) {
      auto text = chuanyu::schemas::to_json(from_.profile().kind, canonical->bytes);
      if (!text.ok()) return refuse(record.number, record.line, text.error());
      results_.push_back(std::move(*text));
      return;
    }
    auto native = to_->create(canonical->bytes);
    if (!native.ok()) return refuse(record.number, record.line, native.error());
    note(record.number, "create", native->notes);
    results_.push_back(std::move(native->bytes));
  }

  void refuse(std::uint64_t number, std::uint64_t line, const Error& error) {
    ++refused_;
    json entry = to_json(error);
    entry["record"] = number;
    if (line > 0) entry["line"] = line;
    errors_.push_back(std::move(entry));
    if (!options_.as_json) {
      std::cerr << "第 " << number << " 条" << (line > 0 ? "（第 " + std::to_string(line) + " 行起）" : "") << "："
                << error.to_text() << "\n";
    }
  }

  void note(std::uint64_t number, std::string_view verb, const std::vector<Note>& notes) {
    for (const auto& n : notes) {
      notes_.push_back({{"record", number},
                        {"verb", std::string(verb)},
                        {"kind", std::string(word(n.kind))},
                        {"rule", n.rule},
                        {"native", n.native},
                        {"canonical", n.canonical},
                        {"message", n.message}});
      if (n.kind == Note::Kind::warning) notes_.back()["code"] = std::string(chuanyu::to_string(n.code));
      if (!options_.as_json) {
        std::cerr << "第 " << number << " 条 " << word(n.kind) << " " << (n.native.empty() ? n.canonical : n.native)
                  << "：" << n.message << "\n";
      }
    }
  }

  std::string document() const {
    if (to_ != nullptr) return to_->join({results_.begin(), results_.end()});
    std::string out = "[";
    for (std::size_t i = 0; i < results_.size(); ++i) out += (i == 0 ? "\n" : ",\n") + results_[i];
    return out + "\n]\n";
  }

  int finish() {
    const bool nothing = results_.empty() && refused_ > 0;  // an empty document would look like a result
    if (!nothing && options_.out != "-") {
      std::ofstream out(options_.out, std::ios::binary);
      out << document();
      if (!out.flush()) return io("不能写入 " + options_.out);
    } else if (!nothing && !options_.as_json) {
      std::cout << document() << std::flush;
    }
    if (options_.as_json) {
      std::cout << json{{"from", options_.from}, {"to", options_.to}, {"converted", results_.size()},
                        {"refused", refused_},   {"errors", errors_}, {"notes", notes_}}
                       .dump(2)
                << "\n";
    } else {
      std::cerr << "已转换 " << results_.size() << " 条，未转换 " << refused_ << " 条，说明 " << notes_.size() << " 项"
                << (nothing ? "；没有可写的文档" : "") << "\n";
    }
    return refused_ > 0 ? kRejected : kOk;
  }

  static int io(const std::string& message) {
    std::cerr << message << "\n";
    return kIo;
  }

  const Adapter& from_;
  const Adapter* to_;
  const ConvertOptions& options_;
  std::vector<std::string> results_;
  std::uint64_t number_ = 0;
  std::size_t refused_ = 0;
  json errors_ = json::array();
  json notes_ = json::array();
};

int convert(const ConvertOptions& options) {
  const auto loaded = Registry::load(options.folder, options.plugins);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return report_invalid(*errors, options.as_json);
  const auto& registry = *std::get<std::shared_ptr<const Registry>>(loaded);
  const auto from = registry.find(options.from);
  const auto to = options.to == "canonical" ? nullptr : registry.find(options.to);
  for (const auto* id : {&options.from, &options.to}) {
    if (*id != "canonical" && registry.find(*id) == nullptr) {
      std::cerr << chuanyu::error(chuanyu::Code::CLIENT_PROFILE_UNKNOWN, *id).to_text() << "\n";
      return kUsage;
    }
  }
  if (from == nullptr) {
    std::cerr << "--from 须是一个数据格式\n";
    return kUsage;
  }
  if (to != nullptr && to->profile().kind != from->profile().kind) {
    std::cerr << "两个格式不是同一类记录：" << options.from << " 与 " << options.to << "\n";
    return kUsage;
  }
  Conversion conversion(*from, to.get(), options);
  if (options.file == "-") return conversion.run(std::cin);
  std::ifstream in(options.file, std::ios::binary);
  if (!in) {
    std::cerr << "不能读取 " << options.file << "\n";
    return kIo;
  }
  return conversion.run(in);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"chuanyu-map：检查映射文件，按映射转换文档", "chuanyu-map"};
  chuanyu::terminal::begin(app);
  app.require_subcommand(1);
  bool as_json = false;
  std::string folder;
  auto* checking = app.add_subcommand("check", "检查目录中的全部 *.mapping.json，一次列出所有错误及其位置");
  checking->add_option("目录", folder, "映射目录（含子目录）")->required()->type_name("");
  checking->add_flag("--json", as_json, "结果以 JSON 输出");
  ConvertOptions options;
  auto* converting = app.add_subcommand("convert", "把一个文档从一种格式转换为另一种，列出未能带过去的内容");
  converting->add_option("--mappings", options.folder, "映射目录（含子目录）")->required()->type_name("目录");
  converting->add_option("--from", options.from, "来源格式，如 sc.case.v1")->required()->type_name("格式");
  converting->add_option("--to", options.to, "目标格式，如 cq.case.v1；canonical 为标准记录的 JSON")
      ->required()
      ->type_name("格式");
  converting->add_option("文件", options.file, "来源文档；缺省为 -，即标准输入")->type_name("");
  converting->add_option("--out", options.out, "目标文档；缺省为 -，即标准输出（与 --json 同用时不输出文档）")
      ->type_name("文件");
  converting->add_flag("--json", as_json, "报告以 JSON 输出到标准输出");
  for (auto* command : {checking, converting}) {
    command->add_option("--plugins-in-process", options.plugins.allow, "可在本进程内运行的插件名单，同网关配置的同名项")
        ->type_name("文件");
  }
  app.footer(kFooter);  // last: sub-commands would inherit it
  if (const auto exit = chuanyu::terminal::parse(app, argc, argv, std::cout, std::cerr)) return *exit;
  options.as_json = as_json;
  return checking->parsed() ? check(folder, options.plugins, as_json) : convert(options);
}
