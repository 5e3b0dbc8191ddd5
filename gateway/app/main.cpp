// chuanyu-gateway: the daemon. Exit codes: 0 ended by SIGTERM or a finished check, 1 could not start, 2 usage or
// configuration, 75 the log failed and the supervisor is to start it again.
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include "gateway/app/gateway.h"
#include "gateway/app/restore.h"
#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/terminal/usage.h"

namespace {

using chuanyu::Error;

void print(const std::vector<Error>& errors) {
  for (const Error& error : errors) {
    std::fprintf(stderr, "%s\n    %s\n", error.to_text().c_str(),
                 std::string(chuanyu::info(error.code).advice).c_str());
  }
}

// LMDB maps its files: pages that a cut or failing disk no longer gives are a signal, not an error code.
void on_missing_page(int) {
  constexpr char kText[] = "LOCAL_CORRUPT: 本地数据损坏：数据文件被截断或磁盘读取失败，请停止使用并检查 data 目录\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(75);
}

sigset_t control_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&set, signal);
  return set;
}

// The system user behind a start or a signal: goes into the log with what it changed.
std::string who(uid_t uid) {
  const passwd* user = ::getpwuid(uid);
  return (user != nullptr ? std::string(user->pw_name) : std::string()) + "(" + std::to_string(uid) + ")";
}

using chuanyu::app::Gateway;

void reload(Gateway& gateway, const siginfo_t& sent) {
  const std::vector<Error> errors = gateway.reload(who(sent.si_uid));
  for (const Error& error : errors) chuanyu::log::error("reload.refused", {{"error", error.to_text()}});
  chuanyu::log::info("reload.done", {{"errors", errors.size()}});
}

// SIGUSR1: the log's shard is to be closed.
void close_shard(Gateway& gateway, const siginfo_t& sent) {
  const chuanyu::Status closed = gateway.close_shard("SIGUSR1 " + who(sent.si_uid));
  if (!closed.ok()) chuanyu::log::error("shard.not_closed", {{"why", closed.error().to_text()}});
}

enum class Ending { stop, next_shard };

// Does what signals ask for, until the gateway is to end.
Ending attend(Gateway& gateway) {
  const sigset_t set = control_signals();
  while (true) {
    const timespec until{gateway.keep_shards("quarter " + who(::getuid())).count(), 0};
    siginfo_t sent{};
    switch (sigtimedwait(&set, &sent, &until)) {
      case SIGHUP: reload(gateway, sent); break;
      case SIGUSR1: close_shard(gateway, sent); break;
      case SIGUSR2:  // sent by this process
        if (gateway.shard_complete()) return Ending::next_shard;
        break;
      case SIGTERM:
      case SIGINT: return Ending::stop;
      default: break;  // interrupted, or time to look at the calendar
    }
  }
}

// A new shard is opened by a start: the gateway ends and begins again in this process, on the same ports.
int serve(chuanyu::config::Config config) {
  for (Ending ending = Ending::next_shard; ending == Ending::next_shard;) {
    auto started = Gateway::start(config, who(::getuid()), [] { ::kill(::getpid(), SIGUSR2); });
    if (const auto* errors = std::get_if<std::vector<Error>>(&started)) {
      print(*errors);
      return 1;
    }
    auto& gateway = std::get<std::unique_ptr<Gateway>>(started);
    config.listen.port = gateway->port();
    config.listen.admin_port = gateway->admin_port();
    std::printf("ready https=%u admin=%u\n", static_cast<unsigned>(gateway->port()),
                static_cast<unsigned>(gateway->admin_port()));
    std::fflush(stdout);
    ending = attend(*gateway);
    chuanyu::log::info("drain.begin");
    gateway->drain();
    chuanyu::log::info("drain.done");
  }
  return 0;
}

// What went wrong in a one-off mode; the configuration or the command line, as everywhere: 2.
int failed(const std::vector<Error>& errors) {
  print(errors);
  const bool misused = std::all_of(errors.begin(), errors.end(), [](const Error& one) {
    return one.code == chuanyu::Code::CONFIG_VALUE || one.code == chuanyu::Code::CONFIG_UNREADABLE ||
           one.code == chuanyu::Code::LOCAL_KEY_FILE;
  });
  return misused ? 2 : 1;
}

