#include "adapters/plugin/diagnosis.h"

#include <algorithm>
#include <cctype>

#include "adapters/formats/charset.h"

namespace chuanyu::adapters::plugin {
namespace {

constexpr std::pair<std::uint32_t, Code> kCodes[] = {
    {CHUANYU_CODE_VALUE, Code::RECORD_VALUE},
    {CHUANYU_CODE_PARSE, Code::RECORD_PARSE},
    {CHUANYU_CODE_TRUNCATED, Code::RECORD_TRUNCATED},
    {CHUANYU_CODE_TOO_LARGE, Code::RECORD_TOO_LARGE},
    {CHUANYU_CODE_FIELD_MISSING, Code::RECORD_FIELD_MISSING},
    {CHUANYU_CODE_FIELD_UNKNOWN, Code::RECORD_FIELD_UNKNOWN},
    {CHUANYU_CODE_TYPE, Code::RECORD_TYPE},
    {CHUANYU_CODE_CODE_UNKNOWN, Code::RECORD_CODE_UNKNOWN},
    {CHUANYU_CODE_CHECK_DIGIT, Code::RECORD_CHECK_DIGIT},
    {CHUANYU_CODE_IDENTIFIER, Code::RECORD_IDENTIFIER},
    {CHUANYU_CODE_REGION, Code::RECORD_REGION},
    {CHUANYU_CODE_AMOUNT, Code::RECORD_AMOUNT},
    {CHUANYU_CODE_DATE, Code::RECORD_DATE},
    {CHUANYU_CODE_LIST_LENGTH, Code::RECORD_LIST_LENGTH},
    {CHUANYU_CODE_SEPARATOR, Code::RECORD_SEPARATOR},
    {CHUANYU_CODE_CHARSET_UNMAPPABLE, Code::RECORD_CHARSET_UNMAPPABLE},
    {CHUANYU_CODE_MODIFIER_UNREPRESENTABLE, Code::RECORD_MODIFIER_UNREPRESENTABLE}};

// A code of a later version of the interface is a value that is not allowed.
Code code_of(std::uint32_t code) {
  if (code == CHUANYU_CODE_INTERNAL) return Code::LOCAL_PLUGIN_INVALID;
  for (const auto& [theirs, ours] : kCodes) {
    if (theirs == code) return ours;
  }
  return Code::RECORD_VALUE;
}

// A run of letters and digits that is long and mostly digits is somebody's number: of a document, a phone, an account.
void mask_numbers(std::string& text) {
  const auto part = [&text](std::size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i]));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = i;
    std::size_t digits = 0;
    for (; part(end); ++end) digits += std::isdigit(static_cast<unsigned char>(text[end])) != 0 ? 1 : 0;
    if (digits >= 6) text.replace(i, end - i, end - i, '*');
    i = std::max(i, end);
  }
}

std::string cleaned(std::string text) {
  if (text.size() == kDiagText) {  // cut there, perhaps within a character
    while (!text.empty() && !valid_utf8(text) && text.size() + 4 > kDiagText) text.pop_back();
  }
  if (!valid_utf8(text)) return "（插件给出的说明不是 UTF-8）";
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  mask_numbers(text);
  return text;
}

// The part of the record that the plug-in points to; "" when it points nowhere.
std::string_view pointed_to(const Diag& diag, std::string_view record) {
  if (diag.length > kDiagText || diag.offset > record.size() || diag.length > record.size() - diag.offset) return {};
  const auto text = record.substr(diag.offset, diag.length);
  return valid_utf8(text) ? text : std::string_view();
}

std::optional<CodeGap> gap_of(const Diag& diag, std::string_view record, GapSets& sets) {
  const bool refused = diag.severity >= CHUANYU_ERROR && diag.code == CHUANYU_CODE_CODE_UNKNOWN;
  const auto text = pointed_to(diag, record);
  if ((diag.severity != CHUANYU_GAP && !refused) || text.empty()) return std::nullopt;
  return CodeGap{sets.known(cleaned(diag.rule.empty() ? diag.native : diag.rule)), std::string(text)};
}

Error refusal(const Diag& diag) {
  const Code code = code_of(diag.code);
  std::string where = cleaned(diag.native.empty() ? diag.canonical : diag.native);
  std::string message = cleaned(diag.message);
  if (diag.severity == CHUANYU_HOLD) {
    return error(Code::RECORD_QUARANTINED, std::string(to_string(code)) + "：" + message, std::move(where));
  }
  return error(code, std::move(message), std::move(where));
}

Error fault_of(Fault fault) {
  switch (fault) {
    case Fault::twice: return error(Code::LOCAL_PLUGIN_INVALID, "插件对同一记录给出了两个结果");
    case Fault::too_large: return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的结果长度超过上限");
    case Fault::bad_diag: return error(Code::LOCAL_PLUGIN_INVALID, "插件给出的诊断不成形");
    case Fault::no_such_record: break;
  }
  return error(Code::LOCAL_PLUGIN_INVALID, "插件的应答指向批次中没有的记录");
}

Error nothing(chuanyu_status status, bool late) {
  if (late) return error(Code::LOCAL_PLUGIN_TIMEOUT, "插件未在限定时间内轮到此记录");
  if (status == CHUANYU_RETRY) return error(Code::LOCAL_OVERLOADED, "插件要求稍后重试");
  return error(Code::LOCAL_PLUGIN_INVALID, "插件既没有给出结果，也没有说明原因");
}

}  // namespace

std::string GapSets::known(const std::string& name) {
  constexpr std::size_t kMost = 64;
  const std::lock_guard lock(mutex_);
  if (names_.size() < kMost) names_.insert(name);
  return names_.contains(name) ? name : "其他代码集";
}

Result<Converted> diagnose(Outcome outcome, chuanyu_status status, bool late, std::string_view record, GapSets& sets) {
  if (outcome.fault) return fault_of(*outcome.fault);
  for (const Diag& diag : outcome.diags) {
    if (diag.severity > CHUANYU_HOLD) return fault_of(Fault::bad_diag);
    if (diag.severity < CHUANYU_ERROR) continue;
    Error why = refusal(diag);
    if (auto gap = gap_of(diag, record, sets)) why.gap = std::make_shared<const CodeGap>(*std::move(gap));
    return why;
  }
  if (!outcome.bytes) return nothing(status, late);
  Converted out;
  out.bytes = std::move(*outcome.bytes);
  for (Diag& diag : outcome.diags) {
    const auto kind = static_cast<Note::Kind>(diag.severity);
    const Code code = kind == Note::Kind::warning ? code_of(diag.code) : Code::RECORD_VALUE;
    auto gap = gap_of(diag, record, sets);
    out.notes.push_back({kind, code, cleaned(std::move(diag.rule)), cleaned(std::move(diag.native)),
                         cleaned(std::move(diag.canonical)), cleaned(std::move(diag.message)), std::move(gap)});
  }
  return out;
}

}  // namespace chuanyu::adapters::plugin
