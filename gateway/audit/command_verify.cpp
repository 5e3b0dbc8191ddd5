#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>

#include "gateway/audit/commands.h"
#include "gateway/audit/key_rows.h"
#include "gateway/audit/report.h"
#include "gateway/crypto/aead.h"
#include "gateway/crypto/key_file.h"
#include "gateway/ledger/witness_policy.h"
#include "gateway/terminal/text.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::audit {
namespace {

struct VerifyArguments {
  std::vector<std::string> folders;
  std::vector<std::string> keys;
  std::vector<std::string> sm2_keys;
  std::vector<std::string> keks;
  std::string peer;
  std::string peer_key;
  std::vector<std::string> policies;
  std::string certificates;
  std::string html;
  std::uint64_t known_recoveries = 0;
  bool both = false;
  bool json = false;
};

// What the logs are held against.
struct Yardsticks {
  std::vector<ledger::VerifyKeys> keys;                       // of the logs, in their order
  std::vector<std::optional<crypto::Sm2VerifyKey>> sm2_keys;  // the same
  std::vector<std::optional<Secret>> keks;                    // the same
  std::vector<ledger::WitnessPolicy> policies;
  std::optional<Certificates> certificates;
};

Result<Yardsticks> read_yardsticks(const VerifyArguments& arguments) {
  Yardsticks found;
  for (const std::string& text : arguments.keys) {
    found.keys.emplace_back();
    if (text.empty()) continue;
    CHUANYU_TRY(found.keys.back(), read_keys(text));
  }
  for (const std::string& text : arguments.sm2_keys) {
    CHUANYU_TRY(auto key, read_sm2_key(text));
    found.sm2_keys.emplace_back(std::move(key));
  }
  found.sm2_keys.resize(arguments.folders.size());
  for (const std::string& path : arguments.keks) {
    CHUANYU_TRY(Secret key, crypto::read_raw_key_file(path, crypto::kAeadKeyBytes));
    found.keks.emplace_back(std::move(key));
  }
  found.keks.resize(arguments.folders.size());
  for (const std::string& path : arguments.policies) {
    CHUANYU_TRY(auto policy, read_policy(path));
    found.policies.push_back(std::move(policy));
  }
  if (!arguments.certificates.empty()) {
    CHUANYU_TRY(found.certificates, read_certificates(arguments.certificates));
  }
  return found;
}

using Logs = std::vector<std::unique_ptr<LogReader>>;  // in the order of the folders; nullptr: cannot be read

Logs open_all(const std::vector<std::string>& folders, Findings& unreadable) {
  Logs logs;
  for (const std::string& folder : folders) {
    std::vector<Error> shards;  // one that cannot be opened does not hide the others
    auto log = LogReader::open(folder, &shards);
    for (Error& found : shards) unreadable.add(std::move(found));
    if (!log.ok()) unreadable.add(log.error());
    logs.push_back(log.ok() ? *std::move(log) : nullptr);
  }
  return logs;
}

// What would make a verdict mean something else than it seems to: a policy that names none of the logs, one log twice.
std::optional<std::string> mistaken(const Logs& logs, const Yardsticks& by,
                                    const std::vector<std::string>& policy_files) {
  std::set<std::string> origins;
  for (const auto& log : logs) {
    if (log && !origins.insert(log->origin()).second)
      return "两个目录是同一份日志 " + terminal::printable(log->origin());
  }
  // A policy may be that of a log that cannot be read.
  if (std::find(logs.begin(), logs.end(), nullptr) != logs.end()) return std::nullopt;
  for (std::size_t i = 0; i < by.policies.size(); ++i) {
    const bool used = std::any_of(logs.begin(), logs.end(),
                                  [&](const auto& log) { return !by.policies[i].log(log->origin()).empty(); });
    if (!used) {
      return "见证策略 " + policy_files[i] + " 不是所给日志（" + terminal::printable(*origins.begin()) + "）的";
    }
  }
  return std::nullopt;
}

void verify_all(const VerifyArguments& arguments, const Logs& logs, Yardsticks& by, const Streams& streams,
                Verification& verification) {
  std::vector<ledger::VerifyKeys> trusted(logs.size());  // what their keys led to
  std::vector<ledger::VerifyKeys> earlier(logs.size());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (!logs[i]) continue;
    // The policy that names this log; its key serves where none was given.
    const ledger::WitnessPolicy* policy = nullptr;
    for (const ledger::WitnessPolicy& one : by.policies) {
      ledger::VerifyKeys named = one.log(logs[i]->origin());
      if (named.empty()) continue;
      policy = &one;
      if (by.keys[i].empty()) by.keys[i] = std::move(named);
    }
    std::vector<LogReport> reports =
        verify_shards(*logs[i], by.keys[i], progress_on(streams, arguments.folders[i]), policy,
                      by.certificates ? &*by.certificates : nullptr, by.sm2_keys[i] ? &*by.sm2_keys[i] : nullptr);
    if (by.keks[i]) check_key_rows(*logs[i], *by.keks[i], reports.front());
    for (const LogReport& report : reports) {
      for (const crypto::VerifyKey& key : report.log_keys) trusted[i].add(key);
      for (const crypto::VerifyKey& key : report.earlier_keys) earlier[i].add(key);
    }
    std::move(reports.begin(), reports.end(), std::back_inserter(verification.logs));
  }
  if (logs.size() == 2 && logs[0] && logs[1]) {
    const Side a{*logs[0], trusted[0], earlier[0]};
    const Side b{*logs[1], trusted[1], earlier[1]};
    verification.pairs.push_back(pair(a, b));
    verification.pairs.push_back(pair(b, a));
  }
}

