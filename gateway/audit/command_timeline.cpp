#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/audit.h"
#include "gateway/audit/commands.h"
#include "gateway/audit/report.h"
#include "gateway/audit/show.h"
#include "gateway/audit/timeline.h"
#include "gateway/terminal/text.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::audit {
namespace {

using terminal::printable;

struct TimelineArguments {
  std::vector<std::string> folders;
  std::vector<std::string> keks;
  std::string exchange;
  Subject subject;
  bool json = false;
};

std::string who(const Timeline& found, const std::string& uscc) {
  const auto name = found.names.find(uscc);
  return printable(name == found.names.end() ? uscc : name->second);
}

// "3 分 20 秒": since the step before.
std::string since(TimeUs before, TimeUs now) {
  const std::int64_t seconds = (now - before) / 1'000'000;
  if (seconds <= -1) return "时钟早于前一步";
  if (seconds < 1) return "";
  if (seconds < 60) return std::to_string(seconds) + " 秒";
  if (seconds < 3'600) return std::to_string(seconds / 60) + " 分 " + std::to_string(seconds % 60) + " 秒";
  if (seconds < 86'400) return std::to_string(seconds / 3'600) + " 时 " + std::to_string(seconds / 60 % 60) + " 分";
  return std::to_string(seconds / 86'400) + " 天 " + std::to_string(seconds / 3'600 % 24) + " 时";
}

// Which steps carry nothing any more, and why.
void tell_gone(const Timeline& found, const std::vector<OpenedLog>& logs, std::ostream& out) {
  for (const Step& step : found.steps) {
    const std::string place = printable(logs[step.log].log->origin()) + " #" + std::to_string(step.index);
    if (step.fate.erased_by) out << place << " 的内容由 " << to_words(*step.fate.erased_by) << "依法删除\n";
    if (step.fate.lost) out << printable(lost_payload(step.index).to_text()) << "\n";
  }
}

void tell(const Timeline& found, const std::vector<OpenedLog>& logs, std::ostream& out) {
  std::vector<terminal::Row> rows;
  std::vector<std::pair<Uuid, std::string>> exchanges;  // in the order in which they begin
  TimeUs before = 0;
  for (const Step& step : found.steps) {
    const ledger::Entry& e = step.entry;
    auto known = std::find_if(exchanges.begin(), exchanges.end(), [&](const auto& x) { return x.first == e.exchange; });
    if (known == exchanges.end()) {
      std::string text = e.exchange.to_string() + "  " + what_zh(e.what);
      if (step.in_reply_to) text += "，答复 " + step.in_reply_to->to_string();
      exchanges.emplace_back(e.exchange, std::move(text));
      known = std::prev(exchanges.end());
    }
    const std::string time = to_rfc3339(e.time);
    const bool is_answer = e.kind == ledger::EntryKind::answered;  // its entry names asker and asked
    rows.push_back({time.substr(0, 10) + " " + time.substr(11, 8), before == 0 ? "" : since(before, e.time),
                    std::to_string(known - exchanges.begin() + 1), std::string(kind_zh(e.kind)),
                    who(found, is_answer ? e.to : e.from), who(found, is_answer ? e.from : e.to), what_zh(e.what),
                    result_of(e), printable(e.rule),
                    printable(logs[step.log].log->origin()) + " #" + std::to_string(step.index)});
    before = e.time;
  }
  out << terminal::table({"时间（+08:00）", "距前一步", "交换", "环节", "从", "到", "内容", "结果", "规则", "日志"},
                         rows);
  out << "\n";
  for (std::size_t i = 0; i < exchanges.size(); ++i) out << "交换 " << i + 1 << "  " << exchanges[i].second << "\n";
  tell_gone(found, logs, out);
  for (const Hole& hole : found.holes) {
    out << printable(logs[hole.log].log->origin()) << " 在 " << to_rfc3339(hole.time) << " 由备份恢复（#" << hole.index
        << "）：此前失去的条目不在其中，经过可能不全\n";
  }
  if (found.sealed > 0) {
    out << "有 " << found.sealed << " 条的正文没有打开，答复关系可能不全：请用 --kek（次序同目录）\n";
  }
  if (found.erased > 0) out << "有 " << found.erased << " 条的正文已删除（密钥已不在），其中所提的编号不得而知\n";
}

void tell_json(const Timeline& found, const std::vector<OpenedLog>& logs, std::ostream& out) {
  auto steps = nlohmann::ordered_json::array();
  for (const Step& step : found.steps) {
    const ledger::Entry& e = step.entry;
    nlohmann::ordered_json item{{"time", to_rfc3339(e.time)},
                                {"log", logs[step.log].log->origin()},
                                {"index", step.index},
                                {"exchange", e.exchange.to_string()},
                                {"kind", to_string(e.kind)},
                                {"from", printable(e.from)},
                                {"fromName", who(found, e.from)},
                                {"to", printable(e.to)},
                                {"toName", who(found, e.to)},
                                {"what", printable(e.what)},
                                {"matter", printable(e.matter)},
                                {"rule", printable(e.rule)}};
    if (!e.result.empty()) item["result"] = printable(e.result);
    if (step.in_reply_to) item["inReplyTo"] = step.in_reply_to->to_string();
    if (step.fate.erased_by) item["erasedBy"] = to_json(*step.fate.erased_by);
    if (step.fate.lost) item["payload"] = to_string(Code::LOG_KEY_MISSING);
    steps.push_back(std::move(item));
  }
  auto holes = nlohmann::ordered_json::array();
  for (const Hole& hole : found.holes) {
    holes.push_back({{"log", logs[hole.log].log->origin()}, {"index", hole.index}, {"time", to_rfc3339(hole.time)}});
  }
  const nlohmann::ordered_json all{{"steps", std::move(steps)},
                                   {"recoveries", std::move(holes)},
                                   {"sealed", found.sealed},
                                   {"erased", found.erased}};
  out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

int run_timeline(const CLI::App& app, TimelineArguments& arguments, const Streams& streams) {
  Subject& subject = arguments.subject;
  const int given = (arguments.exchange.empty() ? 0 : 1) + (subject.case_no.empty() ? 0 : 1) +
                    (subject.application_no.empty() ? 0 : 1);
  if (given != 1) return terminal::misused(app, "须用 --exchange、--case、--application 之一", streams.err);
  if (arguments.keks.size() > arguments.folders.size()) return terminal::misused(app, "--kek 多于目录", streams.err);
  if (arguments.exchange.empty() && arguments.keks.empty()) {
    return terminal::misused(app, "编号在正文里：须至少为第一个目录给出 --kek，次序同目录", streams.err);
  }
  if (!arguments.exchange.empty()) {
    subject.exchange = Uuid::parse(arguments.exchange);
    if (!subject.exchange) return fail(streams.err, error(Code::CONFIG_VALUE, "交换编号应为 UUID", "--exchange"));
  }
  std::vector<Source> sources;
  for (std::size_t i = 0; i < arguments.folders.size(); ++i) {
    auto source = open_source(arguments.folders[i], i < arguments.keks.size() ? arguments.keks[i] : "");
    if (!source.ok()) return fail(streams.err, source.error());
    sources.push_back(*std::move(source));
  }
  std::vector<OpenedLog> logs;
  for (const Source& source : sources) logs.push_back({source.log.get(), source.body_opener()});
  const auto found = timeline(logs, subject);
  if (!found.ok()) return fail(streams.err, found.error());
  if (arguments.json) tell_json(*found, logs, streams.out);
  if (!arguments.json) tell(*found, logs, streams.out);
  const bool lost =
      std::any_of(found->steps.begin(), found->steps.end(), [](const Step& step) { return step.fate.lost; });
  return lost ? kUnaccounted : kClean;
}

}  // namespace

Command add_timeline(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<TimelineArguments>();
  CLI::App& command = *app.add_subcommand("timeline", "一次交换、一件案件或一个办件的前后经过，可跨两份日志");
  command.add_option("DIR", arguments->folders, "数据目录或导出的目录，一个或两个")
      ->required()
      ->expected(1, 2)
      ->type_name("");
  command.add_option("--exchange", arguments->exchange, "一次交换，及答复它和它所答复的")->type_name("ID");
  command.add_option("--case", arguments->subject.case_no, "案件编号或案件标识")->type_name("NO");
  command.add_option("--application", arguments->subject.application_no, "办件编号")->type_name("NO");
  command.add_option("--kek", arguments->keks, "密钥加密密钥文件，次序同目录；可多次给出")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [&app, arguments, streams] { return run_timeline(app, *arguments, streams); }};
}

}  // namespace chuanyu::audit
