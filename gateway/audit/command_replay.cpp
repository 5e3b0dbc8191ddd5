#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/audit.h"
#include "gateway/audit/commands.h"
#include "gateway/audit/replay.h"
#include "gateway/audit/report.h"
#include "gateway/audit/show.h"
#include "gateway/terminal/text.h"

namespace chuanyu::audit {
namespace {

using terminal::printable;

struct ReplayArguments {
  std::string folder;
  std::string kek;
  std::string until;
  std::uint64_t size = 0;
  bool json = false;
};

ExitCode exit_code_of(const ReplayReport& report) {
  ExitCode worst = exit_code(report.findings);
  if (report.erased > 0) worst = graver(worst, kErased);
  return worst;
}

// An instant, or a day of which the end is meant (+08:00).
std::optional<TimeUs> parse_until(const std::string& text) {
  if (parse_date(text)) {
    const auto midnight = parse_rfc3339(text + "T23:59:59.999999+08:00");
    return midnight;
  }
  return parse_rfc3339(text);
}

std::string agency_text(const ReplayReport& report, const std::string& uscc) {
  const auto name = report.names.find(uscc);
  return printable(uscc) + (name == report.names.end() ? "" : " " + printable(name->second));
}

// A verb or a status of an exchange, as the projection names them.
std::string zh_of(const std::string& word) {
  static const std::map<std::string, std::string> kWords{
      {"publish", "发布"},     {"import", "导入"},      {"push", "推送"},          {"query", "查询"},
      {"published", "已发布"}, {"accepted", "已受理"},  {"delivered", "对方已收"}, {"acknowledged", "已签收"},
      {"refused", "对方拒收"}, {"expired", "过期未达"}, {"waiting", "等待答复"},   {"answered", "已答复"}};
  const auto found = kWords.find(word);
  return found == kWords.end() ? printable(word) : found->second;
}

std::string compared_text(const ReplayReport& report) {
  if (report.same) return *report.same ? "与现状相同" : "与现状不同";
  return report.not_compared.empty() ? "未比较" : "未与现状比较：" + report.not_compared;
}

void print_replayed(const ReplayReport& report, std::ostream& out) {
  out << printable(report.origin) << "  " << report.folder << "\n";
  const auto line = [&out](const char* label, const std::string& value) {
    out << "  " << terminal::padded(label, 12) << value << "\n";
  };
  line("重放", "前 " + std::to_string(report.size) + " 条" +
                   (report.size > 0 ? "，最后一条记于 " + to_rfc3339(report.last_time) : ""));
  line("根哈希", to_base64(crypto::view(report.root)));
  line("状态摘要", to_hex(crypto::view(report.digest)));
  line("比较", compared_text(report));
  if (!report.bodies) line("记录", "不详：没有密钥，正文未打开（--kek）");
  if (report.erased > 0) line("已依法删除", std::to_string(report.erased) + " 条的内容");
  if (report.lost > 0) line("密钥已失", std::to_string(report.lost) + " 条的内容，没有删除条目说明");
  std::vector<terminal::Row> rows;
  for (const auto& [agency, kinds] : report.records) {
    for (const auto& [kind, count] : kinds)
      rows.push_back({"有效记录", agency_text(report, agency), what_zh(kind), std::to_string(count)});
  }
  for (const auto& [agency, count] : report.inbox)
    rows.push_back({"收件箱", agency_text(report, agency), "", std::to_string(count)});
  for (const auto& [peer, count] : report.outbox)
    rows.push_back({"待送达", "网关 " + printable(peer), "", std::to_string(count)});
  for (const auto& [agency, count] : report.quarantine)
    rows.push_back({"隔离待查", agency_text(report, agency), "", std::to_string(count)});
  for (const auto& [verb, states] : report.exchanges) {
    for (const auto& [status, count] : states)
      rows.push_back({"交换", zh_of(verb), zh_of(status), std::to_string(count)});
  }
  if (!rows.empty()) out << "\n" << terminal::table({"是什么", "谁的", "种类或状态", "数量"}, rows);
  print(report.findings, out);
}

void print_replayed_json(const ReplayReport& report, std::ostream& out) {
  nlohmann::ordered_json all{{"result", word(exit_code_of(report))},
                             {"origin", report.origin},
                             {"size", report.size},
                             {"lastTime", report.size > 0 ? to_rfc3339(report.last_time) : ""},
                             {"root", to_base64(crypto::view(report.root))},
                             {"stateDigest", to_hex(crypto::view(report.digest))},
                             {"bodies", report.bodies},
                             {"erased", report.erased},
                             {"lost", report.lost}};
  if (report.same) all["sameAsLive"] = *report.same;
  if (!report.not_compared.empty()) all["notCompared"] = report.not_compared;
  all["records"] = report.records;
  all["inbox"] = report.inbox;
  all["outbox"] = report.outbox;
  all["quarantine"] = report.quarantine;
  all["exchanges"] = report.exchanges;
  all["findings"] = to_json(report.findings);
  out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

int run_replay(const CLI::App& command, const ReplayArguments& arguments, const Streams& streams) {
  ReplayOptions options;
  if (command.count("--size") > 0) options.size = arguments.size;
  if (!arguments.until.empty()) {
    options.until = parse_until(arguments.until);
    if (!options.until) {
      return fail(streams.err, error(Code::CONFIG_VALUE, "应为 2026-11-22 或 2026-11-22T08:00:00+08:00", "--until"));
    }
  }
  options.progress = progress_on(streams, arguments.folder);
  const auto live = read_live_state(arguments.folder);  // before the log
  const auto source = open_source(arguments.folder, arguments.kek);
  if (!source.ok()) return fail(streams.err, source.error());
  if (options.size && *options.size > source->log->size()) {
    return fail(streams.err,
                error(Code::CONFIG_VALUE, "日志只有 " + std::to_string(source->log->size()) + " 条", "--size"));
  }
  ReplayReport report = replay(*source->log, source->body_opener(), live.ok() ? &*live : nullptr, options);
  if (!live.ok()) report.not_compared = live.error().detail;
  if (arguments.json) print_replayed_json(report, streams.out);
  if (!arguments.json) print_replayed(report, streams.out);
  return exit_code_of(report);
}

}  // namespace

Command add_replay(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App& command = *app.add_subcommand("replay", "只由日志重建状态，与现状比较；--until、--size 显示当时的情形");
  command.add_option("DIR", arguments->folder, "数据目录，或导出的目录")->required()->type_name("");
  command.add_option("--kek", arguments->kek, "密钥加密密钥文件：没有它不知道有哪些记录")->type_name("FILE");
  CLI::Option* until = command.add_option("--until", arguments->until, "到这一时刻（或这一天结束）止：其后第一条之前")
                           ->type_name("TIME");
  command.add_option("--size", arguments->size, "只重放前 N 条")
      ->type_name("N")
      ->check(terminal::count())
      ->excludes(until);
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [&command, arguments, streams] { return run_replay(command, *arguments, streams); }};
}

}  // namespace chuanyu::audit
