#include "gateway/identity/principal.h"

#include <algorithm>
#include <array>

#include "schemas/identifiers.h"

namespace chuanyu::identity {
namespace {

constexpr std::string_view kScheme = "urn:chuanyu:";
constexpr std::size_t kParts = 4;
constexpr std::size_t kMaxSystem = 32;

Error invalid(std::string detail) { return error(Code::CLIENT_IDENTITY_INVALID, std::move(detail)); }

bool is_region(std::string_view text) {
  return text.size() == 6 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_system(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSystem && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::agency: return "agency";
    case Role::gateway: return "gateway";
    case Role::auditor: return "auditor";
    case Role::op: return "operator";
  }
  return "";
}

Result<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::agency, Role::gateway, Role::auditor, Role::op}) {
    if (text == to_string(role)) return role;
  }
  return invalid("身份标识的角色应为 agency、gateway、auditor 或 operator");
}

Result<Urn> parse_urn(std::string_view text) {
  if (!text.starts_with(kScheme)) return invalid("身份标识应以 urn:chuanyu: 开头");
  std::array<std::string_view, kParts> parts;
  std::string_view rest = text.substr(kScheme.size());
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto colon = rest.find(':');
    if ((colon == std::string_view::npos) != (i + 1 == kParts)) {
      return invalid("身份标识应为 urn:chuanyu:<角色>:<行政区划>:<统一社会信用代码>:<系统>");
    }
    parts[i] = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  const auto& [role_text, region, uscc, system] = parts;
  CHUANYU_TRY(const Role role, parse_role(role_text));
  if (!is_region(region)) return invalid("身份标识的行政区划应为 6 位数字");
  const auto checked = schemas::check_uscc(uscc);
  if (!checked.ok()) {
    return invalid("身份标识的统一社会信用代码有误：" + std::string(schemas::to_chinese(checked.fault)));
  }
  if (checked.value != uscc) return invalid("身份标识的统一社会信用代码应为大写");
  if (!is_system(system)) return invalid("身份标识的系统名应为 1 至 32 个小写字母、数字或连字符");
  return Urn{.role = role, .region = std::string(region), .uscc = std::string(uscc), .system = std::string(system)};
}

std::string to_string(const Urn& urn) {
  std::string out(kScheme);
  for (const std::string_view part : {to_string(urn.role), std::string_view(urn.region), std::string_view(urn.uscc)}) {
    out.append(part).push_back(':');
  }
  return out + urn.system;
}

}  // namespace chuanyu::identity
