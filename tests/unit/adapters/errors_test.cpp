// Bad input: each kind has its own stable code and its place, and never the personal value.
#include "adapters/formats/charset.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::failure;
using testing::fixtures;
using testing::notes;
using testing::product;
using testing::replaced;

const Adapter& profile(const std::string& id) { return *product().find(id); }

// The first fixture of the profile with one thing changed.
std::string changed(const std::string& id, std::string_view from, std::string_view to, const GetOptions& options = {}) {
  const auto record = replaced(fixtures(id).front(), from, to);
  const auto result = profile(id).get(record, options);
  if (!result.ok() && to.size() > 5) {
    EXPECT_EQ(result.error().detail.find(to), std::string::npos) << "shows the value";
  }
  return failure(result);
}

v1::Date day(int year, int month, int of_month) {
  v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(of_month);
  return date;
}

std::string gb(std::string_view utf8) {
  std::string out;
  EXPECT_TRUE(Charset::find("gb18030-2022")->encode(utf8, out).ok());
  return out;
}

TEST(BadJson, Structure) {
  const auto get = [](std::string_view text) { return failure(profile("cq.case.v1").get(text)); };
  EXPECT_EQ(get(""), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("[]"), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("7"), "RECORD_TYPE ");
  EXPECT_EQ(get("{\"case_id\":\"1\""), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("{\"case_id\":\"1"), "RECORD_TRUNCATED /case_id");
  EXPECT_EQ(get("{\"case_id\":tru"), "RECORD_TRUNCATED /case_id");
  EXPECT_EQ(get("{\"case_id\":truth}"), "RECORD_PARSE /case_id");
  EXPECT_EQ(get("{\"case_id\":\"1\" \"x\":1}"), "RECORD_PARSE ");
  EXPECT_EQ(get("{\"case_id\":\"1\",}"), "RECORD_PARSE ");
  EXPECT_EQ(get("{\"case_id\":\"1\"} {}"), "RECORD_PARSE ");
  EXPECT_EQ(get("{\"fine\":01}"), "RECORD_PARSE /fine");
  EXPECT_EQ(get("{\"case_id\":\"a\tb\"}"), "RECORD_PARSE /case_id");
  EXPECT_EQ(get("{\"case_id\":\"\\ud800\"}"), "RECORD_PARSE /case_id");
  EXPECT_EQ(get("{\"case_id\":\"\\q\"}"), "RECORD_PARSE /case_id");
  EXPECT_EQ(get("{\"case_id\":\"\xFF\"}"), "RECORD_CHARSET ");
  EXPECT_EQ(get("{\"admin_cp\":[{\"admin_cp_name\":{}}]}"), "RECORD_TYPE /admin_cp/0/admin_cp_name");
  EXPECT_EQ(get("{\"case_id\":7}"), "RECORD_TYPE /case_id");
  EXPECT_EQ(get("{\"admin_cp\":7}"), "RECORD_TYPE /admin_cp");
}

TEST(BadJson, DuplicateKeysEvenWhenNobodyKnowsThem) {
  const auto get = [](std::string_view text) { return failure(profile("cq.case.v1").get(text)); };
  EXPECT_EQ(get("{\"case_id\":\"1\",\"case_id\":\"1\"}"), "RECORD_DUPLICATE_KEY /case_id");
  EXPECT_EQ(get("{\"case_id\":null,\"case_\\u0069d\":\"1\"}"), "RECORD_DUPLICATE_KEY /case_id");
  EXPECT_EQ(get("{\"x\":1,\"x\":2}"), "RECORD_DUPLICATE_KEY /x");
  EXPECT_EQ(get("{\"x\":[{\"y\":1,\"z\":0,\"y\":2}]}"), "RECORD_DUPLICATE_KEY /x/0/y");
}

TEST(BadJson, DeepAndLarge) {
  const auto& adapter = profile("cq.case.v1");
  EXPECT_EQ(failure(adapter.get("{\"x\":" + std::string(100000, '[') + std::string(100000, ']') + "}")).substr(0, 15),
            "RECORD_TOO_DEEP");
  EXPECT_EQ(failure(adapter.get("{\"x\":\"" + std::string(2 << 20, 'x') + "\"}")), "RECORD_TOO_LARGE ");
  std::string items = "{\"admin_cp\":[{}";
  for (int i = 0; i < 20000; ++i) items += ",{}";
  EXPECT_EQ(failure(adapter.get(items + "]}")), "RECORD_TOO_LARGE /admin_cp");
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(failure(adapter.get(many + "\"z\":1}")), "RECORD_FIELD_UNKNOWN ");
}

