#include "gateway/http/metadata.h"

#include <algorithm>
#include <utility>

namespace chuanyu::http {
namespace {

constexpr std::size_t kKeyCharacters = 128;

}  // namespace

Result<std::string> idempotency_key(const transport::Request& request) {
  const std::string_view key = request.header("Idempotency-Key");
  if (key.empty()) return error(Code::CLIENT_IDEMPOTENCY_KEY_MISSING, "每条命令都要带幂等键", "Idempotency-Key");
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || key.size() > kKeyCharacters) {
    return error(Code::CLIENT_FIELD_INVALID, "须为 1 至 128 个可见 ASCII 字符", "Idempotency-Key");
  }
  return std::string(key);
}

Result<std::string> text_header(const transport::Request& request, std::string_view name) {
  auto text = percent_decode(request.header(name));
  if (!text || !is_utf8(*text)) return error(Code::CLIENT_FIELD_INVALID, "须为百分号编码的 UTF-8", std::string(name));
  return std::move(*text);
}

Result<policy::Purpose> purpose_from_headers(const transport::Request& request, std::string_view what) {
  policy::Purpose purpose;
  const std::pair<std::string_view, std::string*> parts[] = {{"Chuanyu-Matter", &purpose.matter},
                                                             {"Chuanyu-Basis", &purpose.basis},
                                                             {"Chuanyu-Grant", &purpose.grant},
                                                             {"Chuanyu-Operator", &purpose.operator_name},
                                                             {"Chuanyu-Cause", &purpose.use_cause}};
  for (const auto& [name, value] : parts) {
    CHUANYU_TRY(*value, text_header(request, name));
  }
  CHUANYU_CHECK(exchange::check_purpose(purpose, what));
  return purpose;
}

Result<policy::Purpose> purpose_from_json(RequestJson& envelope, std::string_view what) {
  policy::Purpose purpose;
  if (auto inner = envelope.object("purpose")) {
    purpose.matter = inner->text("matter");
    purpose.basis = inner->text("basis");
    purpose.grant = inner->text("grant");
    purpose.operator_name = inner->text("operator");
    purpose.use_cause = inner->text("cause");
    envelope.include(*inner);
    CHUANYU_CHECK(inner->status());
  }
  CHUANYU_CHECK(exchange::check_purpose(purpose, what));
  return purpose;
}

bool media_fits(std::string_view content_type, adapters::Syntax syntax) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  switch (syntax) {
    case adapters::Syntax::json: return type == "application/json" || type == "application/x-ndjson";
    case adapters::Syntax::xml: return type == "application/xml" || type == "text/xml";
    case adapters::Syntax::csv: return type == "text/csv";
    case adapters::Syntax::text: return type == "text/plain";
  }
  return false;
}

}  // namespace chuanyu::http
