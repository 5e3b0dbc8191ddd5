#include "schemas/regions.h"

#include <gtest/gtest.h>

namespace chuanyu::schemas {
namespace {

TEST(Regions, TodaysCodesInAllThreeLengths) {
  for (std::string_view text : {"500152", "500152000", "500152000000", "500152103", "500152103205"}) {
    const auto region = look_up_region(text);
    EXPECT_EQ(region.state, RegionState::current) << text;
    EXPECT_EQ(region.code6, "500152");
    EXPECT_EQ(region.name, "潼南区");
  }
  EXPECT_EQ(look_up_region("510900").name, "遂宁市");
  EXPECT_EQ(look_up_region("510903").name, "船山区");
}

TEST(Regions, AbolishedCodesAreAcceptedAndReported) {
  const auto liangping = look_up_region("500228");  // still used by an organ of 梁平区
  EXPECT_TRUE(liangping.ok());
  EXPECT_EQ(liangping.state, RegionState::abolished);
  EXPECT_EQ(liangping.current, "500155");
  EXPECT_EQ(liangping.name, "梁平区");
}

TEST(Regions, DividedAreaHasNoSingleSuccessor) {
  const auto region = look_up_region("510902");
  EXPECT_EQ(region.state, RegionState::abolished);
  EXPECT_EQ(region.current, "");
}

TEST(Regions, OtherProvincesAreCheckedByFormOnly) {
  EXPECT_EQ(look_up_region("110105").state, RegionState::elsewhere);
  EXPECT_TRUE(look_up_region("110105").ok());
}

TEST(Regions, UnknownAndMalformed) {
  EXPECT_EQ(look_up_region("500199").state, RegionState::unknown);
  EXPECT_EQ(look_up_region("519999000000").state, RegionState::unknown);
  for (std::string_view text : {"", "50015", "5001520", "50015a", "５００１５２", "990000", "5001520000001"})
    EXPECT_EQ(look_up_region(text).state, RegionState::malformed) << text;
}

TEST(Regions, TwelveDigitsAndDetail) {
  EXPECT_EQ(to_region12("500152"), "500152000000");
  EXPECT_EQ(to_region12("500152103"), "500152103000");
  EXPECT_FALSE(region_has_detail("500152"));
  EXPECT_FALSE(region_has_detail("500152000000"));
  EXPECT_TRUE(region_has_detail("500152103000"));
}

}  // namespace
}  // namespace chuanyu::schemas
