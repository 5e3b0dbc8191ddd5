#include "schemas/identifiers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chuanyu::schemas {
namespace {

constexpr std::string_view kUsccLetters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

std::string random_text(std::size_t length, std::string_view alphabet) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += alphabet[*rc::gen::inRange<std::size_t>(0, alphabet.size())];
  return text;
}

// Another character of `alphabet` at a place of choice.
std::string substitute(std::string text, std::size_t place, std::string_view alphabet) {
  const char other =
      *rc::gen::suchThat(rc::gen::elementOf(std::string(alphabet)), [&](char c) { return c != text[place]; });
  text[place] = other;
  return text;
}

std::string random_uscc() {
  std::string code = *rc::gen::element<std::string>("91", "92", "93", "11", "12", "51");
  code += random_text(6, kDigits) + random_text(8, kUsccLetters);
  code += org_code_check_character(code.substr(8, 8));
  return code + uscc_check_character(code);
}

std::string random_id() {
  const int day = *rc::gen::inRange(1, 29), month = *rc::gen::inRange(1, 13), year = *rc::gen::inRange(1900, 2026);
  std::string date = to_string(Date{year, month, day});
  std::erase(date, '-');
  std::string id =
      *rc::gen::element<std::string>("510902", "500152", "512201", "810000") + date + random_text(3, kDigits);
  return id + id_number_check_character(id);
}

// --- USCC ---------------------------------------------------------------------------------------------------------

TEST(Uscc, PublishedCodes) {
  for (std::string_view code :
       {"91310110MA1G81DR35", "11100000MB0143028R", "11100000MB0341032Y", "11100000000013338W", "11430000006122244L",
        "11220000013544541J", "11330105002500287C", "11110000000021135M", "11420000MB15291767", "11230500001755309F",
        "11500228733970274Y", "91230500MA1B3N1N2M", "91320105780688132K", "11100000MB03271699"}) {
    EXPECT_EQ(check_uscc(code).fault, Fault::none) << code;
    EXPECT_EQ(check_org_code(code.substr(8, 9)).fault, Fault::none) << code;
  }
}

TEST(Uscc, FixtureCodes) {
  for (std::string_view code : {"91510903MADEM0011H", "91510981MADEM002X8", "92510904MADEM0054A", "93500152MADEM010X8",
                                "11510000MBDEM0015E", "11510900MBDEM004XA", "11500109MBDEM012XJ", "11500152MBDEM0154G"})
    EXPECT_TRUE(check_uscc(code).ok()) << code;
}

TEST(Uscc, EachFaultIsNamed) {
  EXPECT_EQ(check_uscc("91510903MADEM0011J").fault, Fault::check_character);
  EXPECT_EQ(check_uscc("91510903MADEM0O11H").fault, Fault::alphabet);  // letter O
  EXPECT_EQ(check_uscc("9151090AMADEM0011H").fault, Fault::alphabet);  // letter in the region
  EXPECT_EQ(check_uscc("91510903MADEM0011").fault, Fault::length);
  EXPECT_EQ(check_uscc("").fault, Fault::length);
  std::string wrong_inner = "91510903MADEM0012";
  wrong_inner += uscc_check_character(wrong_inner);
  EXPECT_EQ(check_uscc(wrong_inner).fault, Fault::organisation_check);
  EXPECT_EQ(code_of(Fault::organisation_check), Code::RECORD_CHECK_DIGIT);
  EXPECT_EQ(code_of(Fault::alphabet), Code::RECORD_IDENTIFIER);
}

TEST(Uscc, LowerCaseIsAcceptedAndNormalised) {
  EXPECT_EQ(check_uscc("91510903madem0011h").value, "91510903MADEM0011H");
  EXPECT_TRUE(check_uscc("91510903madem0011h").ok());
}

RC_GTEST_PROP(Uscc, EverySubstitutionIsCaught, ()) {
  const auto code = random_uscc();
  RC_ASSERT(check_uscc(code).ok());
  RC_ASSERT(!check_uscc(substitute(code, *rc::gen::inRange<std::size_t>(0, 18), kUsccLetters)).ok());
}

