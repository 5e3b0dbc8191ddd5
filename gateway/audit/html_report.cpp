#include <ostream>

#include "gateway/audit/report.h"
#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/terminal/text.h"

namespace chuanyu::audit {
namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>交换日志核验报告</title>
<style>
@page { size: A4; margin: 18mm 16mm; }
body { font: 10.5pt/1.55 "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", "Songti SC", serif; color: #111;
       max-width: 178mm; margin: 8mm auto; }
h1 { font-size: 18pt; text-align: center; margin: 0 0 4mm; }
h2 { font-size: 13pt; border-bottom: 0.4mm solid #444; margin: 8mm 0 2mm; break-after: avoid; }
.conclusion { border: 0.6mm solid #111; padding: 3mm 4mm; font-size: 13pt; }
.conclusion b { font-size: 15pt; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0; break-inside: auto; }
tr { break-inside: avoid; }
th, td { border: 0.2mm solid #888; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #eee; font-weight: normal; width: 26%; }
table.list th { width: auto; }
code { font: 9pt/1.4 "Noto Sans Mono CJK SC", monospace; overflow-wrap: anywhere; }
.small { font-size: 9pt; color: #333; }
.sign td { height: 16mm; width: 33%; }
@media print { body { margin: 0; max-width: none; } }
</style>
</head>
<body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : terminal::printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

class Page {
 public:
  explicit Page(std::ostream& out) : out_(out) {}

  void heading(const char* text) { out_ << "<h2>" << text << "</h2>\n"; }
  void row(const char* label, const std::string& value) {
    out_ << "<tr><th>" << label << "</th><td>" << escaped(value) << "</td></tr>\n";
  }
  void points(const std::vector<std::string>& list) {
    out_ << "<ul>\n";
    for (const std::string& point : list) out_ << "<li>" << escaped(point) << "</li>\n";
    out_ << "</ul>\n";
  }
  void open_table() { out_ << "<table>\n"; }
  void close_table() { out_ << "</table>\n"; }

  void log(const LogReport& log) {
    open_table();
    row("日志名称", log.origin);
    row("目录", log.folder);
    row("条目", std::to_string(log.size) + " 条");
    row("期间", log.last_time == 0 ? "" : to_rfc3339(log.first_time) + " 至 " + to_rfc3339(log.last_time));
    if (log.base > 0) row("分卷", shard_words(log));
    row("根哈希（SHA-256）", to_base64(crypto::view(log.root)));
    row("检查点", checkpoint_words(log));
    row("检查点签名", signature_words(log));
    for (const std::string& words : rotation_words(log)) row("更换密钥", words);
    if (uses_sm(log)) row("国密", sm_words(log));
    row("见证", witnessed(log));
    row("策略、名录版本", std::to_string(log.versions) + " 个");
    row("大内容文件", std::to_string(log.blobs) + " 个");
    for (const std::string& words : erased_words(log)) row("依法删除", words);
    std::string kinds;
    for (const auto& [kind, count] : log.kinds)
      kinds += (kinds.empty() ? "" : "，") + kind + " " + std::to_string(count);
    row("条目种类", kinds);
    row("结论", conclusion(exit_code(log.findings), log.signatures_checked));
    close_table();
  }

  void pair(const PairReport& pair) {
    open_table();
    row("方向", pair.from + " → " + pair.to);
    row("发出", sent_words(pair));
    row("回执签名", pair.receipts_checked ? "已用对方公钥核验" : "未核验");
    row("对方的见证", cosigned_words(pair));
    row("结论", conclusion(exit_code(pair.findings), pair.receipts_checked));
    close_table();
  }

  // True when there was one.
  bool findings(const Findings& findings) {
    if (findings.empty()) return false;
    out_ << "<table class=\"list\">\n<tr><th>代码</th><th>所见</th><th>位置</th><th>如何处理</th></tr>\n";
    std::uint64_t all = 0;
    for (const auto& [code, count] : findings.counts) all += count;
    for (const Error& found : findings.listed) {
      out_ << "<tr><td><code>" << to_string(found.code) << "</code><br>" << info(found.code).title_zh << "</td><td>"
           << escaped(found.detail) << "</td><td>" << escaped(found.where) << "</td><td>" << info(found.code).advice
           << "</td></tr>\n";
    }
    close_table();
    if (all > findings.listed.size()) out_ << "<p>另有 " << all - findings.listed.size() << " 处未列出。</p>\n";
    return true;
  }

 private:
  std::ostream& out_;
};

}  // namespace

void print_html(const Verification& verification, const std::string& command, std::ostream& out) {
  const ExitCode code = exit_code(verification);
  Page page(out);
  out << kHead << "<h1>交换日志核验报告</h1>\n<p class=\"conclusion\">结论：<b>" << escaped(verdict(verification))
      << "</b>（退出码 " << static_cast<int>(code) << "）</p>\n<p class=\"small\">核验时间 "
      << to_rfc3339(SystemClock().now()) << "；离线核验，只读取所列目录，不信任其中任何一行：全部哈希重新计算。</p>\n";

  page.heading("一、核对了什么");
  page.points({"每一条目的规范编码；条目 → 叶哈希 → 哈希块 → 根哈希",
               "每一个检查点的签名（给出公钥时）、见证方签名（给出见证策略时）与根哈希；大内容文件的摘要",
               "每一决定所用的策略与名录、每一转换所用的映射，此前都有记录，内容与摘要相符",
               "两份日志时：每一封发出的信件与对方收到的条目、对方签名的回执逐一配对"});
  page.heading("二、日志");
  for (const LogReport& log : verification.logs) page.log(log);
  if (!verification.pairs.empty()) page.heading("三、双方核对");
  for (const PairReport& pair : verification.pairs) page.pair(pair);
  page.heading("四、发现");
  bool any = page.findings(verification.unreadable);
  for (const LogReport& log : verification.logs) any = page.findings(log.findings) || any;
  for (const PairReport& pair : verification.pairs) any = page.findings(pair.findings) || any;
  if (!any) out << "<p>没有发现。</p>\n";
  page.heading("五、未能核验的");
  page.points(not_checked(verification));
  page.heading("六、如何重复");
  out << "<p><code>" << escaped(command)
      << "</code></p>\n<p class=\"small\">退出码：0 完好；2 用法有误；3 有改动或签名无效；4 不完整；5 "
         "含有较新版本的内容；"
         "6 不能读取；9 "
         "有内容的密钥已不在，而没有依法删除的条目。同样的目录与公钥，任何人、任何时候得出同样的结论。</p>\n"
      << "<table class=\"sign\"><tr><td>核验人</td><td>复核人</td><td>日期</td></tr></table>\n</body>\n</html>\n";
}

}  // namespace chuanyu::audit
