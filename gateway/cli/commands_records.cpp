// put, import, query: records in the caller's own format.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>

#include "gateway/base/bytes.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/native_file.h"
#include "gateway/cli/table.h"

namespace chuanyu::cli {
namespace {

Result<NativeFile> load_native(const PutArguments& arguments) {
  CHUANYU_TRY(auto file, load(arguments.file));
  if (!arguments.content_type.empty()) file.media_type = arguments.content_type;
  if (file.media_type.empty()) {
    return error(Code::CONFIG_VALUE,
                 "看不出格式；文件名应以 .json、.ndjson、.xml 或 .csv 结尾，或用 --content-type 指明", arguments.file);
  }
  return file;
}

// The record's main facts, whatever its profile calls them.
std::string first_of(const Json& record, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (auto text = text_at(record, path); !text.empty()) return text;
  }
  return {};
}

void print_records(Session& session, const Json& answer) {
  const auto& records = answer.at("records");
  Table table({"标识", "名称", "主体", "日期", "状态"});
  for (const auto& record : records) {
    if (record.contains("base64")) {  // XML and CSV are shown as they are
      session.out() << text_at(record, "/text") << '\n';
      continue;
    }
    table.add({first_of(record, {"/recordId", "/case_id", "/ZZBS"}),
               first_of(record, {"/list/name", "/case_name", "/ZZMC"}),
               first_of(record, {"/subject/name", "/admin_cp/0/admin_cp_name", "/CZZT"}),
               first_of(record, {"/decision/date", "/set_time", "/file_date", "/ZZBFRQ"}),
               first_of(record, {"/status", "/case_status", "/ZZZT"})});
  }
  if (!table.empty()) table.print(session.out());
}

std::string media_type_for(Session& session, const std::string& kind, int& exit) {
  const auto who = session.call("GET", "/v1/whoami");
  exit = who.exit;
  if (exit != kOk) return {};
  const auto profile = text_at(who.body, "/profiles/" + kind);
  const auto live = session.call("GET", "/v1/mappings");
  exit = live.exit;
  if (exit != kOk || !live.body.contains("mappings")) return {};
  for (const auto& mapping : live.body.at("mappings")) {
    if (text_at(mapping, "/id") == profile) return text_at(mapping, "/mediaType");
  }
  return {};
}

std::string header_of(const transport::Response& response, std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  for (const auto& header : response.headers) {
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(), same)) return header.value;
  }
  return {};
}

}  // namespace

int put(Session& session, const PutArguments& arguments) {
  auto file = load_native(arguments);
  if (!file) return session.fail(file.error());
  const auto id = arguments.id.empty() ? record_id(file->bytes, file->media_type) : std::optional(arguments.id);
  if (!id) return session.fail(error(Code::CLIENT_FIELD_MISSING, "看不出记录标识；请用 --id 给出", arguments.file));
  auto headers = arguments.purpose.to_headers();
  headers.push_back(session.idempotency(arguments.idempotency_key));
  headers.push_back({"Content-Type", file->media_type});
  const auto answer = session.call("PUT", "/v1/records/" + percent_encode(arguments.kind) + "/" + percent_encode(*id),
                                   std::move(headers), std::move(file->bytes));
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  session.out() << (answer.status == 201 ? "已发布 " : "已替换 ") << *id << '\n';
  print_receipt(session, answer.body.value("receipt", Json()));
  print_notes(session, answer.body.value("notes", Json()));
  return kOk;
}

