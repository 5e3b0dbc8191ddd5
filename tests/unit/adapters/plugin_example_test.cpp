// The example plug-in, in both isolations: goldens, the laws, losses, and what the host does for it.
// CHUANYU_BLESS=1 writes the golden anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "adapters/explain.h"
#include "adapters/formats/charset.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical_json.h"
#include "tests/unit/adapters/plugin_testing.h"

namespace chuanyu::adapters {
namespace {

using testing::cut;
using ::testing::ElementsAre;
using testing::failure;
using ::testing::IsEmpty;
using testing::notes;
using testing::PluginFolder;

constexpr const char* kFixture = "adapters/examples/county_fixed/fixtures/county_case.gb18030.txt";
constexpr const char* kGolden = "adapters/examples/county_fixed/fixtures/county_case.canonical.json";

class PluginExample : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "in-process") folder_.in_process();
    adapter_ = folder_.adapter();
    records_ = cut(*adapter_, testing::read_source(kFixture));
    ASSERT_EQ(records_.size(), 4u);
  }
  Bytes canonical(std::size_t i) const { return adapter_->get(records_[i])->bytes; }
  v1::EnforcementCase message(std::size_t i) const {
    v1::EnforcementCase out;
    EXPECT_TRUE(out.ParseFromString(canonical(i)));
    return out;
  }

  PluginFolder folder_{"county_fixed"};
  std::shared_ptr<const Adapter> adapter_;
  std::vector<std::string> records_;
};

TEST_P(PluginExample, MatchesItsGolden) {
  std::string text;
  for (const auto& record : records_) {
    const auto got = adapter_->get(record);
    ASSERT_TRUE(got.ok()) << got.error().to_text();
    text += *schemas::to_json(Kind::enforcement_case, got->bytes) + "\n";
  }
  const std::string path = std::string(CHUANYU_SOURCE_DIR) + "/" + kGolden;
  if (std::getenv("CHUANYU_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(text, testing::read_whole(path));
}

TEST_P(PluginExample, SaysWhatItIs) {
  const Profile& profile = adapter_->profile();
  EXPECT_EQ(profile.id, "county.case.v1");
  EXPECT_EQ(profile.kind, Kind::enforcement_case);
  EXPECT_EQ(to_string(profile.syntax), "text");
  EXPECT_EQ(profile.mapping_version, "1.0.0");
  EXPECT_NE(profile.fingerprint, 0u);
}

TEST_P(PluginExample, NotesWhatItDidNotTakeOver) {
  EXPECT_THAT(notes(*adapter_->get(records_[0])), ElementsAre("unmapped 备用|"));
  EXPECT_THAT(notes(*adapter_->get(records_[1])), ElementsAre("normalised 罚款金额|"));
  EXPECT_THAT(notes(*adapter_->get(records_[2])), IsEmpty());
}

TEST_P(PluginExample, CreatedRecordsReadBack) {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const auto created = adapter_->create(canonical(i));
    ASSERT_TRUE(created.ok()) << created.error().to_text();
    EXPECT_EQ(created->bytes.size(), 675u);
    EXPECT_EQ(adapter_->get(created->bytes)->bytes, canonical(i));
    EXPECT_THAT(created->notes, IsEmpty());
  }
}

TEST_P(PluginExample, UnchangedRecordKeepsItsBytes) {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    EXPECT_EQ(adapter_->put(canonical(i), records_[i])->bytes, records_[i]);
  }
}

TEST_P(PluginExample, ChangedRecordKeepsTheRest) {
  auto changed = message(1);
  changed.set_state(v1::CASE_STATE_CLOSED);
  changed.mutable_closed_date()->set_year(2024);
  changed.mutable_closed_date()->set_month(9);
  changed.mutable_closed_date()->set_day(1);
  const auto put = adapter_->put(changed.SerializeAsString(), records_[1]);
  ASSERT_TRUE(put.ok()) << put.error().to_text();
  std::string expected = records_[1];
  expected.replace(32 + 40 + 80 + 2, 2, "80");
  expected.replace(675 - 8 - 40 - 8 - 8, 8, "20240901");
  EXPECT_EQ(put->bytes, expected);  // the fine keeps its spaces

  auto first = message(0);
  first.set_case_name("销售过期食品案");
  EXPECT_EQ(adapter_->put(first.SerializeAsString(), records_[0])->bytes.substr(667), "A-17    ");
}

