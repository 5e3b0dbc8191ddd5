#include "gateway/audit/body.h"

#include "adapters/formats/charset.h"
#include "gateway/crypto/key_file.h"
#include "gateway/ledger/layout.h"
#include "gateway/ledger/payload.h"
#include "schemas/canonical/log.pb.h"
#include "schemas/canonical_json.h"

namespace chuanyu::audit {
namespace {

namespace layout = ledger::layout;

std::string bytes_of(std::size_t size) { return std::to_string(size) + " 字节"; }

// 王小明 -> 王**
std::string masked_name(std::string_view name) {
  std::size_t first = name.empty() ? 0 : 1;
  while (first < name.size() && (static_cast<unsigned char>(name[first]) & 0xC0) == 0x80) ++first;
  return std::string(name.substr(0, first)) + (first < name.size() ? "**" : "");
}

// A native record in whatever character set it is in, as text.
std::string native_text(BytesView bytes) {
  if (is_utf8(bytes)) return Bytes(bytes);
  std::string text;
  const auto* gb18030 = adapters::Charset::find("gb18030-2022");
  if (gb18030 != nullptr && gb18030->decode(bytes, text).ok()) return text;
  return "base64:" + to_base64(bytes);
}

std::string canonical_text(std::string_view what, BytesView wire) {
  const auto kind = schemas::parse_kind(what);
  const auto json = kind.ok() ? schemas::to_json(*kind, wire, 2) : schemas::message_to_json(what, wire, 2);
  return json.ok() ? *json : "base64:" + to_base64(wire);
}

std::string reply_to(BytesView id) {
  const auto exchange = Uuid::from_bytes(id);
  return exchange ? exchange->to_string() : std::string();
}

void describe_query(const v1::RecordQuery& query, bool reveal, Lines& lines) {
  std::string text = query.kind();
  if (!query.owner().empty()) text += "，被查询机构 " + query.owner();
  const auto subject = [&](const char* label, const std::string& value) {
    if (!value.empty()) text += std::string("，") + label + (reveal ? " " + value : "（已隐去）");
  };
  subject("统一社会信用代码", query.subject_uscc());
  subject("证件号码", query.subject_id_no());
  subject("记录标识", query.record_id());
  lines.emplace_back("查询条件", text);
}

// The entry that a record of an answer came from: whose record it is.
std::string source_text(const LogReader& log, std::uint64_t index) {
  std::string place = "log#" + std::to_string(index);
  const auto bytes = log.entry(index);
  if (!bytes.ok()) return place;
  const auto published = ledger::decode(*bytes);
  return published.ok() ? place + "，发布机构 " + published->from : place;
}

}  // namespace

Result<BodyOpener> BodyOpener::open(const LogReader& log, const std::string& key_file) {
  CHUANYU_TRY(Secret key, crypto::read_raw_key_file(key_file, 32));
  // The named keys are there from the first day: they tell a wrong key file.
  CHUANYU_TRY(const auto row, log.row(LogReader::Rows::named, "token"));
  if (row && !ledger::unwrap_key(key, "token", *row).ok()) {
    return error(Code::LOCAL_KEY_FILE, "密钥加密密钥与该数据目录不符", key_file);
  }
  return BodyOpener(log, std::move(key));
}

Result<Bytes> BodyOpener::body(const ledger::Entry& entry) const {
  if (entry.slot == 0) return Bytes();
  CHUANYU_TRY(const auto row, log_->row(LogReader::Rows::slots, layout::number_key(entry.slot)));
  if (!row) return error(Code::LOCAL_PAYLOAD_ERASED, "内容的密钥已销毁");
  CHUANYU_TRY(const ledger::DataKey key, ledger::unwrap_key(key_, ledger::slot_name(entry.slot), *row));
  Bytes blob;
  if (entry.blob_bytes > 0) {
    CHUANYU_TRY(blob, log_->blob(entry.blob));
  }
  auto opened = ledger::open_payload(key, entry.exchange, entry.slot, entry.blob_bytes > 0 ? blob : entry.payload);
  if (!opened.ok()) return error(Code::LOG_TAMPERED, "密文不能打开：被改动，或不属于该条目");
  return opened;
}

Result<Secret> BodyOpener::named_key(const char* name) const {
  CHUANYU_TRY(const auto row, log_->row(LogReader::Rows::named, name));
  if (!row) return error(Code::LOG_INCOMPLETE, "数据密钥中缺少 " + std::string(name), "keys/");
  auto key = ledger::unwrap_key(key_, name, *row);
  if (!key.ok()) return error(Code::LOG_TAMPERED, "数据密钥 " + std::string(name) + " 打不开：被改动", "keys/");
  return std::move(key->secret);
}

Lines describe_body(const LogReader& log, const ledger::Entry& entry, BytesView bytes, bool reveal) {
  Lines lines;
  v1::LogBody body;
  if (ledger::is_own(entry.kind)) {
    lines.emplace_back("内容", reveal ? native_text(bytes) : bytes_of(bytes.size()));
    return lines;
  }
  if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    lines.emplace_back("内容", "不是可读的正文（" + bytes_of(bytes.size()) + "）");
    return lines;
  }
  const auto add = [&](const char* label, const std::string& value) {
    if (!value.empty()) lines.emplace_back(label, value);
  };
  add("经办人", reveal ? body.operator_name() : masked_name(body.operator_name()));
  add("使用事由", body.use_cause());
  add("记录标识", reveal || body.record_id().empty() ? body.record_id() : "（已隐去）");
  if (body.has_query()) describe_query(body.query(), reveal, lines);
  add("应答的交换", reply_to(body.in_reply_to()));
  if (body.expires_at() != 0) add("有效期至", to_rfc3339(body.expires_at()));
  if (body.row() != 0) add("导入行号", std::to_string(body.row()));
  add("错误说明", body.error_detail());
  add("错误位置", body.error_where());
  for (const v1::RecordRef& source : body.answered_from()) add("取自条目", source_text(log, source.index()));
  if (body.has_rerun_of()) add("重新处理条目", source_text(log, body.rerun_of().index()));
  for (const v1::ConversionNote& note : body.notes()) {
    add("转换说明", note.kind() + " " + note.rule() + "：" + note.message());
  }
  add("原始报文", body.native_in().empty() ? ""
                  : reveal                 ? native_text(body.native_in())
                                           : bytes_of(body.native_in().size()));
  for (const Bytes& record : body.canonical()) {
    add("规范记录", reveal ? canonical_text(entry.what, record) : bytes_of(record.size()));
  }
  if (!body.message().empty()) {
    add("消息", reveal ? canonical_text(entry.what, body.message()) : bytes_of(body.message().size()));
  }
  for (const Bytes& record : body.native_out()) {
    add("送达报文", reveal ? native_text(record) : bytes_of(record.size()));
  }
  return lines;
}

}  // namespace chuanyu::audit
