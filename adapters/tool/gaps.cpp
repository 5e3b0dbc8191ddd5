// chuanyu-map gaps: which values of a document the code sets do not know, and what the mapping does with them.
#include <iostream>
#include <map>

#include "adapters/gaps.h"
#include "adapters/tool/verbs.h"
#include "gateway/terminal/text.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

struct GapsOptions {
  std::string folder;
  PluginOptions plugins;
  std::string from;
  std::string file = "-";
  bool as_json = false;
};

// One value that a set does not know. The document is the reader's own, but a report is passed on: it is masked.
struct Seen {
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // record
  std::uint64_t line = 0;
  std::string_view outcome;
};

class Count {
 public:
  Count(const Adapter& adapter, const GapsOptions& options) : adapter_(adapter), options_(options) {}

  int run() {
    const bool read = each_record(
        adapter_, options_.file,
        [&](std::uint64_t number, std::uint64_t line, const Result<Bytes>& record) { look(number, line, record); });
    if (!read) return kIo;
    report();
    return gaps_.empty() && refused_ == 0 ? kOk : kRejected;
  }

 private:
  void look(std::uint64_t number, std::uint64_t line, const Result<Bytes>& record) {
    ++records_;
    if (!record.ok()) return refuse(number, record.error());
    const auto converted = adapter_.get(*record);
    if (converted.ok()) {
      for (const Note& note : converted->notes) {
        if (note.gap) add(*note.gap, number, line, "other");
      }
    } else if (converted.error().gap) {
      add(*converted.error().gap, number, line,
          converted.error().code == Code::RECORD_QUARANTINED ? "quarantine" : "reject");
    } else {
      refuse(number, converted.error());
    }
  }

  void refuse(std::uint64_t number, const Error& why) {
    ++refused_;
    std::cerr << "第 " << number << " 条：" << why.to_text() << "\n";
  }

  void add(const CodeGap& gap, std::uint64_t number, std::uint64_t line, std::string_view outcome) {
    Seen& seen = gaps_[{gap.set, gap.text}];
    if (seen.count++ == 0) seen = {1, number, line, outcome};
  }

  void report() const {
    json list = json::array();
    std::vector<terminal::Row> rows;
    for (const auto& [gap, seen] : gaps_) {
      list.push_back({{"set", gap.first},
                      {"sample", masked_sample(gap.second)},
                      {"count", seen.count},
                      {"record", seen.first},
                      {"line", seen.line},
                      {"outcome", seen.outcome}});
      rows.push_back({gap.first, terminal::printable(masked_sample(gap.second)), std::to_string(seen.count),
                      std::to_string(seen.first), std::to_string(seen.line), std::string(seen.outcome)});
    }
    if (options_.as_json) {
      std::cout << json{{"from", options_.from}, {"records", records_}, {"otherwiseRefused", refused_}, {"gaps", list}}
                       .dump(2)
                << "\n";
      return;
    }
    if (!rows.empty()) std::cout << terminal::table({"代码集", "样例", "次数", "首见（条）", "行", "处置"}, rows);
    std::cerr << "读了 " << records_ << " 条，代码集不认识的值 " << gaps_.size() << " 个，另有 " << refused_
              << " 条因别的原因不能转换\n";
  }

  const Adapter& adapter_;
  const GapsOptions& options_;
  std::map<std::pair<std::string, std::string>, Seen> gaps_;
  std::uint64_t records_ = 0;
  std::uint64_t refused_ = 0;
};

int gaps(const GapsOptions& options) {
  const auto found = find_adapter(options.folder, options.plugins, options.from, options.as_json);
  return found.adapter == nullptr ? found.exit : Count(*found.adapter, options).run();
}

}  // namespace

Verb add_gaps(CLI::App& app) {
  auto options = std::make_shared<GapsOptions>();
  auto* verb = app.add_subcommand("gaps", "数出一个文档中代码集不认识的值（样例已遮盖）；有则退出码为 1");
  verb->add_option("--mappings", options->folder, "映射目录（含子目录）")->required()->type_name("目录");
  add_plugins(*verb, options->plugins);
  verb->add_option("--from", options->from, "文档的格式，如 sc.case.v1")->required()->type_name("格式");
  verb->add_option("文件", options->file, "文档；缺省为 -，即标准输入")->type_name("");
  verb->add_flag("--json", options->as_json, "报告以 JSON 输出到标准输出");
  return {verb, [options] { return gaps(*options); }};
}

}  // namespace chuanyu::adapters::tool
