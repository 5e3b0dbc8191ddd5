#include "schemas/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "schemas/canonical_json.h"
#include "support.h"

namespace chuanyu::schemas {
namespace {

constexpr Date kToday{2025, 6, 10};

Bytes wire_of(Kind kind, const char* file, std::size_t index) {
  auto wire = from_json(kind, fixture(file)[index].dump());
  EXPECT_TRUE(wire.ok());
  return *std::move(wire);
}

v1::CreditRecord credit(std::size_t index) {
  v1::CreditRecord record;
  record.ParseFromString(wire_of(Kind::credit, "canonical_credit.json", index));
  return record;
}

TEST(RecordKind, Names) {
  EXPECT_EQ(*parse_kind("case"), Kind::enforcement_case);
  EXPECT_EQ(to_string(Kind::licence), "licence");
  EXPECT_EQ(parse_kind("enforcement_case").error().code, Code::CLIENT_KIND_UNKNOWN);
}

TEST(RecordView, Credit) {
  const auto wire = wire_of(Kind::credit, "canonical_credit.json", 0);
  const auto record = view_record(Kind::credit, wire);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->id, "CR0001");
  EXPECT_EQ(record->owner_uscc, "11510900MBDEM0023P");
  EXPECT_EQ(record->owner_name, "遂宁市市场监督管理局");
  EXPECT_EQ(record->status, v1::CREDIT_STATUS_ACTIVE);
  EXPECT_EQ(record->publish_until, (Date{2028, 3, 11}));
  EXPECT_EQ(record->subjects[0].name, "遂宁涪江川味食品有限公司");
  EXPECT_EQ(subject_keys(*record), std::vector<std::string>{"91510903MADEM0011H"});
}

TEST(RecordView, LicenceWithTwoHolders) {
  const auto wire = wire_of(Kind::licence, "canonical_licence.json", 9);
  const auto record = view_record(Kind::licence, wire);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->id, "1.2.156.3005.2.11100000MB03271699022.11500152MBDEM0154G.000000016.001.R");
  EXPECT_EQ(record->owner_uscc, "11500152MBDEM0154G");
  ASSERT_EQ(record->subjects.size(), 2U);
  EXPECT_EQ(record->subjects[1].id_type, "111");
  EXPECT_EQ(subject_keys(*record), (std::vector<std::string>{"51022719880630997X", "91500152MADEM0062B"}));
}

TEST(RecordView, Case) {
  const auto wire = wire_of(Kind::enforcement_case, "canonical_case.json", 0);
  const auto record = view_record(Kind::enforcement_case, wire);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->id, "CA0001");
  EXPECT_EQ(record->owner_uscc, "11510900MBDEM0023P");
  EXPECT_EQ(record->status, v1::CASE_STATE_CLOSED);
  EXPECT_EQ(record->subjects.size(), 1U);
}

TEST(RecordView, LicenceAgreesWithItsIdentifier) {
  v1::Licence licence;
  licence.ParseFromString(wire_of(Kind::licence, "canonical_licence.json", 1));
  const auto agreement = [&] {
    const auto wire = licence.SerializeAsString();
    return check_agreement(*view_record(Kind::licence, wire));
  };
  EXPECT_TRUE(agreement().ok());
  licence.set_version("001");  // the identifier says 002
  EXPECT_EQ(agreement().error().where, "/version");
  licence.set_type_code("11100000000013338W011");
  EXPECT_EQ(agreement().error().where, "/typeCode");
  licence.set_cert_id("旧标识");  // other checks refuse it
  EXPECT_TRUE(agreement().ok());
}

TEST(RecordView, KeysOfOldIdNumbersAreEighteenDigits) {
  EXPECT_EQ(identifier_key("510902750518999"), "510902197505189990");
  EXPECT_EQ(identifier_key("51022719880630997x"), "51022719880630997X");
  EXPECT_EQ(identifier_key("E12345678"), "E12345678");
}

TEST(RecordView, BrokenRecords) {
  EXPECT_EQ(view_record(Kind::credit, "\xFF").error().code, Code::RECORD_PARSE);
  EXPECT_EQ(view_record(Kind::credit, "").error().code, Code::RECORD_FIELD_MISSING);
  auto record = credit(0);
  record.mutable_authority()->clear_uscc();
  EXPECT_EQ(view_record(Kind::credit, record.SerializeAsString()).error().code, Code::RECORD_FIELD_MISSING);
}