int close_shard(const chuanyu::config::Config& config) {
  const auto closed = chuanyu::app::close_shard(config, "--close-shard " + who(::getuid()));
  if (!closed.ok()) return failed({closed.error()});
  std::printf("已封存日志 %s。启动网关：最后的检查点达到见证策略所要求的见证后，另起一卷\n", closed->c_str());
  return 0;
}

int recover(const chuanyu::config::Config& config, const chuanyu::app::RecoveryOrder& order) {
  const auto opened = chuanyu::app::recover(config, order, "--recover " + who(::getuid()));
  if (!opened.ok()) return failed({opened.error()});
  std::printf("已另起一卷 %s，其开头记有恢复的批准人、原因与恢复时日志的长度。启动网关即继续工作\n", opened->c_str());
  return 0;
}

// Words that become a line of a log entry.
CLI::Validator one_line() {
  return {[](std::string& text) {
            constexpr std::size_t kMost = 512;
            const bool fits = !text.empty() && text.size() <= kMost &&
                              std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; });
            return fits ? std::string() : std::string("应为一行文字，至多 512 字节");
          },
          ""};
}

int rebuild_state(const chuanyu::config::Config& config) {
  const auto rebuilt = chuanyu::app::rebuild_state(config);
  if (!rebuilt.ok()) return failed({rebuilt.error()});
  std::printf("状态已由日志重建：%llu 条，摘要 %s\n", static_cast<unsigned long long>(rebuilt->entries),
              rebuilt->digest.c_str());
  return 0;
}

int rotate_kek(const chuanyu::config::Config& config, const std::string& new_kek) {
  const bool seen = ::isatty(STDERR_FILENO) == 1;
  const auto rotated = chuanyu::app::rotate_kek(config, new_kek, [seen](std::uint64_t done, std::uint64_t all) {
    if (seen)
      std::fprintf(stderr, "\r已换 %llu/%llu", static_cast<unsigned long long>(done),
                   static_cast<unsigned long long>(all));
  });
  if (seen) std::fputc('\n', stderr);
  if (!rotated.ok()) return failed({rotated.error()});
  std::printf(
      "已用新密钥重新加密 %llu 把数据密钥，密钥期 %u。请把配置的 keys.kek 改为 %s、keys.kek_epoch 改为 %u，\n"
      "启动网关（状态将重建），确认无误后销毁旧的密钥加密密钥及其全部备份。\n",
      static_cast<unsigned long long>(*rotated), config.keys.kek_epoch + 1, new_kek.c_str(), config.keys.kek_epoch + 1);
  return 0;
}

int retention(const chuanyu::config::Config& config, bool dry_run) {
  const auto done = chuanyu::app::Gateway::retain(config, who(::getuid()), dry_run);
  if (const auto* errors = std::get_if<std::vector<Error>>(&done)) return failed(*errors);
  const auto& report = std::get<chuanyu::exchange::RetentionReport>(done);
  const auto number = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
  std::printf("%s %llu 条内容", dry_run ? "将删除" : "已删除", number(report.payloads));
  if (report.payloads > 0) {
    std::printf("，%s 至 %s，删除条目 %llu 个", to_string(report.oldest).c_str(), to_string(report.newest).c_str(),
                number(report.erasures));
  }
  std::printf(
      "\n同样已满期限而保留的：尚未了结 %llu 条，尚在收件箱或待送达 %llu 条，仍在公示或有效 %llu 条，隔离待处理 %llu "
      "条\n",
      number(report.under_way), number(report.waiting), number(report.in_force), number(report.quarantined));
  std::string periods =
      config.retention.keep_months == 0 ? "其余不限" : std::to_string(config.retention.keep_months) + " 个月";
  for (const auto& [kind, months] : config.retention.kinds) {
    periods += "，" + kind + (months == 0 ? " 不限" : " " + std::to_string(months) + " 个月");
  }
  std::printf("保存期限（配置 retention）：%s\n", periods.c_str());
  if (!dry_run && report.payloads > 0) {
    std::printf("数据文件的空闲页中还留有已销毁的密钥行：请随后用 --rotate-kek 换用新的密钥加密密钥\n");
  }
  return 0;
}

