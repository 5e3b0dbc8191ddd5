#include "schemas/enums.h"

#include <gtest/gtest.h>

#include "schemas/canonical/common.pb.h"
#include "schemas/canonical/messages.pb.h"

namespace chuanyu::schemas {
namespace {

TEST(Enums, ShortNamesAreTheCanonicalNames) {
  EXPECT_EQ(short_name(v1::CREDIT_STATUS_ACTIVE), "ACTIVE");
  EXPECT_EQ(short_name(v1::LICENCE_STATUS_07), "07");
  EXPECT_EQ(short_name(v1::CASE_STATE_TRANSFERRED_JUDICIAL), "TRANSFERRED_JUDICIAL");
  EXPECT_EQ(short_name(v1::SERVICE_MODE_ONLINE), "ONLINE");
}

TEST(Enums, UnspecifiedIsNoValue) {
  EXPECT_EQ(short_name(v1::CREDIT_STATUS_UNSPECIFIED), "");
  EXPECT_EQ(parse_short<v1::CreditStatus>("UNSPECIFIED"), std::nullopt);
  EXPECT_EQ(parse_short<v1::CreditStatus>(""), std::nullopt);
  EXPECT_EQ(parse_short<v1::CreditStatus>("CREDIT_STATUS_ACTIVE"), std::nullopt);
}

TEST(Enums, EveryValueOfEveryEnumComesBack) {
  for (const auto* file : {v1::Date::descriptor()->file(), v1::Material::descriptor()->file()})
    for (int e = 0; e < file->enum_type_count(); ++e) {
      const auto& type = *file->enum_type(e);
      for (int v = 1; v < type.value_count(); ++v) {
        const int number = type.value(v)->number();
        EXPECT_EQ(parse_short(type, short_name(type, number)), number) << type.value(v)->name();
      }
    }
}

}  // namespace
}  // namespace chuanyu::schemas
