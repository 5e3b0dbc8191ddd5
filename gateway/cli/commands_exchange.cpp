// send, inbox, ack, status: what travels from agency to agency.
#include "gateway/base/bytes.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/native_file.h"
#include "gateway/cli/table.h"

namespace chuanyu::cli {
namespace {

std::string party(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const auto name = text_at(value, "/name");
  const auto uscc = text_at(value, "/uscc");
  return name.empty() ? uscc : name + " " + uscc;
}

Result<Json> envelope(const SendArguments& arguments) {
  CHUANYU_TRY(auto file, load(arguments.file));
  if (!arguments.content_type.empty()) file.media_type = arguments.content_type;
  Json out = {{"to", arguments.to}};
  const bool is_record = arguments.type.empty();
  out["type"] = is_record ? "record" : arguments.type;
  if (is_record) out["kind"] = arguments.kind;
  if (!is_record || file.media_type == "application/json") {
    auto body = Json::parse(file.bytes, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return error(Code::CLIENT_JSON_INVALID, "应为一个 JSON 对象", arguments.file);
    out[is_record ? "record" : "message"] = std::move(body);
  } else {
    out["recordBase64"] = to_base64(file.bytes);  // the exact bytes, whatever their character set
  }
  out["purpose"] = arguments.purpose.to_json();
  if (!arguments.in_reply_to.empty()) out["inReplyTo"] = arguments.in_reply_to;
  if (!arguments.expires_at.empty()) out["expiresAt"] = arguments.expires_at;
  return out;
}

void print_details(Session& session, const Json& item) {
  session.out() << '\n' << text_at(item, "/id") << '\n';
  if (item.contains("message")) session.out() << item.at("message").dump(2) << '\n';
  auto records = item.value("records", Json::array());
  if (item.contains("record")) records.push_back(item.at("record"));
  for (const auto& record : records) {
    session.out() << (record.contains("text") ? text_at(record, "/text") : record.dump(2)) << '\n';
  }
}

}  // namespace

int send(Session& session, const SendArguments& arguments) {
  const auto body = envelope(arguments);
  if (!body) return session.fail(body.error());
  const auto answer = session.post_json("/v1/exchanges", *body, {session.idempotency(arguments.idempotency_key)});
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  session.out() << "已受理，网关负责送达 " << arguments.to << '\n';
  print_receipt(session, answer.body.value("receipt", Json()));
  print_notes(session, answer.body.value("notes", Json()));
  return kOk;
}

int inbox(Session& session, const InboxArguments& arguments) {
  std::string target = "/v1/inbox?limit=" + std::to_string(arguments.limit);
  if (arguments.wait_seconds > 0) target += "&wait=" + std::to_string(arguments.wait_seconds);
  if (!arguments.after.empty()) target += "&after=" + percent_encode(arguments.after);
  const auto answer = session.call("GET", target);
  if (answer.exit != kOk) return answer.exit;
  const auto items = answer.body.value("items", Json::array());
  if (!session.printed(answer)) {
    Table table({"交换编号", "类型", "类别", "来自", "到达时间", "答复"});
    for (const auto& item : items) {
      table.add({text_at(item, "/id"), text_at(item, "/type"), text_at(item, "/kind"),
                 party(item.value("from", Json())), text_at(item, "/receivedAt"), text_at(item, "/inReplyTo")});
    }
    if (table.empty()) {
      session.out() << "收件箱为空\n";
    } else {
      table.print(session.out());
    }
    if (arguments.details) {
      for (const auto& item : items) print_details(session, item);
    }
  }
  if (!arguments.acknowledge) return kOk;
  for (const auto& item : items) {
    const auto id = text_at(item, "/id");
    const auto acked = session.call("POST", "/v1/inbox/" + percent_encode(id) + ":ack");
    if (acked.exit != kOk) return acked.exit;
    if (!session.json()) session.out() << "已签收 " << id << '\n';
  }
  return kOk;
}

int acknowledge(Session& session, const std::string& id) {
  const auto answer = session.call("POST", "/v1/inbox/" + percent_encode(id) + ":ack");
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  session.out() << "已签收 " << id << '\n';
  print_receipt(session, answer.body.value("receipt", Json()));
  return kOk;
}

int status(Session& session, const std::string& id) {
  const auto answer = session.call("GET", "/v1/exchanges/" + percent_encode(id));
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  const auto& body = answer.body;
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"交换编号", text_at(body, "/exchangeId")}, {"动作", text_at(body, "/verb")},
      {"状态", text_at(body, "/status")},         {"类型", text_at(body, "/type")},
      {"类别", text_at(body, "/kind")},           {"来自", party(body.value("from", Json()))},
      {"发往", party(body.value("to", Json()))},  {"更新时间", text_at(body, "/updated")},
      {"错误", text_at(body, "/error/code")},     {"说明", text_at(body, "/error/detail")}};
  if (body.contains("peerReceipt")) {
    pairs.emplace_back("对端回执", text_at(body, "/peerReceipt/gateway") + " 日志第 " +
                                       text_at(body, "/peerReceipt/index") + " 条，" +
                                       text_at(body, "/peerReceipt/time"));
  }
  std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
  print_pairs(session.out(), pairs);
  Table table({"网关", "日志序号", "条目", "时间"});
  for (const auto& entry : body.value("log", Json::array())) {
    table.add({text_at(entry, "/gateway"), text_at(entry, "/index"), text_at(entry, "/kind"), text_at(entry, "/time")});
  }
  if (!table.empty()) {
    session.out() << '\n';
    table.print(session.out());
  }
  return kOk;
}

int erase(Session& session, const EraseArguments& arguments) {
  const Json body = {{"exchanges", arguments.ids}, {"basis", arguments.basis}, {"approver", arguments.approver}};
  const auto answer = session.post_json("/v1/erasures", body, {});
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  session.out() << "已销毁 " << text_at(answer.body, "/payloads") << " 份内容的密钥\n";
  print_receipt(session, answer.body.value("receipt", Json()));
  return kOk;
}

int receipt(Session& session, const ReceiptArguments& arguments) {
  const auto answer = session.call("GET", "/v1/exchanges/" + percent_encode(arguments.id) + ":receipt");
  if (answer.exit != kOk) return answer.exit;
  return session.write_file(arguments.file.empty() ? "-" : arguments.file, answer.response.body);
}

void print_receipt(Session& session, const Json& receipt) {
  if (!receipt.is_object()) return;
  const auto level = text_at(receipt, "/level");
  const char* reached = level == "witnessed" ? "已见证 " : level == "signed" ? "已签名 " : "已落盘 ";
  session.out() << "交换编号 " << text_at(receipt, "/exchangeId") << "  日志 " << text_at(receipt, "/gateway") << "#"
                << text_at(receipt, "/index") << "（" << reached << text_at(receipt, "/time") << "）\n";
}

void print_notes(Session& session, const Json& notes) {
  Table table({"转换说明", "本省位置", "规范字段", "说明"});
  if (notes.is_array()) {
    for (const auto& note : notes) {
      table.add(
          {text_at(note, "/kind"), text_at(note, "/native"), text_at(note, "/canonical"), text_at(note, "/message")});
    }
  }
  if (!table.empty()) table.print(session.out());
}

}  // namespace chuanyu::cli
