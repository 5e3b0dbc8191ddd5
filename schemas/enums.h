// schemas/enums.h: the short canonical names of enum values: CREDIT_STATUS_ACTIVE is "ACTIVE", LICENCE_STATUS_01 "01".
//
//   short_name(v1::CREDIT_STATUS_ACTIVE)          "ACTIVE"; "" for UNSPECIFIED and for numbers without a value
//   parse_short<v1::CreditStatus>("ACTIVE")       nothing when no value has that name ("UNSPECIFIED" is no value)
// Threads: pure functions. Views point at the generated descriptors and live as long as the process.
#pragma once

#include <optional>
#include <string_view>

#include <google/protobuf/generated_enum_reflection.h>

namespace chuanyu::schemas {

// The same by descriptor, for code that walks messages (mapping engine, JSON).
std::string_view short_name(const google::protobuf::EnumDescriptor& type, int number);
std::optional<int> parse_short(const google::protobuf::EnumDescriptor& type, std::string_view name);

template <typename Enum>
std::string_view short_name(Enum value) {
  return short_name(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

template <typename Enum>
std::optional<Enum> parse_short(std::string_view name) {
  const auto number = parse_short(*google::protobuf::GetEnumDescriptor<Enum>(), name);
  if (!number) return std::nullopt;
  return static_cast<Enum>(*number);
}

}  // namespace chuanyu::schemas
