// The list of message types of schemas/canonical_json.h and the generated class of each.
#include <array>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical/messages.pb.h"
#include "schemas/canonical_json.h"
#include "schemas/prototypes.h"

namespace chuanyu::schemas {
namespace {

constexpr std::array kTypes = {
    MessageType{"clue-transfer", "案件线索移送函", ""},
    MessageType{"clue-receipt", "线索移送回执", "clue-transfer"},
    MessageType{"assist-request", "协助调查函", ""},
    MessageType{"assist-extension", "协查延期告知", "assist-request"},
    MessageType{"assist-reply", "协查回复", "assist-request"},
    MessageType{"joint-case", "联合办案方案", ""},
    MessageType{"credit-push", "异地公示推送", ""},
    MessageType{"publish-receipt", "公示回执", "credit-push"},
    MessageType{"recall", "撤回或修复通知", ""},
    MessageType{"recall-ack", "撤回回执", "recall"},
    MessageType{"correction", "校核申请", ""},
    MessageType{"correction-reply", "校核答复", "correction"},
    MessageType{"criminal-transfer", "涉嫌犯罪案件移送书", ""},
    MessageType{"police-receipt", "公安机关接收回执", "criminal-transfer"},
    MessageType{"police-decision", "公安机关立案决定", "criminal-transfer"},
    MessageType{"service-handover", "川渝通办收件移交", ""},
    MessageType{"supplement-notice", "补正告知", "service-handover"},
    MessageType{"result-return", "办理结果反馈", "service-handover"},
    MessageType{"evaluation", "好差评", "result-return"},
    MessageType{"licence-query", "证照查询", ""},
    MessageType{"verify-reply", "证照核验答复", "licence-query"},
    MessageType{"credit-query", "信用互查", ""},
    MessageType{"credit-reply", "信用互查答复", "credit-query"},
};

// In the order of kTypes.
const std::array<const google::protobuf::Message*, kTypes.size()>& prototypes() {
  static const std::array<const google::protobuf::Message*, kTypes.size()> kAll = {
      &v1::ClueTransfer::default_instance(),     &v1::ClueReceipt::default_instance(),
      &v1::AssistRequest::default_instance(),    &v1::AssistExtension::default_instance(),
      &v1::AssistReply::default_instance(),      &v1::JointCase::default_instance(),
      &v1::CreditPush::default_instance(),       &v1::PublishReceipt::default_instance(),
      &v1::Recall::default_instance(),           &v1::RecallAck::default_instance(),
      &v1::Correction::default_instance(),       &v1::CorrectionReply::default_instance(),
      &v1::CriminalTransfer::default_instance(), &v1::PoliceReceipt::default_instance(),
      &v1::PoliceDecision::default_instance(),   &v1::ServiceHandover::default_instance(),
      &v1::SupplementNotice::default_instance(), &v1::ResultReturn::default_instance(),
      &v1::Evaluation::default_instance(),       &v1::LicenceQuery::default_instance(),
      &v1::VerifyReply::default_instance(),      &v1::CreditQuery::default_instance(),
      &v1::CreditReply::default_instance()};
  return kAll;
}

}  // namespace

std::span<const MessageType> message_types() { return kTypes; }

const MessageType* find_message_type(std::string_view name) {
  for (const auto& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

const google::protobuf::Message* message_prototype(std::string_view type) {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (kTypes[i].name == type) return prototypes()[i];
  return nullptr;
}

std::optional<CodeFields> code_fields(const google::protobuf::Descriptor& type) {
  const auto* canonical = type.FindFieldByName("canonical");
  const auto* native_text = type.FindFieldByName("native_text");
  if (canonical == nullptr || native_text == nullptr) return std::nullopt;
  return CodeFields{canonical, native_text};
}

const google::protobuf::Message& record_prototype(Kind kind) {
  switch (kind) {
    case Kind::credit: return v1::CreditRecord::default_instance();
    case Kind::licence: return v1::Licence::default_instance();
    case Kind::enforcement_case: break;
  }
  return v1::EnforcementCase::default_instance();
}

}  // namespace chuanyu::schemas
