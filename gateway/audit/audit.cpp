#include "gateway/audit/audit.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>

#include "gateway/audit/commands.h"
#include "gateway/audit/report.h"
#include "gateway/audit/show.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/sm_checkpoint.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::audit {
namespace {

constexpr const char* kFooter =
    R"(退出码：0 完好（没有给出公钥时只核对哈希，结论与 JSON 的 signatures 写明未核验签名）；2 用法、密钥文件有误或没有这一条目；3 有改动或签名无效；4 不完整；5 含有较新版本的内容；6 不能读取；
7 无误，但有内容已依法删除、不能重算；8 重算或重放的结果不同；9 有内容的密钥已不在，而没有依法删除的条目说明
目录是网关的数据目录（其中有 log/、keys/、blobs/），或它的副本；网关运行时也可读取。
例：
  chuanyu-audit verify /var/lib/chuanyu/sc --key sc-log.pub
  chuanyu-audit verify sc-data cq-data --key sc-log.pub --key cq-log.pub
  chuanyu-audit show sc-data --peer cq-data --exchange 019ab0c4-6e5b-7000-8000-0123456789ab
  chuanyu-audit show sc-data --last 20
)";

struct Arguments {
  std::string folder;
  std::string exchange;
  std::uint64_t index = 0;
  std::uint64_t last = 0;
  std::string peer;
  std::string kek;
  std::string peer_kek;
  bool reveal = false;
  bool json = false;
};

// Which entries `show` was asked for.
Result<std::vector<Shown>> chosen(const CLI::App& command, const Arguments& arguments, const Source& source) {
  const LogReader& log = *source.log;
  if (!arguments.exchange.empty()) {
    const auto exchange = Uuid::parse(arguments.exchange);
    if (!exchange) return error(Code::CONFIG_VALUE, "交换编号应为 UUID", "--exchange");
    return find_exchange(log, source.body_opener(), *exchange);
  }
  if (command.count("--index") > 0) {
    CHUANYU_CHECK([&]() -> Status {
      const auto entry = log.entry(arguments.index);
      return entry.ok() ? Status{} : Status(entry.error());
    }());
    return find_range(log, source.body_opener(), arguments.index, arguments.index + 1);
  }
  return find_range(log, source.body_opener(), log.size() - std::min(log.size(), arguments.last), log.size());
}

int run_show(const CLI::App& app, const Arguments& arguments, const Streams& streams) {
  std::ostream& err = streams.err;
  const CLI::App& command = *app.get_subcommand("show");
  if (command.count("--exchange") + command.count("--index") + command.count("--last") != 1) {
    return terminal::misused(app, "须用 --exchange、--index、--last 之一指明显示哪些", err);
  }
  if (arguments.reveal && arguments.kek.empty() && arguments.peer_kek.empty()) {
    return terminal::misused(app, "--reveal 须与 --kek 或 --peer-kek 同用：正文是加密的", err);
  }
  std::vector<Source> sources;
  auto first = open_source(arguments.folder, arguments.kek);
  if (!first.ok()) return fail(err, first.error());
  sources.push_back(*std::move(first));
  if (!arguments.peer.empty()) {
    auto second = open_source(arguments.peer, arguments.peer_kek);
    if (!second.ok()) return fail(err, second.error());
    sources.push_back(*std::move(second));
  }
  std::vector<Shown> entries;
  for (const Source& source : sources) {
    auto found = chosen(command, arguments, source);
    if (!found.ok()) return fail(err, found.error());
    std::move(found->begin(), found->end(), std::back_inserter(entries));
  }
  if (entries.empty() && !arguments.exchange.empty()) {
    return fail(err, error(Code::CLIENT_NOT_FOUND, "所给日志中没有这一交换", arguments.exchange));
  }
  const auto lost = trace_payloads(entries);
  if (!lost.ok()) return fail(err, lost.error());
  show(std::move(entries), {arguments.json, arguments.last == 0, arguments.reveal}, streams.out);
  return *lost ? kUnaccounted : kClean;
}

void add_show(CLI::App& command, Arguments& arguments) {
  command.add_option("DIR", arguments.folder, "数据目录")->required()->type_name("");
  command.add_option("--exchange", arguments.exchange, "一次交换的全部条目")->type_name("ID");
  command.add_option("--index", arguments.index, "第 N 条（从 0 起）")->type_name("N")->check(terminal::count());
  command.add_option("--last", arguments.last, "最后 N 条；三者取一")
      ->type_name("N")
      ->check(terminal::between(1, 1'000'000));
  command.add_option("--peer", arguments.peer, "另一网关的数据目录：两份日志合为一条时间线")->type_name("DIR");
  command.add_option("--kek", arguments.kek, "密钥加密密钥文件：打开正文，默认只显示概要")->type_name("FILE");
  command.add_option("--peer-kek", arguments.peer_kek, "另一网关的密钥加密密钥文件")->type_name("FILE");
  command.add_flag("--reveal", arguments.reveal, "显示正文全部内容，含个人信息");
  command.add_flag("--json", arguments.json, "以 JSON 输出");
}

}  // namespace

