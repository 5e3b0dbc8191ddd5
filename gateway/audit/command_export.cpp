#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/audit.h"
#include "gateway/audit/commands.h"
#include "gateway/audit/export.h"

namespace chuanyu::audit {
namespace {

struct ExportArguments {
  std::string folder;
  std::string out;
  std::string key;
  bool with_keys = false;
  bool json = false;
};

int run_export(const ExportArguments& arguments, const Streams& streams) {
  const auto log = LogReader::open(arguments.folder);
  if (!log.ok()) return fail(streams.err, log.error());
  ExportOptions options;
  options.with_keys = arguments.with_keys;
  options.progress = progress_on(streams, arguments.folder);
  if (!arguments.key.empty()) {
    auto keys = read_keys(arguments.key);
    if (!keys.ok()) return fail(streams.err, keys.error());
    options.keys = *std::move(keys);
  }
  const auto report = export_shards(**log, arguments.out, options);
  if (!report.ok()) return fail(streams.err, report.error());
  if (arguments.json) {
    const nlohmann::ordered_json all{{"result", "clean"},
                                     {"signatures", options.keys.empty() ? "unchecked" : "checked"},
                                     {"origin", report->origin},
                                     {"before", report->before},
                                     {"size", report->size},
                                     {"notSigned", report->not_signed},
                                     {"root", to_base64(crypto::view(report->root))},
                                     {"files", report->files},
                                     {"bytes", report->bytes}};
    streams.out << all.dump(2) << "\n";
    return kClean;
  }
  streams.out << report->origin << "：导出到第 " << report->size << " 条（先前已有 " << report->before << " 条），写了 "
              << report->files << " 个文件、" << report->bytes << " 字节\n";
  if (report->not_signed > 0) streams.out << "其后 " << report->not_signed << " 条尚无检查点，未导出\n";
  if (options.keys.empty()) streams.out << "未核验签名：请用 --key 给出日志公钥\n";
  return kClean;
}

}  // namespace

Command add_export(CLI::App& app, const Streams& streams) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App& command = *app.add_subcommand("export", "写成静态目录（C2SP tlog-tiles）：存档、备份；再次执行只写新的");
  command.add_option("DIR", arguments->folder, "数据目录，或先前导出的目录")->required()->type_name("");
  command.add_option("OUT", arguments->out, "写到哪里：空目录，或同一日志先前的导出")->required()->type_name("");
  command.add_option("--key", arguments->key, "日志公钥：边导出边核验签名；换过公钥的日志，把各把放在一个 PEM 文件里")
      ->type_name("PUB");
  command.add_flag("--with-keys", arguments->with_keys, "连同已加密的数据密钥（备份用；不含密钥加密密钥）");
  command.add_flag("--json", arguments->json, "以 JSON 输出");
  return {&command, [arguments, streams] { return run_export(*arguments, streams); }};
}

}  // namespace chuanyu::audit