// The scanner must agree with a full parse, also on bytes that say something twice.
TEST(RecordView, RepeatedFieldsMergeAsProtobufMergesThem) {
  auto first = credit(0);
  v1::CreditRecord second;
  second.set_record_id("CR9999");
  second.set_status(v1::CREDIT_STATUS_REVOKED);
  second.mutable_publish_until()->set_year(2020);
  second.mutable_subject()->set_uscc("91510981MADEM002X8");
  const std::string wire = first.SerializeAsString() + second.SerializeAsString();
  v1::CreditRecord merged;
  ASSERT_TRUE(merged.ParseFromString(wire));
  const auto record = view_record(Kind::credit, wire);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->id, merged.record_id());
  EXPECT_EQ(record->status, merged.status());
  EXPECT_EQ(record->publish_until,
            (Date{merged.publish_until().year(), merged.publish_until().month(), merged.publish_until().day()}));
  EXPECT_EQ(record->subjects[0].uscc, merged.subject().uscc());
  EXPECT_EQ(record->subjects[0].name, merged.subject().name());
}

TEST(RecordView, FieldsOfAnotherWireTypeAreUnknownFields) {
  const auto wire = credit(0).SerializeAsString() + std::string("\x8A\x01\x01x", 4);  // field 17, length-delimited
  EXPECT_EQ(view_record(Kind::credit, wire)->status, v1::CREDIT_STATUS_ACTIVE);
}

RC_GTEST_PROP(RecordView, TruncatedBytesNeverCrash, ()) {
  const auto wire = wire_of(Kind::enforcement_case, "canonical_case.json", 0);
  auto bytes = wire.substr(0, *rc::gen::inRange<std::size_t>(0, wire.size()));
  if (!bytes.empty())
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = static_cast<char>(*rc::gen::inRange(0, 256));
  (void)view_record(Kind::enforcement_case, bytes);
  (void)view_record(Kind::credit, bytes);
  (void)view_record(Kind::licence, bytes);
}

TEST(MayBeShown, OnlyActiveAndDisputed) {
  for (int status = 0; status <= 9; ++status) {
    auto record = credit(0);
    record.set_status(static_cast<v1::CreditStatus>(status));
    const auto shown = may_be_shown(Kind::credit, record.SerializeAsString(), kToday);
    EXPECT_EQ(shown.shown, status == v1::CREDIT_STATUS_ACTIVE || status == v1::CREDIT_STATUS_DISPUTED) << status;
    EXPECT_EQ(shown.reason, shown.shown ? "" : "status");
  }
}

TEST(MayBeShown, UntilTheLastDayOfPublication) {
  auto record = credit(0);  // until 2028-03-11
  const auto wire = record.SerializeAsString();
  EXPECT_TRUE(may_be_shown(Kind::credit, wire, {2028, 3, 11}).shown);
  const auto after = may_be_shown(Kind::credit, wire, {2028, 3, 12});
  EXPECT_FALSE(after.shown);
  EXPECT_EQ(after.reason, "publish_until");
  record.clear_publish_until();
  EXPECT_TRUE(may_be_shown(Kind::credit, record.SerializeAsString(), {2099, 1, 1}).shown);
}

TEST(MayBeShown, TheFixtures) {
  const bool expected[] = {true, true, false, true, true, true, true, true, true, false};  // 3 expired, 10 repaired
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(may_be_shown(Kind::credit, wire_of(Kind::credit, "canonical_credit.json", i), kToday).shown, expected[i])
        << i;
}

TEST(MayBeShown, LicencesAndCasesAlwaysBrokenRecordsNever) {
  EXPECT_TRUE(may_be_shown(Kind::licence, wire_of(Kind::licence, "canonical_licence.json", 7), kToday).shown);
  EXPECT_TRUE(
      may_be_shown(Kind::enforcement_case, wire_of(Kind::enforcement_case, "canonical_case.json", 4), kToday).shown);
  EXPECT_EQ(may_be_shown(Kind::licence, "\x01", kToday).reason, "unreadable");
}

}  // namespace
}  // namespace chuanyu::schemas