TEST(BadJson, Values) {
  EXPECT_EQ(changed("cq.case.v1", "\"case_id\": \"CA0001\",", ""), "RECORD_FIELD_MISSING /case_id");
  EXPECT_EQ(changed("cq.case.v1", "\"case_status\": \"80\"", "\"case_status\": \"8x\""),
            "RECORD_CODE_UNKNOWN /case_status");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "\"15.0000001\""), "RECORD_AMOUNT /fine");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "\"-1\""), "RECORD_AMOUNT /fine");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "\"99999999999999999999\""), "RECORD_AMOUNT /fine");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "\"9223372036854.775807\""), "RECORD_AMOUNT /fine");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "1.5E1"), "RECORD_AMOUNT /fine");
  EXPECT_EQ(changed("cq.case.v1", "\"15.000000\"", "15"), "");
  EXPECT_EQ(changed("cq.case.v1", "\"20241203\"", "\"20240230\""), "RECORD_DATE /file_date");
  EXPECT_EQ(changed("cq.case.v1", "\"20241203\"", "\"2024-12-03\""), "RECORD_DATE /file_date");
  EXPECT_EQ(changed("cq.case.v1", "\"20241203\"", "20241203"), "RECORD_TYPE /file_date");
  EXPECT_EQ(changed("cq.case.v1", "\"张执法,李执法\"", "\"张执法\""), "RECORD_LIST_LENGTH /check_person_code");
  EXPECT_EQ(changed("cq.case.v1", "\"510903000000\"", "\"519903000000\""), "RECORD_REGION /admin_cp/0/area_code");
}

TEST(BadIdentifiers, WhatAFailedCheckDoesIsConfigured) {
  const std::string good = "\"creditCode\": \"91510903MADEM0011H\"";
  const std::string bad = "\"creditCode\": \"91510903MADEM0011J\"";
  EXPECT_EQ(changed("cq.credit.v1", good, bad), "RECORD_CHECK_DIGIT /subject/creditCode");
  EXPECT_EQ(changed("cq.credit.v1", good, "\"creditCode\": \"91510903MADEM0O11H\""),
            "RECORD_IDENTIFIER /subject/creditCode");
  EXPECT_EQ(changed("cq.credit.v1", good, bad, {{{"uscc", CheckAction::quarantine}}}),
            "RECORD_QUARANTINED /subject/creditCode");
  EXPECT_EQ(changed("cq.credit.v1", "510902198503129972", "51090219850312997X"),
            "RECORD_CHECK_DIGIT /subject/legalPerson/certNo");
  EXPECT_EQ(changed("cq.credit.v1", "510902198503129972", "510902198513129972"),
            "RECORD_IDENTIFIER /subject/legalPerson/certNo");
  const auto warned = profile("cq.credit.v1")
                          .get(replaced(fixtures("cq.credit.v1").front(), good, bad), {{{"uscc", CheckAction::warn}}});
  ASSERT_TRUE(warned.ok());
  EXPECT_EQ(notes(*warned), std::vector<std::string>{"warning /subject/creditCode|subject.uscc"});
  EXPECT_EQ(warned->notes[0].code, Code::RECORD_CHECK_DIGIT);
  EXPECT_EQ(warned->notes[0].message.find("91510903"), std::string::npos);
}

TEST(BadIdentifiers, LicenceIdentifier) {
  EXPECT_EQ(changed("sc.licence.v1", "K0.001.A", "K0.001.B"), "RECORD_CHECK_DIGIT /ZZBS");
  EXPECT_EQ(changed("sc.licence.v1", ".001.A", ".A"), "RECORD_IDENTIFIER /ZZBS");
}