TEST_P(PluginExample, WhatHasNoColumnIsALoss) {
  auto changed = message(0);
  changed.set_source("日常监督检查");
  const auto created = adapter_->create(changed.SerializeAsString());
  ASSERT_TRUE(created.ok()) << created.error().to_text();
  EXPECT_THAT(notes(*created), ElementsAre("loss |source"));
  const auto put = adapter_->put(changed.SerializeAsString(), records_[0]);
  ASSERT_TRUE(put.ok()) << put.error().to_text();
  EXPECT_EQ(put->bytes, records_[0]);
  EXPECT_THAT(notes(*put), ElementsAre("loss |source"));
  EXPECT_EQ(failure(adapter_->put(changed.SerializeAsString(), "gone")), "RECORD_RESIDUAL_STALE ");
}

TEST_P(PluginExample, EditOfACreatedRecordComesBackWithoutItsLosses) {
  auto base = message(0);
  base.set_source("日常监督检查");
  base.mutable_parties(0)->set_region_code("510903");
  auto* second = base.add_parties();
  second->set_name("另一当事人");
  second->set_kind(v1::PARTY_KIND_NATURAL_PERSON);
  std::string edited = adapter_->create(base.SerializeAsString())->bytes;
  edited.replace(154, 2, "70");
  edited.replace(611, 8, "        ");
  const auto got = adapter_->get_edited(edited, base.SerializeAsString());
  ASSERT_TRUE(got.ok()) << got.error().to_text();
  base.set_state(v1::CASE_STATE_ENFORCING);
  base.clear_closed_date();
  EXPECT_EQ(*schemas::to_json(Kind::enforcement_case, got->bytes),
            *schemas::to_json(Kind::enforcement_case, base.SerializeAsString()));
}

TEST_P(PluginExample, RefusesAtTheColumn) {
  const auto with = [&](std::size_t at, std::string_view text) {
    std::string record = records_[0];
    return failure(adapter_->get(record.replace(at, text.size(), text)));
  };
  EXPECT_EQ(with(0, std::string(32, ' ')), "RECORD_FIELD_MISSING 案件标识");
  EXPECT_EQ(with(152, "99"), "RECORD_CODE_UNKNOWN 执法领域");
  EXPECT_EQ(with(154, "99"), "RECORD_CODE_UNKNOWN 案件状态");
  EXPECT_EQ(with(539, "00000050000x"), "RECORD_AMOUNT 罚款金额");
  EXPECT_EQ(with(603, "20230229"), "RECORD_DATE 决定日期");
  EXPECT_EQ(failure(adapter_->get(records_[0].substr(1))), "RECORD_PARSE ");
  EXPECT_EQ(failure(adapter_->get(records_[0] + " ")), "RECORD_PARSE ");
}

TEST_P(PluginExample, UnknownCodesAreCounted) {
  const auto gap = [&](std::size_t at, std::string_view code) {
    std::string record = records_[0];
    const auto got = adapter_->get(record.replace(at, code.size(), code));
    EXPECT_FALSE(got.ok());
    const auto& found = got.error().gap;
    return found == nullptr ? "" : found->set + "=" + found->text;
  };
  EXPECT_EQ(gap(152, "99"), "执法领域=99");
  EXPECT_EQ(gap(154, "Z9"), "案件状态=Z9");
  EXPECT_EQ(gap(533, "0277"), "处罚种类=77");
  EXPECT_EQ(gap(603, "20230229"), "") << "a date is no code";
}

TEST_P(PluginExample, ExplainSaysWhatTheHostSees) {
  const auto explained = adapter_->explain(records_[1]);
  ASSERT_TRUE(explained.ok()) << explained.error().to_text();
  EXPECT_EQ(explained->converted.bytes, canonical(1));
  std::vector<std::string> told;
  for (const auto& s : explained->steps) told.push_back(s.rule + " " + s.as + " " + s.canonical + "=" + s.value);
  const auto has = [&](const std::string& step) { EXPECT_THAT(told, ::testing::Contains(step)); };
  EXPECT_EQ(told.front(), "host.charset gb18030-2022 =");
  EXPECT_EQ(explained->steps.front().length, records_[1].size());
  has("plugin code state=DECIDED");
  has("plugin text parties[0].name=潼南区龚䶮卤味店");
  has("plugin code penalty_kinds[1]=02");
  has("plugin date decision_date=2024-06-03");
  has("plugin int fine_fen=20000");
  has("plugin bool publicity.long_term=true");
  has("plugin text ext[county.case.v1/备注]=当事人已申请分期缴纳");
  EXPECT_EQ(told.back(), "host.identifiers uscc org_code id_number =");
  auto masked = *explained;
  mask(masked);
  told.clear();
  for (const auto& s : masked.steps) told.push_back(s.canonical + "=" + s.value);
  has("parties[0].name=〔8 字〕");
  has("state=DECIDED");
}

TEST_P(PluginExample, StateThatCannotBeWrittenIsRefused) {
  auto changed = message(0);
  changed.set_state(v1::CASE_STATE_TRANSFERRED_JUDICIAL);
  EXPECT_EQ(failure(adapter_->create(changed.SerializeAsString())), "RECORD_MODIFIER_UNREPRESENTABLE 案件状态");
}