RC_GTEST_PROP(Uscc, EverySwapOfNeighboursIsCaught, ()) {
  auto code = random_uscc();
  const auto place = *rc::gen::inRange<std::size_t>(0, 17);
  RC_PRE(code[place] != code[place + 1]);
  std::swap(code[place], code[place + 1]);
  RC_ASSERT(!check_uscc(code).ok());
}

// --- organisation code ----------------------------------------------------------------------------------------------

TEST(OrgCode, WithAndWithoutHyphen) {
  EXPECT_EQ(check_org_code("MA1G81DR3").value, "MA1G81DR3");
  EXPECT_EQ(check_org_code("73397027-4").value, "733970274");
  EXPECT_TRUE(check_org_code("73397027-4").ok());
  EXPECT_EQ(check_org_code("733970275").fault, Fault::check_character);
  EXPECT_EQ(check_org_code("7339702745").fault, Fault::length);
}

RC_GTEST_PROP(OrgCode, EverySubstitutionOfADigitByADigitIsCaught, ()) {
  std::string code = random_text(8, kDigits);
  code += org_code_check_character(code);
  RC_ASSERT(!check_org_code(substitute(code, *rc::gen::inRange<std::size_t>(0, 8), kDigits)).ok());
}

// --- ID number ------------------------------------------------------------------------------------------------------

TEST(IdNumber, FixturePersons) {
  for (std::string_view id :
       {"510902198503129972", "510921199008259984", "510923197811039968", "513321198204159994", "513401199511209984",
        "51022719880630997X", "500112200102149961", "513523197609099992", "512201197001019979", "510231197505189994"})
    EXPECT_TRUE(check_id_number(id).ok()) << "person " << id.substr(0, 6);
}

TEST(IdNumber, EachFaultIsNamed) {
  EXPECT_EQ(check_id_number("51090219850312997X").fault, Fault::check_character);
  EXPECT_EQ(check_id_number("510902198513129972").fault, Fault::date);  // month 13
  EXPECT_EQ(check_id_number("510902198502309972").fault, Fault::date);  // 30 February
  EXPECT_EQ(check_id_number("990902198503129972").fault, Fault::place);
  EXPECT_EQ(check_id_number("5109021985031299X2").fault, Fault::alphabet);
  EXPECT_EQ(check_id_number("51090219850312997").fault, Fault::length);
}

TEST(IdNumber, LowerCaseXIsAcceptedAndNormalised) {
  EXPECT_EQ(check_id_number("51022719880630997x").value, "51022719880630997X");
  EXPECT_TRUE(check_id_number("51022719880630997x").ok());
}

TEST(IdNumber, FifteenDigitsGrowToEighteen) {
  EXPECT_TRUE(check_id_number("510902750518999").ok());
  EXPECT_EQ(to_id18("510902750518999"), "510902197505189990");
  EXPECT_EQ(to_id18("510902751318999"), std::nullopt);
  EXPECT_EQ(birthday("510902750518999"), (Date{1975, 5, 18}));
}

TEST(IdNumber, ResidencePermitsOfHongKongMacaoAndTaiwan) {
  for (std::string_view prefix : {"810000", "820000", "830000"}) {
    std::string id = std::string(prefix) + "19850312997";
    id += id_number_check_character(id);
    EXPECT_TRUE(check_id_number(id).ok());
    EXPECT_TRUE(is_hmt_residence(id));
  }
  EXPECT_FALSE(is_hmt_residence("510902198503129972"));
}

RC_GTEST_PROP(IdNumber, EverySubstitutionIsCaught, ()) {
  const auto id = random_id();
  RC_ASSERT(check_id_number(id).ok());
  RC_ASSERT(!check_id_number(substitute(id, *rc::gen::inRange<std::size_t>(0, 18), kDigits)).ok());
}

RC_GTEST_PROP(IdNumber, GrownNumbersAreGood, ()) {
  const auto id = random_id();
  RC_PRE(id.substr(6, 2) == "19");
  const auto old = id.substr(0, 6) + id.substr(8, 9);
  RC_ASSERT(to_id18(old) == id);
}

// --- licence identifier
// -----------------------------------------------------------------------------------------------