TEST(BadIdentifiers, LicenceIdentifierRepeatsTypeAndVersion) {
  const auto adapter = testing::adapter_of(
      R"({"mapping":"t","version":"1","kind":"licence","canonical":"chuanyu.v1.Licence","media_type":"x",
"native":{"format":"json"},"rules":[{"kind":"iso","n":"/id","c":"cert_id","as":{"licence_id":{"type":"type_code","version":"version"}}},
{"kind":"iso","n":"/v","c":"version","as":"text"}]})");
  const std::string id = "1.2.156.3005.2.11100000MB0143028R001.11510903MBDEM0031X.A1B2C3D4E5F6G7H8J9K0.001.A";
  const auto same = adapter->get("{\"id\":\"" + id + "\",\"v\":\"001\"}");
  ASSERT_TRUE(same.ok()) << same.error().to_text();
  EXPECT_EQ(notes(*same), std::vector<std::string>{});
  const auto other = adapter->get("{\"id\":\"" + id + "\",\"v\":\"002\"}");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(notes(*other), std::vector<std::string>{"warning /id|cert_id"});
}

TEST(BadXml, Structure) {
  const auto get = [](std::string_view text) { return failure(profile("cq.licence.v1").get(text)); };
  EXPECT_EQ(get(""), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("<Certificate>"), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("<Other/>"), "RECORD_TYPE Other");
  EXPECT_EQ(get("<!DOCTYPE Certificate [<!ENTITY a 'b'>]><Certificate/>"), "RECORD_XML_FORBIDDEN ");
  EXPECT_EQ(get("<Certificate><CertificateName>&a;</CertificateName></Certificate>"),
            "RECORD_XML_FORBIDDEN CertificateName");
  EXPECT_EQ(get("<Certificate><!ENTITY a 'b'></Certificate>"), "RECORD_XML_FORBIDDEN ");
  EXPECT_EQ(get("<Certificate><CertificateName>a</Name></Certificate>"), "RECORD_PARSE CertificateName");
  EXPECT_EQ(get("<Certificate><CertificateName>a & b</CertificateName></Certificate>"), "RECORD_PARSE CertificateName");
  EXPECT_EQ(get("<Certificate><CertificateName>&#0;</CertificateName></Certificate>"), "RECORD_PARSE CertificateName");
  EXPECT_EQ(get("<Certificate version='1' version='2'/>"), "RECORD_DUPLICATE_KEY @version");
  EXPECT_EQ(get("<Certificate version=1/>"), "RECORD_PARSE ");
  EXPECT_EQ(get("<Certificate><Issuer/><Issuer/></Certificate>"), "RECORD_DUPLICATE_KEY Issuer");
  EXPECT_EQ(get("<Certificate/><Certificate/>"), "RECORD_PARSE ");
  EXPECT_EQ(get("<?xml version='1.0' encoding='GBK'?><Certificate/>"), "RECORD_CHARSET ");
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "<a>";
  EXPECT_EQ(get("<Certificate>" + deep).substr(0, 15), "RECORD_TOO_DEEP");
}

TEST(BadXml, ValuesAndPlaces) {
  EXPECT_EQ(changed("sc.case.v1", gb("2024年12月3日"), gb("2024年13月3日")), "RECORD_DATE 立案日期");
  EXPECT_EQ(changed("sc.case.v1", gb("食品药品"), gb("食品")).substr(0, 6), "");
  EXPECT_EQ(changed("sc.case.v1", gb("已结案"), gb("结了案")), "RECORD_CODE_UNKNOWN 案件状态");
  EXPECT_EQ(changed("sc.case.v1", "91510903MADEM0011H", "91510903MADEM0011J"),
            "RECORD_CHECK_DIGIT 当事人列表/当事人[1]/证件号码");
  EXPECT_EQ(changed("sc.case.v1", gb("遂宁市市场监督管理局"), "\xFF"), "RECORD_CHARSET ");
}

