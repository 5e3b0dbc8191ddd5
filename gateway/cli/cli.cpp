#include "gateway/cli/cli.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>

#include "gateway/cli/commands.h"
#include "gateway/terminal/usage.h"

namespace chuanyu::cli {
namespace {

using terminal::between;
using terminal::one_of;

constexpr const char* kFooter =
    R"(退出码：0 成功；2 用法或文件有误；3 网关拒绝（含导入中有行被拒）；4 网关或对端故障；5 连不上或 TLS 失败；6 查询暂无答复，稍后见收件箱
例：
  chuanyu --as G02.json whoami
  chuanyu --as G02.json put credit CR0001.csv --matter SJ-01 --basis 法律依据 --grant 授权号 --operator 经办人
  chuanyu --as G07.json query licence --uscc 91510903MADEM0011H --owner 11510903MBDEM0031X --cause 核验 …
)";

// Everything that the command line says; one sub-command's part is used.
struct Arguments {
  Connection connection;
  bool json = false;
  PutArguments put;
  SendArguments send;
  QueryArguments query;
  InboxArguments inbox;
  ReceiptArguments receipt;
  EraseArguments erase;
  std::string id;
  bool every = false;
  std::string admin_url;
  std::function<int(Session&)> chosen;
};

void add_purpose(CLI::App& command, Purpose& purpose) {
  command.add_option("--matter", purpose.matter, "事项编码")->type_name("编码");
  command.add_option("--basis", purpose.basis, "使用依据")->type_name("依据");
  command.add_option("--grant", purpose.grant, "授权编号")->type_name("编号");
  command.add_option("--operator", purpose.operator_name, "经办人姓名或编号")->type_name("经办人");
  command.add_option("--cause", purpose.cause, "使用事由（证照必填，不超过 200 字）")->type_name("事由");
}

void add_key(CLI::App& command, std::string& key) {
  command.add_option("--idempotency-key", key, "幂等键；省略时生成一个并打印，重试须用同一个")->type_name("键");
}

void add_kind(CLI::App& command, std::string& kind) {
  command.add_option("类别", kind, "credit（信用）、licence（证照）或 case（执法案件）")
      ->required()
      ->check(one_of({"credit", "licence", "case"}))
      ->type_name("");
}

void add_put(CLI::App& app, Arguments& all, const char* name, const char* help, bool one) {
  auto* command = app.add_subcommand(name, help);
  add_kind(*command, all.put.kind);
  command->add_option("文件", all.put.file, "本省格式的文件；- 表示标准输入")->required()->type_name("");
  if (one) command->add_option("--id", all.put.id, "记录标识；省略时从文件中读取")->type_name("标识");
  command->add_option("--content-type", all.put.content_type, "内容类型；省略时按文件名")->type_name("类型");
  add_key(*command, all.put.idempotency_key);
  add_purpose(*command, all.put.purpose);
  command->callback([&all, one] {
    all.chosen = [&all, one](Session& session) { return one ? put(session, all.put) : import_file(session, all.put); };
  });
}

void add_send(CLI::App& app, Arguments& all) {
  auto* command = app.add_subcommand("send", "向一个机构推送一条记录或一份函件");
  command->add_option("文件", all.send.file, "本省格式的一条记录，或函件的规范 JSON")->required()->type_name("");
  command->add_option("--to", all.send.to, "收件机构的统一社会信用代码")->required()->type_name("代码");
  auto* kind = command->add_option("--kind", all.send.kind, "推送记录：credit、licence 或 case")
                   ->check(one_of({"credit", "licence", "case"}));
  auto* type = command->add_option("--type", all.send.type, "发送函件：clue-transfer、service-handover 等");
  kind->type_name("类别")->excludes(type);
  type->type_name("函件类型");
  command->add_option("--in-reply-to", all.send.in_reply_to, "所答复的交换编号")->type_name("编号");
  command->add_option("--expires", all.send.expires_at, "送达期限，RFC 3339；缺省由网关决定")->type_name("时间");
  command->add_option("--content-type", all.send.content_type, "内容类型；省略时按文件名")->type_name("类型");
  add_key(*command, all.send.idempotency_key);
  add_purpose(*command, all.send.purpose);
  command->callback([&all] {
    if (all.send.kind.empty() == all.send.type.empty())
      throw CLI::ValidationError("须给出 --kind 或 --type（二者取一）");
    all.chosen = [&all](Session& session) { return send(session, all.send); };
  });
}

void add_query(CLI::App& app, Arguments& all) {
  auto* command = app.add_subcommand("query", "查询本省或对方省的记录，以本省格式作答");
  add_kind(*command, all.query.kind);
  constexpr const char* kSubject = "查谁（三选一）";
  command->add_option("--uscc", all.query.uscc, "主体的统一社会信用代码")->type_name("代码")->group(kSubject);
  command->add_option("--id-no", all.query.id_no, "主体的证件号码")->type_name("号码")->group(kSubject);
  command->add_option("--id", all.query.id, "记录标识")->type_name("标识")->group(kSubject);
  command->add_option("--owner", all.query.owner, "只查这个机构的记录")->type_name("代码");
  command->add_option("--gateway", all.query.gateway, "向哪个网关查（sc、cq）；缺省为 --owner 所属网关，或本网关")
      ->type_name("网关");
  command->add_option("--list", all.query.list_kinds, "信用：只查这些名单（RED、BLACK、FOCUS、PENALTY）")
      ->type_name("名单")
      ->delimiter(',');
  command->add_option("--wait", all.query.wait_seconds, "最多等候的秒数")->type_name("秒")->check(between(1, 60));
  command->add_option("--native", all.query.native, "把本省格式的结果写入文件；- 表示标准输出")->type_name("文件");
  add_key(*command, all.query.idempotency_key);
  add_purpose(*command, all.query.purpose);
  command->callback([&all] {
    const auto given =
        (all.query.uscc.empty() ? 0 : 1) + (all.query.id_no.empty() ? 0 : 1) + (all.query.id.empty() ? 0 : 1);
    if (given == 0) throw CLI::ValidationError("没有指明查谁：须给出 --uscc、--id-no、--id 之一");
    if (given > 1)
      throw CLI::ValidationError("--uscc、--id-no、--id 只能给出一个，却给出了 " + std::to_string(given) + " 个");
    all.chosen = [&all](Session& session) { return query(session, all.query); };
  });
}

void add_inbox(CLI::App& app, Arguments& all) {
  auto* command = app.add_subcommand("inbox", "读收件箱");
  command->add_option("--wait", all.inbox.wait_seconds, "没有新件时最多等候的秒数")
      ->type_name("秒")
      ->check(between(0, 60));
  command->add_option("--after", all.inbox.after, "从这个游标之后读起")->type_name("游标");
  command->add_option("--limit", all.inbox.limit, "至多几件")->type_name("件数")->check(between(1, 100));
  command->add_flag("--ack", all.inbox.acknowledge, "逐件签收");
  command->add_flag("--details", all.inbox.details, "打印内容");
  command->callback([&all] { all.chosen = [&all](Session& session) { return inbox(session, all.inbox); }; });
}

void add_with_id(CLI::App& app, Arguments& all, const char* name, const char* help,
                 int (*action)(Session&, const std::string&)) {
  auto* command = app.add_subcommand(name, help);
  command->add_option("交换编号", all.id, "交换编号")->required()->type_name("");
  command->callback(
      [&all, action] { all.chosen = [&all, action](Session& session) { return action(session, all.id); }; });
}

void add_simple(CLI::App& app, Arguments& all, const char* name, const char* help, int (*action)(Session&)) {
  app.add_subcommand(name, help)->callback([&all, action] { all.chosen = action; });
}

void add_quarantine(CLI::App& app, Arguments& all) {
  auto* command = app.add_subcommand("quarantine", "被隔离的记录及其原因；rerun 按现行映射重新处理");
  auto* again = command->add_subcommand("rerun", "按现行映射重新处理一次交换中被隔离的记录，或全部");
  auto* id = again->add_option("交换编号", all.id, "交换编号")->type_name("");
  again->add_flag("--all", all.every, "全部重新处理")->excludes(id);
  command->callback([&all, again] {
    if (!again->parsed()) {
      all.chosen = quarantine;
      return;
    }
    if (!all.every && all.id.empty()) throw CLI::ValidationError("须给出交换编号，或 --all");
    all.chosen = [&all](Session& session) { return all.every ? rerun_all(session) : rerun(session, all.id); };
  });
}

void add_connection(CLI::App& app, Arguments& all) {
  app.add_option("--as", all.connection.profile, "连接档案：JSON，含 url、cert、key、trust、crl")
      ->type_name("文件")
      ->envname("CHUANYU_PROFILE");
  app.add_option("--url", all.connection.url, "网关地址 https://主机:端口")->type_name("地址");
  app.add_option("--cert", all.connection.cert, "本机构证书链（PEM，叶证书在前）")->type_name("文件");
  app.add_option("--key", all.connection.key, "证书私钥（PEM，权限 0600）")->type_name("文件");
  app.add_option("--trust", all.connection.trust, "受信任的根 CA（PEM）")->type_name("文件");
  app.add_option("--crl", all.connection.crl, "吊销列表（PEM）")->type_name("文件");
  app.add_option("--timeout", all.connection.timeout_seconds, "等候应答的秒数（缺省 90）")
      ->type_name("秒")
      ->check(between(1, 3600))
      ->capture_default_str();
  app.add_option("--level", all.connection.level, "回执级别：durable 已落盘（缺省）、signed 已签名、witnessed 已见证")
      ->type_name("级别")
      ->check(terminal::one_of({"durable", "signed", "witnessed"}));
  app.add_flag("--json", all.json, "输出 JSON（网关的原样应答），供程序使用");
}

void build(CLI::App& app, Arguments& all) {
  terminal::begin(app);
  app.require_subcommand(1);
  app.fallthrough();  // connection options may also stand after the sub-command
  add_connection(app, all);
  add_simple(app, all, "whoami", "网关把你认作谁", whoami);
  add_put(app, all, "put", "发布一条本机构的记录", true);
  add_put(app, all, "import", "批量导入本机构的记录", false);
  add_send(app, all);
  add_query(app, all);
  add_inbox(app, all);
  add_with_id(app, all, "ack", "签收收件箱中的一件", acknowledge);
  add_with_id(app, all, "status", "一次交换现在到了哪里", status);
  auto* receipt_command = app.add_subcommand("receipt", "取一次交换的回执：离开网关也能核验（chuanyu-audit receipt）");
  receipt_command->add_option("交换编号", all.receipt.id, "交换编号")->required()->type_name("");
  receipt_command->add_option("-o,--out", all.receipt.file, "写到文件；缺省为标准输出")->type_name("文件");
  receipt_command->callback(
      [&all] { all.chosen = [&all](Session& session) { return receipt(session, all.receipt); }; });
  auto* erase_command = app.add_subcommand("erase", "依法删除若干交换的内容（运维）：日志条目与证明保留，内容不再可读");
  erase_command->add_option("交换编号", all.erase.ids, "交换编号，可多个")->required()->type_name("");
  erase_command->add_option("--basis", all.erase.basis, "法律依据或决定文号")->required()->type_name("文字");
  erase_command->add_option("--approver", all.erase.approver, "批准人或批准机关")->required()->type_name("文字");
  erase_command->callback([&all] { all.chosen = [&all](Session& session) { return erase(session, all.erase); }; });
  add_simple(app, all, "mappings", "网关在用的格式", mappings);
  add_simple(app, all, "gaps", "代码集不认识的值：各多少次，何时首见", gaps);
  add_quarantine(app, all);
  auto* self = app.add_subcommand("selftest", "自检：证书、连接、身份、时钟、网关就绪");
  self->add_option("--admin", all.admin_url, "运维监听地址，如 http://127.0.0.1:9443；给出时一并检查就绪")
      ->type_name("地址");
  self->callback([&all] { all.chosen = [&all](Session& session) { return selftest(session, all.admin_url); }; });
  app.footer(kFooter);  // last: sub-commands would inherit it
}

}  // namespace

int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Arguments all;
  CLI::App app{"川渝数据共享网关命令行：机构与运维人员使用", "chuanyu"};
  build(app, all);
  if (const auto exit = terminal::parse(app, argc, argv, out, err)) return *exit;
  const auto complete = all.connection.complete();
  Session session(all.connection, all.json, out, err);
  return complete ? all.chosen(session) : session.fail(complete.error());
}

}  // namespace chuanyu::cli
