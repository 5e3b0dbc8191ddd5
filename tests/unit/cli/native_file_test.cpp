// The record's id is found in a file of any of the six profiles, whatever its character set.
#include "gateway/cli/native_file.h"

#include <gtest/gtest.h>

namespace chuanyu::cli {
namespace {

TEST(MediaType, ByTheNamesEnding) {
  EXPECT_EQ(media_type_of("a/b.json"), "application/json");
  EXPECT_EQ(media_type_of("b.ndjson"), "application/x-ndjson");
  EXPECT_EQ(media_type_of("sc_case.gb18030.xml"), "application/xml");
  EXPECT_EQ(media_type_of("x.csv"), "text/csv");
  EXPECT_EQ(media_type_of("x.txt"), "");
}

TEST(RecordId, OfEachProfile) {
  EXPECT_EQ(record_id(R"({"recordId": "CR0006", "list": {}})", "application/json"), "CR0006");
  EXPECT_EQ(record_id(R"({"case_id": "CA0001"})", "application/json"), "CA0001");
  EXPECT_EQ(record_id(R"({"ZZBS": "1.2.156"})", "application/json"), "1.2.156");
  EXPECT_EQ(record_id("XXBS,MDLX\r\nCR0001,\xBA\xDA\r\n", "text/csv"), "CR0001");
  EXPECT_EQ(record_id("<Certificates><Certificate><CertificateIdentifier>1.2.156.A</CertificateIdentifier>",
                      "application/xml"),
            "1.2.156.A");
  EXPECT_EQ(record_id("<案件><案件标识>CA0002</案件标识></案件>", "application/xml"), "CA0002");
  // The same element in GB18030.
  EXPECT_EQ(record_id("<\xB0\xB8\xBC\xFE\xB1\xEA\xCA\xB6>CA0003</\xB0\xB8\xBC\xFE\xB1\xEA\xCA\xB6>", "application/xml"),
            "CA0003");
}

TEST(RecordId, NothingWhenItCannotBeTold) {
  EXPECT_EQ(record_id("", "application/json"), std::nullopt);
  EXPECT_EQ(record_id("[1]", "application/json"), std::nullopt);
  EXPECT_EQ(record_id("{\"recordId\": 7}", "application/json"), std::nullopt);
  EXPECT_EQ(record_id("XXBS,MDLX", "text/csv"), std::nullopt);
  EXPECT_EQ(record_id("a,b\n1,2\n", "text/csv"), std::nullopt);
  EXPECT_EQ(record_id("<CertificateIdentifier></CertificateIdentifier>", "application/xml"), std::nullopt);
  EXPECT_EQ(record_id("<CertificateIdentifier>cut", "application/xml"), std::nullopt);
}

TEST(Load, SaysWhichFile) {
  const auto missing = load("/nonexistent/record.csv");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::CONFIG_UNREADABLE);
  EXPECT_EQ(missing.error().where, "/nonexistent/record.csv");
}

}  // namespace
}  // namespace chuanyu::cli