int restore(const chuanyu::config::Config& config, const std::string& exported) {
  const auto entries = chuanyu::app::restore(config, exported);
  if (!entries.ok()) return failed({entries.error()});
  std::printf("已恢复 %llu 条到 %s；状态将在启动时重建\n", static_cast<unsigned long long>(*entries),
              config.data.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli{
      "chuanyu-gateway：川渝数据共享网关。SIGTERM 停止（处理完已收请求），SIGHUP "
      "重载证书、吊销列表、名录、策略与映射，SIGUSR1 封存日志的现卷并另起一卷。",
      "chuanyu-gateway"};
  std::string path;
  bool check_only = false;
  bool print_default = false;
  bool rebuild = false;
  std::string exported;
  std::string new_kek;
  bool close = false;
  bool recovering = false;
  chuanyu::app::RecoveryOrder order;
  bool retain = false;
  bool dry_run = false;
  chuanyu::terminal::begin(cli);
  cli.add_option("--config", path, "配置文件")->type_name("文件")->envname("CHUANYU_CONFIG");
  cli.add_flag("--check-config", check_only, "检查配置及其引用的全部文件，列出所有错误后退出");
  cli.add_flag("--rebuild-state", rebuild, "由日志重建状态并打印其摘要后退出（网关须已停止）");
  cli.add_option("--rotate-kek", new_kek, "换用新的密钥加密密钥（32 字节文件）后退出（网关须已停止）")
      ->type_name("文件");
  cli.add_flag("--close-shard", close, "封存日志的现卷后退出（网关须已停止；运行时用 SIGUSR1）：下次启动另起一卷");
  auto* recovery =
      cli.add_flag("--recover", recovering, "恢复了旧备份而日志落后时：另起一卷，写明经过，然后退出（网关须已停止）");
  cli.add_option("--approver", order.approver, "与 --recover 同用：谁批准的")
      ->type_name("文字")
      ->needs(recovery)
      ->check(one_line());
  cli.add_option("--reason", order.reason, "与 --recover 同用：为什么")
      ->type_name("文字")
      ->needs(recovery)
      ->check(one_line());
  cli.add_option("--witness-note", order.witness_note, "与 --recover 同用：见证方所存的本日志检查点")
      ->type_name("文件")
      ->needs(recovery);
  auto* retention_flag =
      cli.add_flag("--retention", retain,
                   "删除超过保存期限（配置 retention）的内容：写入删除条目，再销毁其密钥，然后退出（网关须已停止）");
  cli.add_flag("--dry-run", dry_run, "只数不删（与 --retention 同用）")->needs(retention_flag);
  cli.add_option("--restore", exported,
                 "由 chuanyu-audit export --with-keys 的目录恢复数据目录后退出（数据目录须为空）")
      ->type_name("目录");
  cli.add_flag("--print-default-config", print_default, "打印带注释的完整默认配置");
  if (const auto exit = chuanyu::terminal::parse(cli, argc, argv, std::cout, std::cerr)) return *exit;
  if (print_default) {
    std::fputs(std::string(chuanyu::config::default_text()).c_str(), stdout);
    return 0;
  }
  if (path.empty()) {
    const char* what = "须用 --config 指定配置文件（--print-default-config 打印一份样例）";
    return chuanyu::terminal::misused(cli, what, std::cerr);
  }
  const auto loaded = chuanyu::config::load(path);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) {
    print(*errors);
    return 2;
  }
  const auto& config = std::get<chuanyu::config::Config>(loaded);
  if (check_only) {
    const std::vector<Error> errors = chuanyu::app::check(config);
    print(errors);
    if (errors.empty())
      std::printf("配置正确：%s（网关 %s，对端 %zu 个）\n", path.c_str(), config.gateway.id.c_str(),
                  config.peers.size());
    return errors.empty() ? 0 : 2;
  }
  chuanyu::log::set_level(config.log_level);
  if (rebuild) return rebuild_state(config);
  if (!new_kek.empty()) return rotate_kek(config, new_kek);
  if (!exported.empty()) return restore(config, exported);
  if (close) return close_shard(config);
  if (recovering) {
    const bool said = !order.approver.empty() && !order.reason.empty();
    if (!said)
      return chuanyu::terminal::misused(cli, "--recover 须用 --approver、--reason 写明谁批准、为什么", std::cerr);
    return recover(config, order);
  }
  if (retain) return retention(config, dry_run);
  const sigset_t set = control_signals();  // before any thread: all of them inherit it
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGBUS, on_missing_page);
  return serve(config);
}
