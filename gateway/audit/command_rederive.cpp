#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/audit.h"
#include "gateway/audit/commands.h"
#include "gateway/audit/rederive.h"
#include "gateway/audit/report.h"
#include "gateway/terminal/text.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::audit {
namespace {

struct RederiveArguments {
  std::string folder;
  std::string kek;
  std::string exchange;
  RederiveOptions options;
  std::uint64_t last = 0;
  bool json = false;
};

ExitCode exit_code_of(const RederiveReport& report) {
  ExitCode worst = exit_code(report.findings);
  if (report.sealed > 0) worst = graver(worst, kIncomplete);
  if (report.erased > 0) worst = graver(worst, kErased);
  return worst;
}

void print_rederived_json(const RederiveReport& report, std::ostream& out) {
  auto erasures = nlohmann::ordered_json::array();
  for (const auto& [index, erasure] : report.erasures) erasures.push_back(to_json(erasure));
  const nlohmann::ordered_json all{{"result", word(exit_code_of(report))},
                                   {"origin", report.origin},
                                   {"entries", report.entries()},
                                   {"same", report.same},
                                   {"different", report.different},
                                   {"nothingToDerive", report.nothing},
                                   {"erased", report.erased},
                                   {"erasures", std::move(erasures)},
                                   {"lost", report.lost},
                                   {"sealed", report.sealed},
                                   {"unable", report.unable},
                                   {"reasons", report.reasons},
                                   {"decisions", report.decisions},
                                   {"conversions", report.conversions},
                                   {"otherChecks", report.other_checks},
                                   {"findings", to_json(report.findings)}};
  out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_rederived(const RederiveReport& report, std::ostream& out) {
  const auto line = [&out](const char* label, std::uint64_t count, const char* note) {
    if (count > 0) out << "  " << terminal::padded(label, 14) << count << note << "\n";
  };
  out << terminal::printable(report.origin) << "  " << report.folder << "\n";
  line("条目", report.entries(), "");
  line("重算相同", report.same, "");
  line("重算不同", report.different, "");
  line("无须重算", report.nothing, "（回执、签收、日志自身的条目）");
  line("已依法删除", report.erased, "");
  for (const auto& [index, erasure] : report.erasures)
    out << "    " << erasure.payloads << "：由 " << to_words(erasure) << "\n";
  line("不知去向", report.lost, "（内容的密钥已不在，而没有依法删除的条目）");
  line("未打开", report.sealed, "（没有密钥，只重算了决定：请用 --kek）");
  line("未能重算", report.unable, "");
  for (const auto& [reason, count] : report.reasons)
    out << "    " << count << "：" << terminal::printable(reason) << "\n";
  line("其中决定", report.decisions, " 个相同");
  line("其中转换", report.conversions, " 次相同");
  line("校验设置", report.other_checks, " 条须按日志没有记录的标识校验设置（配置项 checks）才相同");
  out << "  " << terminal::padded("结论", 14)
      << (exit_code_of(report) == kClean ? "按当时的策略与映射重算，结果相同" : word_zh(exit_code_of(report))) << "\n";
  print(report.findings, out);
}

int run_rederive(const CLI::App& app, RederiveArguments& arguments, const Streams& streams) {
  const CLI::App& command = *app.get_subcommand("rederive");
  const auto source = open_source(arguments.folder, arguments.kek);
  if (!source.ok()) return fail(streams.err, source.error());
  RederiveOptions& options = arguments.options;
  if (!arguments.exchange.empty()) {
    options.exchange = Uuid::parse(arguments.exchange);
    if (!options.exchange) return fail(streams.err, error(Code::CONFIG_VALUE, "交换编号应为 UUID", "--exchange"));
  }
  if (command.count("--to") > 0) options.to = arguments.last + 1;
  const std::uint64_t size = source->log->size();
  if (size > 0 && (options.from >= size || (command.count("--to") > 0 && arguments.last < options.from))) {
    return terminal::misused(app, "日志只有 " + std::to_string(size) + " 条（从 0 起），所给范围内没有条目",
                             streams.err);
  }
  options.progress = progress_on(streams, arguments.folder);
  const RederiveReport report = rederive(*source->log, source->body_opener(), options);
  if (options.exchange && report.entries() == 0 && report.findings.empty()) {
    return fail(streams.err, error(Code::CLIENT_NOT_FOUND, "所给日志中没有这一交换", arguments.exchange));
  }
  if (arguments.json) print_rederived_json(report, streams.out);
  if (!arguments.json) print_rederived(report, streams.out);
  return exit_code_of(report);
}

}  // namespace

Command add_rederive(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<RederiveArguments>();
  CLI::App& command = *app.add_subcommand("rederive", "按日志所记的策略、名录、映射版本重算每一个决定与转换");
  command.add_option("DIR", arguments->folder, "数据目录，或导出的目录")->required()->type_name("");
  command.add_option("--kek", arguments->kek, "密钥加密密钥文件：没有它只能重算决定")->type_name("FILE");
  command.add_option("--exchange", arguments->exchange, "只看一次交换")->type_name("ID");
  command.add_option("--from", arguments->options.from, "从第 N 条起")->type_name("N")->check(terminal::count());
  command.add_option("--to", arguments->last, "到第 N 条止")->type_name("N")->check(terminal::count());
  command.add_flag("--reveal", arguments->options.reveal, "差异中显示取值，含个人信息");
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [&app, arguments, streams] { return run_rederive(app, *arguments, streams); }};
}

}  // namespace chuanyu::audit