TEST_P(PluginExample, TheHostChecksCharactersLimitsAndIdentifiers) {
  std::string record = records_[0];
  EXPECT_EQ(failure(adapter_->get(record.replace(32, 2, "\xFF\xFF"))), "RECORD_CHARSET ");
  EXPECT_EQ(failure(adapter_->get(std::string(5000, ' '))), "RECORD_TOO_LARGE ");
  EXPECT_EQ(failure(adapter_->get(records_[0] + "\r\n" + records_[1])), "RECORD_PARSE ");

  record = records_[0];
  record[152 + 4 + 60 + 17] = record[152 + 4 + 60 + 17] == '0' ? '1' : '0';
  EXPECT_EQ(failure(adapter_->get(record)), "RECORD_CHECK_DIGIT agency.uscc");
  GetOptions lenient;
  lenient.checks["uscc"] = CheckAction::warn;
  const auto warned = adapter_->get(record, lenient);
  ASSERT_TRUE(warned.ok());
  EXPECT_THAT(notes(*warned), ElementsAre("unmapped 备用|", "warning |agency.uscc"));
  lenient.checks["uscc"] = CheckAction::quarantine;
  EXPECT_EQ(failure(adapter_->get(record, lenient)), "RECORD_QUARANTINED agency.uscc");
}

TEST_P(PluginExample, ManyAtOnceAreTheSameAsOneByOne) {
  std::vector<std::string_view> many;
  for (std::size_t i = 0; i < 150; ++i) many.push_back(i == 70 ? std::string_view("短") : records_[i % 4]);
  const auto got = adapter_->get_many(many, {});
  ASSERT_EQ(got.size(), many.size());
  for (std::size_t i = 0; i < many.size(); ++i) {
    if (i == 70)
      EXPECT_FALSE(got[i].ok());
    else
      EXPECT_EQ(got[i]->bytes, canonical(i % 4)) << i;
  }
}

TEST_P(PluginExample, DocumentIsCutAndJoined) {
  const std::string document = testing::read_source(kFixture);
  EXPECT_EQ(adapter_->join({records_[0], records_[1], records_[2], records_[3]}), document);
  const auto reader = adapter_->reader();
  std::vector<std::string> found;
  std::vector<std::uint64_t> lines;
  const std::string spoilt = "\n" + std::string(9000, 'x') + "\n" + document;
  for (std::size_t at = 0; at < spoilt.size(); at += 100) {
    reader->feed(spoilt.substr(at, 100), at + 100 >= spoilt.size());
    for (auto record = reader->next();; record = reader->next()) {
      if (!record.ok()) {
        found.emplace_back(to_string(record.error().code));
        continue;
      }
      if (record->bytes.empty()) break;
      found.emplace_back(record->bytes);
      lines.push_back(record->line);
    }
  }
  EXPECT_THAT(found, ElementsAre("RECORD_TOO_LARGE", records_[0], records_[1], records_[2], records_[3]));
  EXPECT_THAT(lines, ElementsAre(3, 4, 5, 6));
  EXPECT_FALSE(reader->fatal());
}

TEST(PluginTemplate, IsAPluginThatKeepsTheLaws) {
  PluginFolder folder("my_adapter", "org.example.my-adapter");
  folder.declaration["charset"] = "utf-8";
  const auto adapter = folder.adapter();
  const auto got = adapter->get("A1|〔2024〕1号|某案|自用");
  ASSERT_TRUE(got.ok()) << got.error().to_text();
  EXPECT_THAT(notes(*got), ElementsAre("unmapped 第四栏|"));
  EXPECT_EQ(adapter->create(got->bytes)->bytes, "A1|〔2024〕1号|某案");
  v1::EnforcementCase changed;
  ASSERT_TRUE(changed.ParseFromString(got->bytes));
  changed.set_case_name("另案");
  EXPECT_EQ(adapter->put(changed.SerializeAsString(), "A1|〔2024〕1号|某案|自用")->bytes, "A1|〔2024〕1号|另案|自用");
  changed.set_case_name("竖|线");
  EXPECT_EQ(failure(adapter->create(changed.SerializeAsString())), "RECORD_SEPARATOR field 3");
  EXPECT_EQ(failure(adapter->get("A1")), "RECORD_TRUNCATED ");
}

INSTANTIATE_TEST_SUITE_P(Isolation, PluginExample, ::testing::Values("worker", "in-process"),
                         [](const auto& given) { return given.param[0] == 'w' ? "Worker" : "InProcess"; });

}  // namespace
}  // namespace chuanyu::adapters