TEST(BadCsv, Rows) {
  const auto get = [](std::string_view text) { return failure(profile("sc.credit.v1").get(text)); };
  EXPECT_EQ(get("XXBS,MDLX\r\n1\r\n"), "RECORD_RAGGED_ROW MDLX");
  EXPECT_EQ(get("XXBS,MDLX\r\n1,2,3\r\n"), "RECORD_RAGGED_ROW 第 3 列");
  EXPECT_EQ(get("XXBS,XXBS\r\n1,2\r\n"), "RECORD_DUPLICATE_KEY XXBS");
  EXPECT_EQ(get("XXBS\r\n1\r\n2\r\n"), "RECORD_PARSE ");
  EXPECT_EQ(get("XXBS\r\n\"1\"x\r\n"), "RECORD_PARSE XXBS");
  EXPECT_EQ(get("XXBS\r\na\"b\r\n"), "RECORD_PARSE XXBS");
  EXPECT_EQ(get("XXBS\r\n\"a\r\n"), "RECORD_TRUNCATED XXBS");
  EXPECT_EQ(get("XXBS\r\n"), "RECORD_TRUNCATED ");
  EXPECT_EQ(get("XXBS,EXTRA\r\n1,2\r\n"), "RECORD_FIELD_UNKNOWN EXTRA");
  EXPECT_EQ(get("XXBS\r\n1\r\n"), "RECORD_FIELD_MISSING MDLX");
  EXPECT_EQ(get("XXBS\r\n\xFF\r\n"), "RECORD_CHARSET ");
  EXPECT_EQ(changed("sc.credit.v1", "15.000000", "15.0000005"), "RECORD_AMOUNT FKJE");
  EXPECT_EQ(changed("sc.credit.v1", "2025/03/12", "2025/3/12"), "RECORD_DATE RDRQ");
}

TEST(BadCsv, ABrokenHeaderSpoilsNoRecordAfterIt) {
  const auto& adapter = profile("sc.credit.v1");
  const auto& good = fixtures("sc.credit.v1").front();
  for (const std::size_t size : {1, 3, 8, 40}) {
    EXPECT_EQ(failure(adapter.get(good.substr(0, size))).substr(0, 16), "RECORD_TRUNCATED");
    EXPECT_EQ(failure(adapter.get(good)), "") << size;
  }
}

TEST(BadCanonical, Bytes) {
  const auto& adapter = profile("cq.case.v1");
  EXPECT_EQ(failure(adapter.create("\xFF\xFF\xFF")), "RECORD_PARSE ");
  EXPECT_EQ(failure(adapter.create("\x0A\x05"
                                   "abc")),
            "RECORD_PARSE ");
  EXPECT_EQ(failure(adapter.create("\x0A\x01\xFF")), "RECORD_CHARSET case_id");
  EXPECT_EQ(failure(adapter.create("")), "RECORD_FIELD_MISSING /case_id");
  // A field that comes twice: the last one counts, also when it is empty.
  const std::string wire = adapter.get(fixtures("cq.case.v1").front())->bytes;
  EXPECT_EQ(failure(adapter.create(wire + std::string("\x0A\x00", 2))), "RECORD_FIELD_MISSING /case_id");
}

TEST(BadCanonical, UnknownFieldsAreNotedUpToALimit) {
  const auto& adapter = profile("sc.licence.v1");
  std::string wire = adapter.get(fixtures("sc.licence.v1").front())->bytes;
  for (int i = 0; i < 1000; ++i) wire += "\xF8\x3F\x01";  // field 1023
  const auto native = adapter.create(wire);
  ASSERT_TRUE(native.ok()) << native.error().to_text();
  EXPECT_FALSE(native->notes.empty());
  EXPECT_LT(native->notes.size(), 100u);
}

// 2099/12/31 is 长期 in Sichuan's and Chongqing's credit records: as a real last day it must not be written so.
TEST(BadCanonical, ADayThatMeansSomethingElseIsRefused) {
  for (const std::string id : {"sc.credit.v1", "cq.credit.v1"}) {
    const auto& native = fixtures(id).front();
    v1::CreditRecord record;
    ASSERT_TRUE(record.ParseFromString(profile(id).get(native)->bytes));
    record.clear_publish_long_term();
    *record.mutable_publish_until() = day(2099, 12, 31);
    EXPECT_EQ(failure(profile(id).create(record.SerializeAsString())), "RECORD_VALUE publish_until");
    EXPECT_EQ(failure(profile(id).put(record.SerializeAsString(), native)), "RECORD_VALUE publish_until");
    *record.mutable_publish_until() = day(2099, 12, 30);
    EXPECT_EQ(failure(profile(id).create(record.SerializeAsString())), "");
  }
  v1::Licence licence;
  ASSERT_TRUE(licence.ParseFromString(profile("sc.licence.v1").get(fixtures("sc.licence.v1").front())->bytes));
  licence.clear_valid_long_term();
  *licence.mutable_valid_until() = day(9999, 12, 31);
  EXPECT_EQ(failure(profile("sc.licence.v1").create(licence.SerializeAsString())), "RECORD_VALUE valid_until");
}

}  // namespace
}  // namespace chuanyu::adapters
