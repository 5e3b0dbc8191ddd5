#include "schemas/enums.h"

#include <string>

#include <google/protobuf/descriptor.h>

namespace chuanyu::schemas {
namespace {

constexpr std::string_view kUnspecified = "_UNSPECIFIED";

// "CREDIT_STATUS_" from the zero value's name, CREDIT_STATUS_UNSPECIFIED.
std::string_view prefix_of(const google::protobuf::EnumDescriptor& type) {
  std::string_view zero = type.value(0)->name();
  return zero.substr(0, zero.size() - kUnspecified.size() + 1);
}

}  // namespace

std::string_view short_name(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr || number == 0) return {};
  return std::string_view(value->name()).substr(prefix_of(type).size());
}

std::optional<int> parse_short(const google::protobuf::EnumDescriptor& type, std::string_view name) {
  const auto* value = type.FindValueByName(std::string(prefix_of(type)).append(name));
  if (value == nullptr || value->number() == 0) return std::nullopt;
  return value->number();
}

}  // namespace chuanyu::schemas