int import_file(Session& session, const PutArguments& arguments) {
  auto file = load_native(arguments);
  if (!file) return session.fail(file.error());
  auto headers = arguments.purpose.to_headers();
  headers.push_back(session.idempotency(arguments.idempotency_key));
  headers.push_back({"Content-Type", file->media_type});
  if (::isatty(STDERR_FILENO) == 1) session.err() << "正在导入 " << file->bytes.size() << " 字节……\n";
  const auto answer = session.call("POST", "/v1/records/" + percent_encode(arguments.kind) + ":import",
                                   std::move(headers), std::move(file->bytes));
  if (answer.exit != kOk) return answer.exit;
  const bool whole = text_at(answer.body, "/rejected") == "0" && !answer.body.contains("brokenOff");
  const int exit = whole ? kOk : kRefused;
  if (session.printed(answer)) return exit;
  session.out() << "共 " << text_at(answer.body, "/rows") << " 行：收下 " << text_at(answer.body, "/accepted")
                << "，未变 " << text_at(answer.body, "/unchanged") << "，拒收 " << text_at(answer.body, "/rejected")
                << '\n';
  print_receipt(session, answer.body.value("receipt", Json()));
  Table table({"行号", "文件行", "错误码", "位置", "说明"});
  for (const auto& row : answer.body.value("outcomes", Json::array())) {
    table.add({text_at(row, "/row"), text_at(row, "/line"), text_at(row, "/code"), text_at(row, "/pointer"),
               text_at(row, "/detail")});
  }
  if (!table.empty()) table.print(session.out());
  if (text_at(answer.body, "/truncated") == "true") session.out() << "（被拒的行太多，只列出前面的）\n";
  if (answer.body.contains("brokenOff")) {
    session.out() << "文件提前结束：" << text_at(answer.body, "/brokenOff/code") << " "
                  << text_at(answer.body, "/brokenOff/detail") << '\n';
  }
  return exit;
}

int query(Session& session, const QueryArguments& arguments) {
  Json subject = Json::object();
  if (!arguments.uscc.empty()) subject["uscc"] = arguments.uscc;
  if (!arguments.id_no.empty()) subject["idNo"] = arguments.id_no;
  if (!arguments.id.empty()) subject["id"] = arguments.id;
  Json body = {{"kind", arguments.kind}, {"subject", subject}};
  if (!arguments.owner.empty()) body["owner"] = arguments.owner;
  if (!arguments.gateway.empty()) body["gateway"] = arguments.gateway;
  if (!arguments.list_kinds.empty()) body["listKinds"] = arguments.list_kinds;
  if (arguments.wait_seconds >= 0) body["waitSeconds"] = arguments.wait_seconds;
  body["purpose"] = arguments.purpose.to_json();

  std::vector<transport::Header> headers;
  std::string wanted;
  if (!arguments.native.empty()) {
    int exit = kOk;
    wanted = media_type_for(session, arguments.kind, exit);
    if (exit != kOk) return exit;
    headers.push_back({"Accept", wanted});
  }
  headers.push_back(session.idempotency(arguments.idempotency_key));
  const auto answer = session.post_json("/v1/queries", body, std::move(headers));
  if (answer.exit != kOk) return answer.exit;
  if (answer.status == 202) {
    if (!session.printed(answer)) {
      session.out() << "对方暂未作答；结果将进入收件箱（chuanyu inbox）\n";
      print_receipt(session, answer.body.value("receipt", Json()));
    }
    return kDeferred;
  }
  if (!arguments.native.empty()) {
    // A profile in JSON comes as the array of its records; XML and CSV as the document itself.
    const bool envelope = answer.body.is_object() && answer.body.contains("records");
    const std::string document = envelope ? answer.body.at("records").dump(1) + "\n" : answer.response.body;
    if (!session.json() && arguments.native != "-") {
      const auto count = envelope ? text_at(answer.body, "/count") : header_of(answer.response, "Chuanyu-Count");
      const auto exchange =
          envelope ? text_at(answer.body, "/exchangeId") : header_of(answer.response, "Chuanyu-Exchange-Id");
      session.out() << "查得 " << count << " 条  交换编号 " << exchange << '\n';
    }
    return session.write_file(arguments.native, document);
  }
  if (session.printed(answer)) return kOk;
  const auto rule = text_at(answer.body, "/rule");  // of this gateway; the other one keeps its own to itself
  session.out() << "查得 " << text_at(answer.body, "/count") << " 条（" << text_at(answer.body, "/profile") << "）"
                << (rule.empty() ? "" : "  依据规则 " + rule) << '\n';
  if (answer.body.contains("records")) print_records(session, answer.body);
  print_receipt(session, answer.body.value("receipt", Json()));
  print_notes(session, answer.body.value("notes", Json()));
  return kOk;
}

}  // namespace chuanyu::cli
