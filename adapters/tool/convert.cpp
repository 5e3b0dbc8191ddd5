// chuanyu-map convert: a document of one format as a document of another, with everything that did not fit.
#include <fstream>
#include <iostream>

#include "adapters/tool/verbs.h"
#include "schemas/canonical_json.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

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

  int run() {
    const bool read =
        each_record(from_, options_.file, [&](std::uint64_t number, std::uint64_t line, const Result<Bytes>& record) {
          if (record.ok())
            convert(number, line, *record);
          else
            refuse(number, line, record.error());
        });
    return read ? finish() : static_cast<int>(kIo);
  }

 private:
  void convert(std::uint64_t number, std::uint64_t line, const Bytes& record) {
    auto canonical = from_.get(record);
    if (!canonical.ok()) return refuse(number, line, canonical.error());
    note(number, "get", canonical->notes);
    if (to_ == nullptr) {
      auto text = schemas::to_json(from_.profile().kind, canonical->bytes);
      if (!text.ok()) return refuse(number, line, text.error());
      results_.push_back(std::move(*text));
      return;
    }
    auto native = to_->create(canonical->bytes);
    if (!native.ok()) return refuse(number, line, native.error());
    note(number, "create", native->notes);
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
                        {"kind", std::string(to_string(n.kind))},
                        {"rule", n.rule},
                        {"native", n.native},
                        {"canonical", n.canonical},
                        {"message", n.message}});
      if (n.kind == Note::Kind::warning) notes_.back()["code"] = std::string(to_string(n.code));
      if (!options_.as_json) {
        std::cerr << "第 " << number << " 条 " << to_string(n.kind) << " "
                  << (n.native.empty() ? n.canonical : n.native) << "：" << n.message << "\n";
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
      std::cerr << error(Code::CLIENT_PROFILE_UNKNOWN, *id).to_text() << "\n";
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
  return Conversion(*from, to.get(), options).run();
}

}  // namespace

Verb add_convert(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  auto* verb = app.add_subcommand("convert", "把一个文档从一种格式转换为另一种，列出未能带过去的内容");
  verb->add_option("--mappings", options->folder, "映射目录（含子目录）")->required()->type_name("目录");
  add_plugins(*verb, options->plugins);
  verb->add_option("--from", options->from, "来源格式，如 sc.case.v1")->required()->type_name("格式");
  verb->add_option("--to", options->to, "目标格式，如 cq.case.v1；canonical 为标准记录的 JSON")
      ->required()
      ->type_name("格式");
  verb->add_option("文件", options->file, "来源文档；缺省为 -，即标准输入")->type_name("");
  verb->add_option("--out", options->out, "目标文档；缺省为 -，即标准输出（与 --json 同用时不输出文档）")
      ->type_name("文件");
  verb->add_flag("--json", options->as_json, "报告以 JSON 输出到标准输出");
  return {verb, [options] { return convert(*options); }};
}

}  // namespace chuanyu::adapters::tool
