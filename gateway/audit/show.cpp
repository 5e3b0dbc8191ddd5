#include "gateway/audit/show.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "gateway/audit/report.h"
#include "gateway/ledger/merkle.h"
#include "gateway/terminal/text.h"
#include "schemas/canonical/peer.pb.h"
#include "schemas/canonical_json.h"

namespace chuanyu::audit {

using ledger::EntryKind;
using terminal::printable;

std::string_view kind_zh(EntryKind kind) {
  switch (kind) {
    case EntryKind::published: return "发布";
    case EntryKind::accepted: return "受理";
    case EntryKind::queried: return "查询";
    case EntryKind::received: return "收到";
    case EntryKind::answered: return "应答";
    case EntryKind::deferred: return "转为稍后答复";
    case EntryKind::delivered: return "对方已收";
    case EntryKind::refused: return "对方拒收";
    case EntryKind::acknowledged: return "签收";
    case EntryKind::expired: return "过期未达";
    case EntryKind::denied: return "不予准许";
    case EntryKind::failed: return "未能办理";
    case EntryKind::recalled: return "撤回";
    case EntryKind::corrected: return "更正";
    case EntryKind::key: return "密钥";
    case EntryKind::policy: return "策略生效";
    case EntryKind::mapping: return "映射生效";
    case EntryKind::directory: return "名录生效";
    case EntryKind::erasure: return "依法删除";
    case EntryKind::peer_checkpoint: return "对方检查点";
    case EntryKind::anchor: return "锚定";
    case EntryKind::shard_open: return "日志启用";
    case EntryKind::shard_close: return "日志封存";
    case EntryKind::recovery: return "恢复";
    case EntryKind::admin: return "运维变更";
  }
  return "？";
}

std::string what_zh(std::string_view what) {
  if (what == "credit") return "信用记录";
  if (what == "licence") return "电子证照";
  if (what == "case") return "执法案件";
  const auto* message = schemas::find_message_type(what);
  return message != nullptr ? std::string(message->title_zh) : printable(what);
}

std::string result_of(const ledger::Entry& entry) {
  if (!entry.result.empty()) return printable(entry.result);
  if (ledger::is_own(entry.kind)) return "";
  return entry.kind == EntryKind::denied ? "拒绝" : entry.kind == EntryKind::expired ? "未送达" : "成功";
}

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKeyedDigests =
    "* 用各网关自己的摘要密钥计算（HMAC）：同一内容在两份日志中的摘要不同，只能在同一份日志内比较；\n"
    "  要比较两边的内容，请用 --kek、--peer-kek 与 --reveal 打开正文。\n";

std::string hex(const crypto::Digest& digest) { return to_hex(crypto::view(digest)); }
std::string hex(std::uint64_t number) {
  Bytes bytes;
  append_u64(bytes, number);
  return to_hex(bytes);
}

// A query that names no agency is answered by a gateway, for all of its agencies; empty when an agency is named.
std::string answering_gateway(const ledger::Entry& entry) {
  if (entry.kind == EntryKind::received && entry.from.empty()) return entry.peer;
  if (!entry.to.empty()) return {};
  if (entry.kind == EntryKind::answered) return entry.gateway;
  return entry.kind == EntryKind::queried ? entry.peer : "";
}

// A side of an exchange in the table.
std::string side(const ledger::Entry& entry, const std::string& uscc) {
  const std::string gateway = uscc.empty() ? answering_gateway(entry) : "";
  return gateway.empty() ? printable(uscc) : "网关 " + printable(gateway);
}

// Whose certificate it was: what comes from the other gateway is brought by that gateway, not by the agency.
const char* principal_label(const ledger::Entry& entry) {
  return entry.peer_log.is_nil() ? "机构证书指纹" : "对端网关证书指纹";
}

// What the peer's receipt in an entry says.
std::string receipt_text(const ledger::Entry& entry) {
  v1::SignedReceipt signed_receipt;
  v1::PeerReceipt receipt;
  if (!signed_receipt.ParseFromString(entry.receipt) || !receipt.ParseFromString(signed_receipt.receipt())) {
    return "不可读（" + std::to_string(entry.receipt.size()) + " 字节）";
  }
  return printable(receipt.gateway()) + " log#" + std::to_string(receipt.log_index()) + "，" +
         to_rfc3339(receipt.time()) + (receipt.refused() ? "，拒收 " + printable(receipt.code()) : "，已收") +
         "，叶哈希 " + to_hex(receipt.leaf());
}

std::string mapping_text(const ledger::MappingRef& mapping) {
  return printable(mapping.id) + " " + printable(mapping.version) + " (" + hex(mapping.fingerprint) + ")";
}

// Every field of the entry that is there: name for machines (empty: they are told otherwise), label for people, value.
struct Field {
  const char* name;
  const char* label;
  std::string value;
  std::optional<std::uint64_t> number{};  // in JSON instead of `value`
};

std::string safe_lines(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (!out.empty()) out += '\n';
    out += printable(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// What the log's own entries of lines say.
std::string own_lines(const ledger::Entry& entry) {
  using ledger::EntryKind;
  const bool has_lines = entry.kind == EntryKind::key || entry.kind == EntryKind::erasure ||
                         entry.kind == EntryKind::shard_open || entry.kind == EntryKind::recovery;
  if (!has_lines) return {};
  BytesView text = entry.content;
  while (text.ends_with('\n')) text.remove_suffix(1);
  return safe_lines(std::string(text));
}

std::vector<Field> fields_of(const Shown& shown) {
  const ledger::Entry& e = shown.entry;
  std::vector<Field> fields;
  const auto text = [&](const char* name, const char* label, const std::string& value) {
    if (!value.empty()) fields.push_back({name, label, value});
  };
  const auto digest = [&](const char* name, const char* label, const crypto::Digest& value) {
    if (value != crypto::Digest{}) fields.push_back({name, label, hex(value)});
  };
  const auto number = [&](const char* name, const char* label, std::uint64_t value) {
    if (value != 0) fields.push_back({name, label, std::to_string(value), value});
  };
  text("time", "时间", to_rfc3339(e.time));
  text("exchange", "交换编号", e.exchange.is_nil() ? "" : e.exchange.to_string());
  text("gateway", "网关", printable(e.gateway));
  text("from", "从", printable(e.from));
  text("to", "到", printable(e.to));
  text("answeringGateway", "应答网关", printable(answering_gateway(e)));
  digest("principal", principal_label(e), e.principal);
  text("what", "内容", printable(e.what));
  text("matter", "事项", printable(e.matter));
  text("basis", "依据", printable(e.basis));
  text("grant", "授权", printable(e.grant));
  if (!e.rule.empty()) text("decision", "决定", e.allowed ? "准许" : "不准许");
  text("rule", "规则", printable(e.rule));
  digest("policy", "策略摘要", e.policy);
  digest("directory", "名录摘要", e.directory);
  if (!e.mapping_in.id.empty()) text("mappingIn", "转入映射", mapping_text(e.mapping_in));
  if (!e.mapping_out.id.empty()) text("mappingOut", "转出映射", mapping_text(e.mapping_out));
  digest("nativeIn", "原始报文摘要 *", e.native_in);
  digest("canonical", "规范记录摘要 *", e.canonical);
  digest("nativeOut", "送达报文摘要 *", e.native_out);
  text("outcome", "结果", result_of(e));
  // Of an answer also none says something.
  if (e.count == 0 && e.kind == ledger::EntryKind::answered && e.result.empty())
    fields.push_back({"count", "条数", "0", 0});
  number("count", "条数", e.count);
  text("peer", "对端网关", printable(e.peer));
  number("stream", "流位置", e.stream);
  text("peerLog", "流所属日志", e.peer_log.is_nil() ? "" : e.peer_log.to_string());
  if (!e.receipt.empty()) text("receipt", "对方回执", receipt_text(e));
  number("slot", "密钥槽", e.slot);
  number("keyEpoch", "密钥期", e.key_epoch);
  digest("blob", "大内容文件", e.blob);
  number("payloadBytes", "密文字节数", e.blob_bytes > 0 ? e.blob_bytes : e.payload.size());
  if (!e.content.empty()) {
    text("content", "生效内容", std::to_string(e.content.size()) + " 字节，SHA-256 " + hex(crypto::sha256(e.content)));
    text("contentText", "", own_lines(e));
  }
  if (shown.fate.erased_by) text("", "依法删除", "由 " + to_words(*shown.fate.erased_by) + "删除");
  if (shown.fate.lost) text("", "内容", lost_payload(shown.index).to_text());
  digest("leaf", "叶哈希", shown.leaf);
  return fields;
}

// The opened body, or the one line that says why there is none; nothing when the entry has none or no key was given.
Lines body_of(const Shown& shown, bool reveal) {
  if (shown.entry.slot == 0 || shown.opener == nullptr) return {};
  if (shown.fate.lost) return {};  // said among the fields
  const auto body = shown.opener->body(shown.entry);
  if (!body.ok()) return {{"正文", body.error().to_text()}};
  return describe_body(*shown.log, shown.entry, *body, reveal);
}

void show_json(const std::vector<Shown>& entries, const ShowStyle& style, std::ostream& out) {
  Json list = Json::array();
  for (const Shown& shown : entries) {
    Json item;
    item["log"] = shown.log->origin();
    item["index"] = shown.index;
    item["kind"] = ledger::to_string(shown.entry.kind);
    for (const Field& field : fields_of(shown)) {
      if (*field.name == '\0') continue;
      if (field.number)
        item[field.name] = *field.number;
      else
        item[field.name] = field.value;
    }
    if (shown.fate.erased_by) item["erasedBy"] = to_json(*shown.fate.erased_by);
    if (shown.fate.lost) item["payload"] = to_string(Code::LOG_KEY_MISSING);
    if (!shown.entry.rule.empty()) item["allowed"] = shown.entry.allowed;
    item.erase("decision");
    item.erase("outcome");  // for people; a program reads the error code, or that there is none
    if (!shown.entry.result.empty()) item["result"] = printable(shown.entry.result);
    if (const Lines body = body_of(shown, style.reveal); !body.empty()) {
      Json lines = Json::array();
      for (const auto& [label, value] : body) lines.push_back({{"label", label}, {"value", safe_lines(value)}});
      item["body"] = std::move(lines);
    }
    list.push_back(std::move(item));
  }
  out << Json{{"entries", std::move(list)}}.dump(2) << "\n";
}

void show_details(const Shown& shown, bool reveal, std::ostream& out) {
  constexpr std::size_t kLabel = 18;
  out << "\n"
      << shown.log->origin() << " log#" << shown.index << " " << kind_zh(shown.entry.kind) << " ("
      << ledger::to_string(shown.entry.kind) << ")\n";
  const auto line = [&](const std::string& label, const std::string& value) {
    std::string text = safe_lines(value);
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
      text.insert(at + 1, std::string(kLabel + 2, ' '));
    }
    out << "  " << terminal::padded(label, kLabel) << text << "\n";
  };
  for (const Field& field : fields_of(shown)) line(field.label, field.value);
  const Lines body = body_of(shown, reveal);
  if (!body.empty()) out << "  正文" << (reveal ? "" : "（仅概要；加 --reveal 显示全部）") << "\n";
  for (const auto& [label, value] : body) line("  " + label, value);
}

}  // namespace

Result<std::vector<Shown>> find_exchange(const LogReader& log, const BodyOpener* opener, const Uuid& exchange) {
  std::vector<Shown> found;
  CHUANYU_CHECK(log.for_each_hashed(0, log.size(), [&](std::uint64_t index, BytesView bytes) -> Status {
    if (bytes.find(exchange.bytes()) == BytesView::npos) return {};  // spares decoding what cannot match
    auto entry = ledger::decode(bytes);
    if (!entry.ok()) return entry.error();
    if (entry->exchange == exchange)
      found.push_back({&log, opener, index, *std::move(entry), ledger::leaf_hash(bytes)});
    return {};
  }));
  return found;
}

Result<std::vector<Shown>> find_range(const LogReader& log, const BodyOpener* opener, std::uint64_t from,
                                      std::uint64_t to) {
  std::vector<Shown> found;
  CHUANYU_CHECK(log.for_each_hashed(from, to, [&](std::uint64_t index, BytesView bytes) -> Status {
    auto entry = ledger::decode(bytes);
    if (!entry.ok()) return error(entry.error().code, entry.error().detail, "log#" + std::to_string(index));
    found.push_back({&log, opener, index, *std::move(entry), ledger::leaf_hash(bytes)});
    return {};
  }));
  return found;
}

Result<bool> trace_payloads(std::vector<Shown>& entries) {
  std::map<const LogReader*, Fates> logs;
  bool lost = false;
  for (Shown& shown : entries) {
    Fates& fates = logs.try_emplace(shown.log, *shown.log).first->second;
    CHUANYU_TRY(shown.fate, fates.of(shown.index, shown.entry));
    lost = lost || shown.fate.lost;
  }
  return lost;
}

void show(std::vector<Shown> entries, const ShowStyle& style, std::ostream& out) {
  // By time, so that two logs read as one story; within a log the order is the log's.
  std::stable_sort(entries.begin(), entries.end(), [](const Shown& a, const Shown& b) {
    return a.log == b.log ? a.index < b.index : a.entry.time < b.entry.time;
  });
  if (style.json) return show_json(entries, style, out);
  std::vector<terminal::Row> rows;
  for (const Shown& shown : entries) {
    const ledger::Entry& e = shown.entry;
    const std::string time = to_rfc3339(e.time);
    const bool is_answer = e.kind == EntryKind::answered;  // its entry names asker and asked
    rows.push_back({time.substr(0, 10) + " " + time.substr(11, 12), printable(shown.log->origin()),
                    std::to_string(shown.index), std::string(kind_zh(e.kind)), side(e, is_answer ? e.to : e.from),
                    side(e, is_answer ? e.from : e.to), e.what.empty() ? "" : what_zh(e.what), printable(e.matter),
                    result_of(e), printable(e.rule)});
  }
  out << terminal::table({"时间（+08:00）", "日志", "序号", "环节", "从", "到", "内容", "事项", "结果", "规则"}, rows);
  if (!style.details) return;
  for (const Shown& shown : entries) show_details(shown, style.reveal, out);
  const auto has_keyed_digest = [](const Shown& shown) {
    const crypto::Digest none{};
    return shown.entry.native_in != none || shown.entry.canonical != none || shown.entry.native_out != none;
  };
  if (std::any_of(entries.begin(), entries.end(), has_keyed_digest)) out << "\n" << kKeyedDigests;
}

}  // namespace chuanyu::audit
