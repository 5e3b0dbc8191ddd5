#include "schemas/canonical_json.h"

#include <gtest/gtest.h>

#include <set>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "support.h"

namespace chuanyu::schemas {
namespace {

struct Fixtures {
  Kind kind;
  const char* file;
};
constexpr Fixtures kFixtures[] = {{Kind::credit, "canonical_credit.json"},
                                  {Kind::licence, "canonical_licence.json"},
                                  {Kind::enforcement_case, "canonical_case.json"}};

// What from_json answers when a member of a good record is replaced.
Error refused(Kind kind, TestJson record) {
  const auto wire = from_json(kind, record.dump());
  EXPECT_FALSE(wire.ok());
  return wire.ok() ? Error{} : wire.error();
}

TEST(CanonicalJson, ThirtyFixturesComeBackByteForByte) {
  for (const auto& [kind, file] : kFixtures)
    for (const auto& record : fixture(file)) {
      const auto wire = from_json(kind, record.dump());
      ASSERT_TRUE(wire.ok()) << wire.error().to_text();
      const auto json = to_json(kind, *wire);
      ASSERT_TRUE(json.ok()) << json.error().to_text();
      EXPECT_EQ(*json, record.dump());
      EXPECT_EQ(*from_json(kind, *json), *wire);
    }
}

TEST(CanonicalJson, TypesOfTheWire) {
  v1::CreditRecord record;
  ASSERT_TRUE(record.ParseFromString(*from_json(Kind::credit, fixture("canonical_credit.json")[6].dump())));
  EXPECT_EQ(record.fine_fen(), 123456789);
  EXPECT_EQ(record.status(), v1::CREDIT_STATUS_ACTIVE);
  EXPECT_EQ(record.publish_until().year(), 2028);
  EXPECT_EQ(record.penalty_kinds(1).canonical(), "03");
}

TEST(CanonicalJson, PermanentLicenceIsExplicitOnTheWireAndImpliedInJson) {
  auto json = fixture("canonical_licence.json")[0];
  v1::Licence licence;
  ASSERT_TRUE(licence.ParseFromString(*from_json(Kind::licence, json.dump())));
  EXPECT_TRUE(licence.valid_long_term());
  EXPECT_FALSE(licence.has_valid_until());

  json["validLongTerm"] = false;  // the source does not say when it ends
  const auto wire = from_json(Kind::licence, json.dump());
  ASSERT_TRUE(licence.ParseFromString(*wire));
  EXPECT_FALSE(licence.valid_long_term());
  EXPECT_EQ(TestJson::parse(*to_json(Kind::licence, *wire))["validLongTerm"], false);
}

TEST(CanonicalJson, NativeTextStaysBesideItsCode) {
  auto json = fixture("canonical_credit.json")[0];
  json["penaltyKinds"].push_back({{"canonical", "07"}, {"nativeText", "责令改正"}});
  const auto wire = from_json(Kind::credit, json.dump());
  ASSERT_TRUE(wire.ok()) << wire.error().to_text();
  EXPECT_EQ(TestJson::parse(*to_json(Kind::credit, *wire)), json);
}

TEST(CanonicalJson, RareCharactersAndExtComeBack) {
  auto json = fixture("canonical_credit.json")[5];
  EXPECT_EQ(json["legalRep"]["name"], "龚䶮");
  json["ext"] = {{"b", "2"}, {"a/~", "𠮷"}};
  const auto wire = from_json(Kind::credit, json.dump());
  ASSERT_TRUE(wire.ok()) << wire.error().to_text();
  EXPECT_EQ(to_json(Kind::credit, *wire)->find("\"ext\":{\"a/~\":\"𠮷\",\"b\":\"2\"}") != std::string::npos, true);
}

TEST(CanonicalJson, EveryRefusalHasCodeAndPlace) {
  const auto good = fixture("canonical_credit.json")[0];
  struct Case {
    std::function<void(TestJson&)> spoil;
    Code code;
    const char* where;
  };
  const Case cases[] = {
      {[](TestJson& j) { j["extra"] = 1; }, Code::CLIENT_FIELD_UNKNOWN, "/extra"},
      {[](TestJson& j) { j["record_id"] = "x"; }, Code::CLIENT_FIELD_UNKNOWN, "/record_id"},
      {[](TestJson& j) { j["subject"]["a/b"] = 1; }, Code::CLIENT_FIELD_UNKNOWN, "/subject/a~1b"},
      {[](TestJson& j) { j.erase("recordId"); }, Code::CLIENT_FIELD_MISSING, "/recordId"},
      {[](TestJson& j) { j["recordId"] = ""; }, Code::CLIENT_FIELD_MISSING, "/recordId"},
      {[](TestJson& j) { j["status"] = nullptr; }, Code::CLIENT_FIELD_MISSING, "/status"},
      {[](TestJson& j) { j["recordId"] = 1; }, Code::CLIENT_FIELD_INVALID, "/recordId"},
      {[](TestJson& j) { j["status"] = "VALID"; }, Code::CLIENT_FIELD_INVALID, "/status"},
      {[](TestJson& j) { j["status"] = "UNSPECIFIED"; }, Code::CLIENT_FIELD_INVALID, "/status"},
      {[](TestJson& j) { j["decisionDate"] = "2025-02-30"; }, Code::CLIENT_FIELD_INVALID, "/decisionDate"},
      {[](TestJson& j) { j["decisionDate"] = "2025/02/03"; }, Code::CLIENT_FIELD_INVALID, "/decisionDate"},
      {[](TestJson& j) { j["fineFen"] = 1.5; }, Code::CLIENT_FIELD_INVALID, "/fineFen"},
      {[](TestJson& j) { j["fineFen"] = -1; }, Code::CLIENT_FIELD_INVALID, "/fineFen"},
      {[](TestJson& j) { j["fineFen"] = 18446744073709551615U; }, Code::CLIENT_FIELD_INVALID, "/fineFen"},
      {[](TestJson& j) { j["fineFen"] = "15"; }, Code::CLIENT_FIELD_INVALID, "/fineFen"},
      {[](TestJson& j) { j["subject"]["uscc"] = "91510903MADEM0011J"; }, Code::CLIENT_FIELD_INVALID, "/subject/uscc"},
      {[](TestJson& j) { j["legalRep"]["idNo"] = "510902198513129972"; }, Code::CLIENT_FIELD_INVALID, "/legalRep/idNo"},
      {[](TestJson& j) { j["subject"]["regionCode"] = "500199"; }, Code::CLIENT_FIELD_INVALID, "/subject/regionCode"},
      {[](TestJson& j) { j["penaltyKinds"] = "02"; }, Code::CLIENT_FIELD_INVALID, "/penaltyKinds"},
      {[](TestJson& j) { j["penaltyKinds"][1] = 9; }, Code::CLIENT_FIELD_INVALID, "/penaltyKinds/1"},
      {[](TestJson& j) { j["authority"] = "市场监管局"; }, Code::CLIENT_FIELD_INVALID, "/authority"},
  };
  for (const auto& c : cases) {
    auto bad = good;
    c.spoil(bad);
    const auto e = refused(Kind::credit, bad);
    EXPECT_EQ(e.code, c.code) << c.where;
    EXPECT_EQ(e.where, c.where);
  }
}

TEST(CanonicalJson, LicenceMustAgreeWithItsIdentifier) {
  auto json = fixture("canonical_licence.json")[0];
  json["version"] = "002";
  EXPECT_EQ(refused(Kind::licence, json).where, "/version");
  json["version"] = "001";
  json["typeCode"] = "11100000000013338W011";
  EXPECT_EQ(refused(Kind::licence, json).where, "/typeCode");
  json["certId"] = "1.2.156.3005.2.11100000MB0143028R001.11510903MBDEM0031X.A1B2C3D4E5F6G7H8J9K0.001.B";
  EXPECT_EQ(refused(Kind::licence, json).where, "/certId");
}

TEST(CanonicalJson, HolderNumbersAreCheckedByTheirType) {
  auto json = fixture("canonical_licence.json")[9];
  json["holders"][1]["code"] = "510227198806309979";
  const auto e = refused(Kind::licence, json);
  EXPECT_EQ(e.where, "/holders/1/code");
  EXPECT_EQ(e.detail.find("510227"), std::string::npos);  // no identifier in an error
  json["holders"][1]["codeType"] = "414";                 // a passport has no check character
  EXPECT_TRUE(from_json(Kind::licence, json.dump()).ok());
}

TEST(CanonicalJson, LowerCaseIdentifiersAreNormalised) {
  auto json = fixture("canonical_licence.json")[9];
  const auto wire = from_json(Kind::licence, json.dump());
  json["holders"][1]["code"] = "51022719880630997x";
  EXPECT_EQ(*from_json(Kind::licence, json.dump()), *wire);
}

TEST(CanonicalJson, ErrorsAreCounted) {
  auto json = fixture("canonical_credit.json")[0];
  json.erase("recordId");
  json.erase("status");
  json["decisionDate"] = "x";
  const auto e = refused(Kind::credit, json);
  EXPECT_EQ(e.where, "/recordId");
  EXPECT_NE(e.detail.find("另有 2 处"), std::string::npos);
}

TEST(CanonicalJson, BrokenJson) {
  EXPECT_EQ(from_json(Kind::credit, "").error().code, Code::CLIENT_JSON_INVALID);
  EXPECT_EQ(from_json(Kind::credit, "{\"recordId\":").error().code, Code::CLIENT_JSON_INVALID);
  EXPECT_EQ(from_json(Kind::credit, "[]").error().code, Code::CLIENT_FIELD_INVALID);
  EXPECT_EQ(from_json(Kind::credit, "{\"recordId\":\"\xC3\x28\"}").error().code, Code::CLIENT_JSON_INVALID);
  const auto repeated = from_json(Kind::credit, R"({"recordId":"a","subject":{"name":"x","name":"y"}})");
  EXPECT_EQ(repeated.error().code, Code::CLIENT_JSON_INVALID);
  EXPECT_EQ(repeated.error().where, "/name");
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(from_json(Kind::credit, deep).error().code, Code::CLIENT_JSON_INVALID);
}

TEST(CanonicalJson, BrokenWire) { EXPECT_EQ(to_json(Kind::credit, "\xFF\xFF").error().code, Code::RECORD_PARSE); }

TEST(CanonicalJson, AnEnumValueOfALaterVersionIsShownAsNumber) {
  v1::CreditRecord record;
  record.set_status(static_cast<v1::CreditStatus>(42));
  EXPECT_EQ(TestJson::parse(*to_json(Kind::credit, record.SerializeAsString()))["status"], 42);
}

}  // namespace
}  // namespace chuanyu::schemas
