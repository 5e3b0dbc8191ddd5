// witness, vkey, receipt: what is signed by whom.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <ostream>

#include "gateway/audit/audit.h"
#include "gateway/audit/commands.h"
#include "gateway/audit/receipt.h"
#include "gateway/audit/witness.h"
#include "gateway/ledger/sm_checkpoint.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::audit {
namespace {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::CONFIG_UNREADABLE, "文件不能打开", path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// "127.0.0.1:9555", "[::1]:9555"
bool split_address(const std::string& text, WitnessArguments& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  out.address = text.substr(0, colon);
  if (out.address.front() == '[' && out.address.back() == ']') out.address = out.address.substr(1, colon - 2);
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return false;
  const unsigned long number = std::stoul(port);
  out.port = static_cast<std::uint16_t>(number);
  return number <= 65'535;
}

struct WitnessCommand {
  WitnessArguments serve;
  std::string listen = "127.0.0.1:0";
  bool show = false;
  bool json = false;
};

int run_witness(const CLI::App& app, const WitnessCommand& arguments, const Streams& streams) {
  if (arguments.show) {
    bool evidence = false;
    const Status shown = show_witness(arguments.serve.folder, arguments.json, streams.out, evidence);
    if (!shown.ok()) return fail(streams.err, shown.error());
    if (!evidence) return kClean;
    return fail(streams.err, error(Code::LOG_SPLIT, "见证簿中有前后矛盾的检查点", arguments.serve.folder));
  }
  WitnessArguments serve = arguments.serve;
  for (const auto& [option, value] : {std::pair{"--name", &serve.name},
                                      {"--key", &serve.key},
                                      {"--cert", &serve.certificate},
                                      {"--tls-key", &serve.tls_key},
                                      {"--trust", &serve.trust}}) {
    if (value->empty()) return terminal::misused(app, std::string("缺少 ") + option, streams.err);
  }
  if (serve.logs.empty()) return terminal::misused(app, "至少用 --log 给出一份日志的公钥", streams.err);
  if (!split_address(arguments.listen, serve)) {
    return terminal::misused(app, "--listen 应写作 地址:端口", streams.err);
  }
  const Status served = serve_witness(serve, streams.out);
  return served.ok() ? kClean : fail(streams.err, served.error());
}

struct VkeyCommand {
  std::string key;
  std::string name;
  bool witness = false;
  bool sm2 = false;
};

int run_vkey(const VkeyCommand& arguments, const Streams& streams) {
  if (!ledger::is_origin(arguments.name)) {
    return fail(streams.err, error(Code::CONFIG_VALUE, "名称不能为空，不能含空格或加号", "--name"));
  }
  if (arguments.sm2) {
    const auto key = crypto::Sm2VerifyKey::from_pem_file(arguments.key);
    if (!key.ok()) return fail(streams.err, key.error());
    streams.out << ledger::to_sm2_vkey(arguments.name, *key) << "\n";
    return kClean;
  }
  const auto key = crypto::VerifyKey::from_pem_file(arguments.key);
  if (!key.ok()) return fail(streams.err, key.error());
  const auto type = arguments.witness ? ledger::KeyType::cosignature : ledger::KeyType::log;
  streams.out << ledger::to_vkey(arguments.name, *key, type) << "\n";
  return kClean;
}

struct ReceiptCommand {
  std::string file;
  std::string policy;
  std::string key;
  std::string log;
  bool json = false;
};

int run_receipt(const CLI::App& app, const ReceiptCommand& arguments, const Streams& streams) {
  if (arguments.policy.empty() == arguments.key.empty()) {
    return terminal::misused(app, "须给出 --policy（见证策略）或 --key（日志公钥）之一", streams.err);
  }
  std::optional<ledger::WitnessPolicy> policy;
  std::string log;  // a PEM file names none: then the receipt says which one it is of
  ledger::VerifyKeys keys;
  if (!arguments.policy.empty()) {
    auto made = read_policy(arguments.policy);
    if (!made.ok()) return fail(streams.err, made.error());
    policy = *std::move(made);
  }
  const auto text = read_file(arguments.file);
  if (!text.ok()) return fail(streams.err, text.error());
  if (!arguments.key.empty()) {
    auto read = read_keys(arguments.key);
    if (!read.ok()) return fail(streams.err, read.error());
    keys = *std::move(read);
    if (const auto named = ledger::parse_vkey(arguments.key); named.ok()) log = named->name;
  }
  auto report = check_receipt(*text, log, keys, policy);
  if (!report.ok()) {
    if (arguments.json) print_refusal(report.error(), streams.out);
    return fail(streams.err, report.error());
  }
  if (!arguments.log.empty()) {
    const auto beside = LogReader::open(arguments.log);
    if (!beside.ok()) return fail(streams.err, beside.error());
    if (const Status there = look_up(*report, **beside); !there.ok()) return fail(streams.err, there.error());
  }
  print(*report, arguments.json, streams.out);
  return report->fate.lost ? kUnaccounted : kClean;
}

}  // namespace