// What was asked for, in the form with a folder and a key each.
std::string command_of(const VerifyArguments& arguments) {
  std::string text = "chuanyu-audit verify";
  for (const std::string& folder : arguments.folders) text += " " + folder;
  for (const std::string& key : arguments.keys) {
    if (!key.empty()) text += " --key " + key;
  }
  for (const std::string& key : arguments.sm2_keys) text += " --sm2-key " + key;
  for (const std::string& key : arguments.keks) text += " --kek " + key;
  for (const std::string& policy : arguments.policies) text += " --policy " + policy;
  if (arguments.known_recoveries > 0) text += " --known-recoveries " + std::to_string(arguments.known_recoveries);
  if (!arguments.certificates.empty()) text += " --certificates " + arguments.certificates;
  return text;
}

int run_verify(const CLI::App& app, VerifyArguments arguments, const Streams& streams) {
  if (arguments.keys.size() > arguments.folders.size()) {
    return terminal::misused(app, "--key 多于目录", streams.err);
  }
  arguments.keys.resize(arguments.folders.size());
  if (!arguments.peer.empty()) {
    arguments.folders.push_back(arguments.peer);
    arguments.keys.push_back(arguments.peer_key);
  }
  if (arguments.sm2_keys.size() > arguments.folders.size()) {
    return terminal::misused(app, "--sm2-key 多于目录", streams.err);
  }
  if (arguments.keks.size() > arguments.folders.size()) return terminal::misused(app, "--kek 多于目录", streams.err);
  if (arguments.both && arguments.folders.size() != 2) {
    return terminal::misused(app, "--both 须给出两个目录", streams.err);
  }
  std::set<std::filesystem::path> places;
  for (const std::string& folder : arguments.folders) {
    std::error_code unknown;
    if (places.insert(std::filesystem::weakly_canonical(folder, unknown)).second) continue;
    return terminal::misused(app, "两个目录是同一个：" + folder, streams.err);
  }
  auto yardsticks = read_yardsticks(arguments);
  if (!yardsticks.ok()) return fail(streams.err, yardsticks.error());
  Verification verification;
  verification.known_recoveries = arguments.known_recoveries;
  const Logs logs = open_all(arguments.folders, verification.unreadable);
  if (const auto why = mistaken(logs, *yardsticks, arguments.policies)) {
    return terminal::misused(app, *why, streams.err);
  }
  verify_all(arguments, logs, *yardsticks, streams, verification);
  if (arguments.json) print_json(verification, streams.out);
  if (!arguments.json) print(verification, streams.out);
  if (!arguments.html.empty()) {
    std::ofstream page(arguments.html);
    print_html(verification, command_of(arguments), page);
    page.close();
    if (!page) return fail(streams.err, error(Code::LOCAL_IO, "不能写报告", arguments.html));
  }
  return exit_code(verification);
}

}  // namespace

Command add_verify(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App& command = *app.add_subcommand("verify", "核验签名、每一条目、哈希树；两份日志时互相核对");
  command.add_option("DIR", arguments->folders, "数据目录或导出的目录；给出两个时互相核对")->required()->type_name("");
  command
      .add_option("--key", arguments->keys,
                  "日志公钥（PEM 文件，其中可有几把；或 名称+密钥号+Base64），次序同目录；可多次给出")
      ->type_name("PUB")
      ->allow_extra_args(false);  // one value each: the next word may be a folder
  command
      .add_option("--sm2-key", arguments->sm2_keys,
                  "国密日志的 SM2 公钥（PEM 文件或 名称+密钥号+Base64），次序同目录；可多次给出")
      ->type_name("PUB")
      ->allow_extra_args(false);
  command
      .add_option("--policy", arguments->policies,
                  "见证策略：核对日志公钥与见证方签名；可多次给出，各用于其中所列的日志")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--kek", arguments->keks,
                  "密钥加密密钥文件：核对每一行数据密钥都打得开（没有人为它们签名），次序同目录；可多次给出")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_option("--peer", arguments->peer, "另一网关的数据目录：核对双方的发出、收到与回执")->type_name("DIR");
  command.add_option("--peer-key", arguments->peer_key, "另一网关的日志公钥")->type_name("PUB");
  command.add_flag("--both", arguments->both, "两份日志互相核对（给出两个目录时总是如此）");
  command.add_option("--certificates", arguments->certificates, "机构与网关证书的目录：核对证书在当时是否有效")
      ->type_name("DIR");
  command
      .add_option("--known-recoveries", arguments->known_recoveries,
                  "已核对过的恢复有 N 次（两份日志合计）：不多于此时，LOG_RECOVERED 只列出，不计入退出码")
      ->type_name("N")
      ->check(terminal::count());
  command.add_option("--html", arguments->html, "另写一份可打印的报告")->type_name("FILE");
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [&app, arguments, streams] { return run_verify(app, *arguments, streams); }};
}

}  // namespace chuanyu::audit
