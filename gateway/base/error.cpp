#include "gateway/base/error.h"

#include <array>
#include <cstddef>

namespace chuanyu {
namespace {

constexpr std::array kCodes{
#define CHUANYU_ERROR(name, status, zh, en, todo) CodeInfo{Code::name, #name, status, zh, en, todo},
#include "gateway/base/error_codes.def"
#undef CHUANYU_ERROR
};

}  // namespace

const CodeInfo& info(Code code) { return kCodes.at(static_cast<std::size_t>(code)); }

std::string_view to_string(Code code) { return info(code).name; }

const CodeInfo* find_code(std::string_view name) {
  for (const CodeInfo& row : kCodes) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string Error::to_text() const {
  const CodeInfo& row = info(code);
  std::string text{row.name};
  text.append(": ").append(row.title_zh);
  if (!detail.empty()) text.append("：").append(detail);
  if (!where.empty()) text.append(" (").append(where).append(")");
  return text;
}

}  // namespace chuanyu
