#include "schemas/json_checks.h"

#include <algorithm>

#include "gateway/base/clock.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/messages.pb.h"
#include "schemas/identifiers.h"
#include "schemas/regions.h"

namespace chuanyu::schemas {
namespace {

constexpr std::size_t kUseCauseMax = 200;  // 字

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string apply(std::string_view what, Checked checked, std::string& value) {
  if (!checked.ok()) return std::string(what) + std::string(to_chinese(checked.fault));
  value = std::move(checked.value);
  return {};
}

// Without a type: 18 characters must be a USCC or an ID number, 15 an ID number; anything else is another document.
std::string check_untyped(std::string& value) {
  if (value.size() == 18 && check_uscc(value).ok()) return apply("", check_uscc(value), value);
  if (value.size() == 15 || value.size() == 18) return apply("证件号码", check_id_number(value), value);
  return {};
}

std::string check_party_id(std::string_view id_type, std::string& value) {
  if (id_type == "001") return apply("统一社会信用代码", check_uscc(value), value);
  if (id_type == "111" || id_type == "HMT_RESIDENCE") return apply("公民身份号码", check_id_number(value), value);
  if (id_type == "811") return apply("组织机构代码", check_org_code(value), value);
  return id_type.empty() ? check_untyped(value) : std::string();
}

std::string check_region(const std::string& value) {
  switch (look_up_region(value).state) {
    case RegionState::malformed: return "行政区划代码应为 6、9 或 12 位数字";
    case RegionState::unknown: return "没有这个行政区划代码";
    default: return {};
  }
}

Date to_date(const v1::Date& date) { return {date.year(), date.month(), date.day()}; }

std::string check_licence(const v1::Licence& licence, std::string& where) {
  const auto id = check_licence_id(licence.cert_id());
  if (!id.type_code.empty() && id.type_code != licence.type_code()) {
    where = "/typeCode";
    return "证照类型代码应与电子证照标识中的一致";
  }
  if (!id.version.empty() && id.version != licence.version()) {
    where = "/version";
    return "版本号应与电子证照标识中的一致";
  }
  return {};
}

std::string check_recall(const v1::Recall& recall, std::string& where) {
  where = "/newStatus";
  const auto status = recall.new_status();
  const bool allowed =
      status == v1::CREDIT_STATUS_REPAIRED || status == v1::CREDIT_STATUS_REVOKED || status == v1::CREDIT_STATUS_MASKED;
  return allowed ? "" : "只能是 REPAIRED、REVOKED 或 MASKED";
}

std::string check_clue_receipt(const v1::ClueReceipt& receipt, std::string& where) {
  where = "/reason";
  return receipt.accepted() || receipt.has_reason() ? "" : "不受理时应说明理由";
}

std::string check_licence_query(const v1::LicenceQuery& query, std::string& where) {
  where = "/certId";
  return query.has_cert_id() || (query.has_holder() && query.has_type_code()) ? ""
                                                                              : "应给出 certId，或 holder 与 typeCode";
}

std::string check_criminal_transfer(const v1::CriminalTransfer& transfer, std::string& where) {
  where = "/handedOverAt";
  return transfer.handed_over_at() >= transfer.decided_at() ? "" : "不得早于 decidedAt";
}

std::string check_credit_push(const v1::CreditPush& push, std::string& where) {
  where = "/pushDue";
  return to_date(push.push_due()) >= to_date(push.decision_date()) ? "" : "不得早于 decisionDate";
}

std::string check_credit_reply(const v1::CreditReply& reply, std::string& where) {
  where = "/hit";
  return reply.hit() == (reply.hits_size() > 0) ? "" : "与 hits 不一致";
}

// Runs `check` when `message` is a Type.
template <typename Type>
bool runs(const google::protobuf::Message& message, std::string (*check)(const Type&, std::string&), std::string& where,
          std::string& fault) {
  if (message.GetDescriptor() != Type::descriptor()) return false;
  fault = check(static_cast<const Type&>(message), where);
  return true;
}

}  // namespace

std::string check_text(std::string_view check, std::string_view id_type, std::string& value) {
  if (check.empty()) return {};
  if (check == "uscc") return apply("统一社会信用代码", check_uscc(value), value);
  if (check == "party_id") return check_party_id(id_type, value);
  if (check == "region") return check_region(value);
  if (check == "licence_id") {
    const auto id = check_licence_id(value);
    return id.ok() ? std::string() : "电子证照标识" + std::string(to_chinese(id.fault));
  }
  if (check == "sm3") return is_digest_hex(value) ? "" : "应为 64 位十六进制的 SM3 摘要";
  if (check == "use_cause") return characters(value) <= kUseCauseMax ? "" : "用证事由不得超过 200 字";
  return {};
}

std::string check_message(const google::protobuf::Message& message, std::string& where) {
  std::string fault;
  runs(message, check_licence, where, fault) || runs(message, check_recall, where, fault) ||
      runs(message, check_clue_receipt, where, fault) || runs(message, check_licence_query, where, fault) ||
      runs(message, check_criminal_transfer, where, fault) || runs(message, check_credit_push, where, fault) ||
      runs(message, check_credit_reply, where, fault);
  return fault;
}

}  // namespace chuanyu::schemas
