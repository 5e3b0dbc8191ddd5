#include "gateway/audit/receipt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/links.h"
#include "gateway/audit/report.h"
#include "gateway/audit/show.h"
#include "gateway/ledger/receipt.h"
#include "gateway/ledger/shard.h"
#include "gateway/terminal/text.h"

namespace chuanyu::audit {
namespace {

constexpr TimeUs kSecond = 1'000'000;

std::string first_line(std::string_view checkpoint) { return std::string(checkpoint.substr(0, checkpoint.find('\n'))); }

std::string time_of(std::uint64_t seconds) { return to_rfc3339(static_cast<TimeUs>(seconds) * kSecond); }

}  // namespace

Result<ReceiptReport> check_receipt(std::string_view text, const std::string& log, const ledger::VerifyKeys& given,
                                    const std::optional<ledger::WitnessPolicy>& policy) {
  CHUANYU_TRY(const ledger::ProvenEntry receipt, ledger::parse_receipt(text));
  const std::string origin = first_line(receipt.checkpoint);
  const ledger::VerifyKeys keys = policy ? policy->log(origin) : given;
  if (keys.empty())
    return error(Code::CONFIG_VALUE, "见证策略中没有日志 " + terminal::printable(origin) + "：是另一日志的策略？");
  ReceiptReport report;
  report.index = receipt.index;
  // The log's key signs for its shards, by their names.
  const bool by_name = log.empty() || ledger::covers(log, origin);
  auto opened = ledger::open_receipt(receipt, by_name ? origin : log, keys);
  if (!opened.ok() && opened.error().code == Code::LOG_SIGNATURE) {
    return error(Code::LOG_SIGNATURE, opened.error().detail + "；日志若换过密钥，请用当时的公钥，或列有各把的见证策略");
  }
  CHUANYU_TRY(report.checkpoint, std::move(opened));
  CHUANYU_TRY(report.entry, ledger::decode(receipt.entry));
  if (policy) {
    CHUANYU_TRY(const ledger::Note note, ledger::parse_note(receipt.checkpoint));
    report.witnesses = policy->judge(note);
    if (!report.witnesses->quorum) {
      return error(Code::LOG_UNWITNESSED,
                   "检查点只有 " + std::to_string(report.witnesses->by.size()) + " 个见证，未达策略所要求");
    }
  }
  return report;
}

namespace {

// Of the shard behind one that ends too early.
std::string how_it_went_on(const LogReader& next) {
  const auto entry = recovery_entry(next);
  const auto recovery =
      entry ? ledger::parse_recovery(entry->content) : Result<ledger::Recovery>(error(Code::CLIENT_NOT_FOUND));
  if (!recovery.ok()) return "其余的不在所给的副本中";
  return "日志在 " + to_rfc3339(entry->time) + " 由备份恢复（批准人 " + terminal::printable(recovery->approver) +
         "，原因 " + terminal::printable(recovery->reason) + "），该条在那时失去";
}

}  // namespace

Status look_up(ReceiptReport& report, const LogReader& log) {
  const std::vector<LogReader::Part> parts = log.parts();
  const auto shard = std::find_if(parts.begin(), parts.end(), [&](const LogReader::Part& part) {
    return part.log->origin() == report.checkpoint.origin;
  });
  if (shard == parts.end()) {
    if (ledger::covers(log.origin(), report.checkpoint.origin)) {
      return error(Code::LOG_INCOMPLETE,
                   "回执有效，而所给的日志没有它所在的一卷 " + report.checkpoint.origin + "：缺卷，或已失去",
                   log.folder());
    }
    return error(Code::CONFIG_VALUE, "目录中是另一日志 " + terminal::printable(log.origin()), log.folder());
  }
  const std::uint64_t index = shard->log->base() + report.index;  // a receipt counts in its own shard
  if (report.index >= shard->log->size()) {
    return error(Code::LOG_INCOMPLETE,
                 "回执有效，而所给的日志没有它所证明的条目：这一卷只有 " + std::to_string(shard->log->size()) +
                     " 条，" +
                     (shard + 1 == parts.end() ? "是较旧的副本，或末尾被截去" : how_it_went_on(*(shard + 1)->log)),
                 report.checkpoint.origin + " #" + std::to_string(report.index));
  }
  report.in_log = index;
  CHUANYU_TRY(const Bytes stored, log.entry(index));
  if (stored != ledger::encode(report.entry)) {
    return error(Code::LOG_TAMPERED, "日志中的条目不是回执所证明的那一条", place_of(index));
  }
  CHUANYU_TRY(report.fate, Fates(log).of(index, report.entry));
  return {};
}

void print_refusal(const Error& why, std::ostream& out) {
  out << nlohmann::ordered_json{{"result", "invalid"}, {"code", to_string(why.code)}, {"detail", why.detail}}.dump(2)
      << "\n";
}

void print(const ReceiptReport& report, bool json, std::ostream& out) {
  const ledger::Entry& e = report.entry;
  std::vector<std::pair<const char*, std::string>> lines;  // JSON name, value
  std::vector<std::string> labels;
  const auto add = [&](const char* name, const char* label, std::string value) {
    if (value.empty()) return;
    lines.emplace_back(name, std::move(value));
    labels.emplace_back(label);
  };
  add("log", "日志", report.checkpoint.origin);
  add("index", "序号", std::to_string(report.index));
  if (report.in_log && report.in_log != report.index) add("logIndex", "整份日志中", place_of(*report.in_log));
  add("kind", "环节", std::string(ledger::to_string(e.kind)));
  add("time", "时间", to_rfc3339(e.time));
  add("exchange", "交换编号", e.exchange.is_nil() ? "" : e.exchange.to_string());
  add("from", "从", e.from);
  add("to", "到", e.to);
  add("what", "内容", e.what);
  add("matter", "事项", e.matter);
  add("basis", "依据", e.basis);
  add("grant", "授权", e.grant);
  add("rule", "规则", e.rule);
  add("result", "结果", e.result);
  if (report.fate.erased_by && !json) add("", "依法删除", "内容由 " + to_words(*report.fate.erased_by) + "删除");
  if (report.fate.lost && !json) add("", "内容", lost_payload(report.index).to_text());
  add("checkpointSize", "检查点长度", std::to_string(report.checkpoint.size));
  if (json) {
    nlohmann::ordered_json made{{"result", "clean"}};
    for (const auto& [name, value] : lines) made[name] = terminal::printable(value);
    if (!e.rule.empty()) made["allowed"] = e.allowed;
    if (report.fate.erased_by) made["erasedBy"] = to_json(*report.fate.erased_by);
    if (report.fate.lost) made["payload"] = to_string(Code::LOG_KEY_MISSING);
    if (report.witnesses) {
      made["witnesses"] = nlohmann::json::array();
      for (const auto& one : report.witnesses->by) {
        made["witnesses"].push_back({{"name", one.witness}, {"time", time_of(one.seconds)}});
      }
    }
    out << made.dump(2) << "\n";
    return;
  }
  out << "回执有效：该条目在日志中，检查点由日志签名"
      << (report.witnesses ? "，见证达到策略所要求" : "（未核对见证：没有给出 --policy）") << "\n";
  constexpr std::size_t kLabel = 14;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string value = lines[i].second;
    if (labels[i] == "环节") value = std::string(kind_zh(e.kind)) + " (" + value + ")";
    out << "  " << terminal::padded(labels[i], kLabel) << terminal::printable(value) << "\n";
  }
  if (!e.rule.empty()) out << "  " << terminal::padded("决定", kLabel) << (e.allowed ? "准许" : "不准许") << "\n";
  if (!report.witnesses) return;
  for (const auto& one : report.witnesses->by) {
    out << "  " << terminal::padded("见证", kLabel) << terminal::printable(one.witness) << "，" << time_of(one.seconds)
        << "\n";
  }
}

}  // namespace chuanyu::audit