TEST(LicenceIdentifier, PublishedIdentifiers) {
  for (std::string_view tail :
       {"11100000000013338W011.11430000006122244L.20230000403.001.U", "11100000MB03271699022.340100.000000016.001.9",
        "11100000000013338W009.11330105002500287C.2025052201.002.0",
        "11100000000013338W032.11220000013544541J.2430599.001.F", "062301.1101101102.0624_001.001.U"})
    EXPECT_TRUE(check_licence_id("1.2.156.3005.2." + std::string(tail)).ok()) << tail;
}

TEST(LicenceIdentifier, PartsAndExpectedCheck) {
  const auto id = check_licence_id("1.2.156.3005.2.11100000MB03271699022.11500152MBDEM0154G.000000016.001.S");
  EXPECT_EQ(id.fault, Fault::check_character);
  EXPECT_EQ(id.expected_check, 'R');
  EXPECT_EQ(id.type_code, "11100000MB03271699022");
  EXPECT_EQ(id.issuer, "11500152MBDEM0154G");
  EXPECT_EQ(id.serial, "000000016");
  EXPECT_EQ(id.version, "001");
}

TEST(LicenceIdentifier, Malformed) {
  EXPECT_EQ(check_licence_id("").fault, Fault::length);
  EXPECT_EQ(check_licence_id("1.2.156.3005.3.A.B.C.001.U").fault, Fault::length);
  EXPECT_EQ(check_licence_id("1.2.156.3005.2.A.B.C.001").fault, Fault::length);
  EXPECT_EQ(check_licence_id("1.2.156.3005.2.A.B..001.U").fault, Fault::length);
  EXPECT_EQ(check_licence_id("1.2.156.3005.2.A.B.C.001.U.V").fault, Fault::length);
  EXPECT_EQ(check_licence_id("1.2.156.3005.2.A.B.C C.001.U").fault, Fault::alphabet);
}

RC_GTEST_PROP(LicenceIdentifier, EverySubstitutionIsCaught, ()) {
  std::string body =
      random_text(21, kLetters) + "." + random_text(18, kLetters) + "." + random_text(9, kLetters) + ".001";
  const auto place =
      *rc::gen::suchThat(rc::gen::inRange<std::size_t>(0, body.size()), [&](auto p) { return body[p] != '.'; });
  const char check = mod37_36_check_character(body);
  const auto whole = [&](const std::string& b) { return "1.2.156.3005.2." + b + "." + check; };
  RC_ASSERT(check_licence_id(whole(body)).ok());
  RC_ASSERT(!check_licence_id(whole(substitute(body, place, kLetters))).ok());
}

// --- other
// ------------------------------------------------------------------------------------------------------------

TEST(DigestHex, SixtyFourHexDigits) {
  EXPECT_TRUE(is_digest_hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"));
  EXPECT_FALSE(is_digest_hex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e"));
  EXPECT_FALSE(is_digest_hex("g6c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"));
}

TEST(MatchKeys, MiddleDotsOfNames) {
  for (std::string_view name : {"扎西·多吉", "扎西•多吉", "扎西・多吉", "扎西．多吉"})
    EXPECT_EQ(name_match_key(name), "扎西·多吉");
}

TEST(MatchKeys, DocumentNumbers) {
  EXPECT_EQ(doc_no_match_key("渝市监处罚〔2025〕66号"), "渝市监处罚〔2025〕66号");
  for (std::string_view text :
       {"市场【2019】1号", "市场[2019]01号", "市场（2019）第1号", "市场 (２０１９) 第 001 号", "市场〔2019〕1号"})
    EXPECT_EQ(doc_no_match_key(text), "市场〔2019〕1号") << text;
  EXPECT_EQ(doc_no_match_key("（杭临）市监处罚〔2024〕131号"), "〔杭临〕市监处罚〔2024〕131号");
  EXPECT_EQ(doc_no_match_key("鄂武港航罚[2020]00001号"), "鄂武港航罚〔2020〕1号");
  EXPECT_EQ(doc_no_match_key("第一批〔2020〕第0号"), "第一批〔2020〕0号");
}

}  // namespace
}  // namespace chuanyu::schemas