namespace {

// NAME+ID+BASE64, whose base64 may hold a slash, or a file.
template <typename Key, typename FromText, typename FromFile>
Result<Key> key_from(const std::string& text, const FromText& from_text, const FromFile& from_file) {
  auto named = from_text(text);
  if (named.ok()) return Key(std::move(named->key));
  const bool meant_as_text = std::count(text.begin(), text.end(), '+') >= 2 && text.find('/') == std::string::npos;
  if (meant_as_text) return named.error();
  return from_file(text);
}

}  // namespace

Result<ledger::VerifyKeys> read_keys(const std::string& text) {
  return key_from<ledger::VerifyKeys>(text, ledger::parse_vkey,
                                      [](const std::string& path) -> Result<ledger::VerifyKeys> {
                                        CHUANYU_TRY(auto keys, crypto::VerifyKey::all_from_pem_file(path));
                                        return ledger::VerifyKeys(std::move(keys));
                                      });
}

Result<crypto::Sm2VerifyKey> read_sm2_key(const std::string& text) {
  return key_from<crypto::Sm2VerifyKey>(text, ledger::parse_sm2_vkey, crypto::Sm2VerifyKey::from_pem_file);
}

int fail(std::ostream& err, const Error& found) {
  err << "chuanyu-audit: " << found.to_text() << "\n";
  const std::string_view advice = info(found.code).advice;
  if (!advice.empty()) err << "  " << advice << "\n";
  return exit_code(found.code);
}

Progress progress_on(const Streams& streams, const std::string& folder) {
  if (!streams.progress) return {};
  return [&err = streams.err, folder, shown = std::uint64_t{101}](std::uint64_t done, std::uint64_t all) mutable {
    const std::uint64_t percent = all == 0 ? 100 : done * 100 / all;
    if (percent == shown) return;
    shown = percent;
    err << "\r" << folder << "：" << done << "/" << all << "（" << percent << "%）" << (done == all ? "\n" : "")
        << std::flush;
  };
}

Result<Source> open_source(const std::string& folder, const std::string& kek) {
  Source source;
  CHUANYU_TRY(source.log, LogReader::open(folder));
  if (!kek.empty()) {
    CHUANYU_TRY(source.opener, BodyOpener::open(*source.log, kek));
  }
  return source;
}

ExitCode exit_code(Code code) {
  switch (code) {
    case Code::LOG_TAMPERED:
    case Code::LOG_SIGNATURE:
    case Code::LOG_SPLIT:
    case Code::LOG_ENTRY_INVALID:
    case Code::LOCAL_CORRUPT: return kTampered;
    case Code::LOG_RECOVERED:
    case Code::LOG_UNWITNESSED:
    case Code::LOG_INCOMPLETE: return kIncomplete;
    case Code::LOG_VERSION: return kUnsupported;
    case Code::LOG_DIFFERS: return kDifferent;
    case Code::LOG_KEY_MISSING: return kUnaccounted;
    case Code::LOCAL_PAYLOAD_ERASED: return kErased;
    case Code::CONFIG_VALUE:
    case Code::CONFIG_UNREADABLE:
    case Code::CLIENT_NOT_FOUND:
    case Code::LOCAL_KEY_FILE: return kUsage;
    default: return kUnreadable;
  }
}

ExitCode graver(ExitCode a, ExitCode b) {
  for (const ExitCode code :
       {kTampered, kDifferent, kUnaccounted, kIncomplete, kUnreadable, kUnsupported, kErased, kUsage}) {
    if (a == code || b == code) return code;
  }
  return kClean;
}

int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err, bool progress) {
  CLI::App app("chuanyu-audit：离线核验交换日志，显示其中的交换", "chuanyu-audit");
  terminal::begin(app);
  app.require_subcommand(1);
  Arguments arguments;
  const Streams streams{out, err, progress};
  const Command verify_command = add_verify(app, streams);  // the order of the help
  add_show(*app.add_subcommand("show", "显示一次交换、某一条或最后几条"), arguments);
  const Command commands[] = {verify_command,
                              add_export(app, streams),
                              add_rederive(app, streams),
                              add_replay(app, streams),
                              add_timeline(app, streams),
                              add_receipt(app, streams),
                              add_witness(app, streams),
                              add_vkey(app, streams)};
  app.footer(kFooter);  // last: sub-commands would inherit it
  if (const auto exit = terminal::parse(app, argc, argv, out, err)) return *exit;
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return run_show(app, arguments, streams);
}

}  // namespace chuanyu::audit