Result<ledger::WitnessPolicy> read_policy(const std::string& path) {
  CHUANYU_TRY(const std::string text, read_file(path));
  auto policy = ledger::WitnessPolicy::parse(text);
  if (policy.ok()) return policy;
  return error(policy.error().code, policy.error().detail, path + "：" + policy.error().where);
}

Command add_witness(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<WitnessCommand>();
  CLI::App& command =
      *app.add_subcommand("witness", "审计方自己的见证：独立进程，为两省日志的检查点签名（C2SP tlog-witness）");
  command.add_option("DIR", arguments->serve.folder, "见证簿所在目录，没有则建立")->required()->type_name("");
  command.add_option("--name", arguments->serve.name, "本见证方的名称")->type_name("NAME");
  command.add_option("--key", arguments->serve.key, "签名私钥（Ed25519，PEM，权限 0600）")->type_name("FILE");
  command
      .add_option("--log", arguments->serve.logs, "为之见证的日志：名称+密钥号+Base64，名称也指其各分卷；可多次给出")
      ->type_name("VKEY")
      ->allow_extra_args(false);
  command.add_option("--listen", arguments->listen, "监听 地址:端口（缺省 127.0.0.1:0，任选端口）")->type_name("ADDR");
  command.add_option("--cert", arguments->serve.certificate, "TLS 证书链")->type_name("FILE");
  command.add_option("--tls-key", arguments->serve.tls_key, "TLS 私钥")->type_name("FILE");
  command.add_option("--trust", arguments->serve.trust, "受信任的根 CA")->type_name("FILE");
  command.add_option("--crl", arguments->serve.crl, "吊销列表")->type_name("FILE");
  command.add_flag("--show", arguments->show, "只显示见证簿：各日志已见到哪里，有无前后矛盾的证据（有则退出码 3）");
  command.add_flag("--json", arguments->json, "以 JSON 输出（与 --show 同用）");
  return {&command, [&app, arguments, streams] { return run_witness(app, *arguments, streams); }};
}

Command add_vkey(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<VkeyCommand>();
  CLI::App& command = *app.add_subcommand("vkey", "把公钥写成 C2SP 的一行（名称+密钥号+Base64），供见证策略使用");
  command.add_option("PUB", arguments->key, "公钥文件（PEM）")->required()->type_name("");
  command.add_option("--name", arguments->name, "日志名称，或见证方名称")->required()->type_name("NAME");
  auto* witness = command.add_flag("--witness", arguments->witness, "是见证方的公钥；缺省为日志的");
  command.add_flag("--sm2", arguments->sm2, "是国密日志的 SM2 公钥")->excludes(witness);
  return {&command, [arguments, streams] { return run_vkey(*arguments, streams); }};
}

Command add_receipt(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<ReceiptCommand>();
  CLI::App& command = *app.add_subcommand("receipt", "核验一份回执（C2SP tlog-proof）：不需要日志，不需要网络");
  command.add_option("FILE", arguments->file, "回执文件")->required()->type_name("");
  command.add_option("--policy", arguments->policy, "见证策略：日志公钥、见证方公钥、要求几方见证")->type_name("FILE");
  command.add_option("--key", arguments->key, "只核对日志公钥（PEM 文件或 名称+密钥号+Base64）")->type_name("PUB");
  command.add_option("--log", arguments->log, "这份日志的目录：另说明该条目的内容是否已依法删除，由哪一条目")
      ->type_name("DIR");
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [&app, arguments, streams] { return run_receipt(app, *arguments, streams); }};
}

}  // namespace chuanyu::audit
