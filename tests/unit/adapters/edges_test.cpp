// Edge cases that neither fixtures nor goldens can hold: very long lists, and the same record spelled otherwise.
#include <gtest/gtest.h>

#include "adapters/formats/charset.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/identifiers.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::failure;
using testing::fixtures;
using testing::notes;
using testing::product;
using testing::replaced;
using Texts = std::vector<std::string>;

std::string gb(std::string_view utf8) {
  std::string out;
  EXPECT_TRUE(Charset::find("gb18030-2022")->encode(utf8, out).ok());
  return out;
}

// All that get makes of it; "" when refused.
std::string canonical(const std::string& id, const std::string& native) {
  const auto read = product().find(id)->get(native);
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().to_text());
  return read.ok() ? read->bytes : "";
}

// --- ten thousand parties ---

constexpr int kMost = 10'000;

std::string parties(int count, const std::string& open, const std::string& close, const std::string& between) {
  std::string out;
  for (int i = 0; i < count; ++i) out += (i == 0 ? "" : between) + open + std::to_string(i) + close;
  return out;
}

std::string case_in_xml(int count) {
  const auto& record = fixtures("sc.case.v1").front();
  const auto begin = record.find(gb("<当事人列表>")) + gb("<当事人列表>").size();
  const auto end = record.find(gb("</当事人列表>"));
  return record.substr(0, begin) +
         parties(count, gb("<当事人><名称>甲"), gb("</名称><类别>自然人</类别></当事人>"), "") + record.substr(end);
}

std::string case_in_json(int count) {
  return R"({"case_id":"1","case_code":"1","case_name":"1","domain_code":"QT","case_status":"80",
"implement_institution":"甲","implement_institution_code":"11510900MBDEM0023P","admin_cp":[)" +
         parties(count, R"({"admin_cp_name":"甲)", R"(","admin_cp_type":"2"})", ",\n") + "]}";
}

// Read, printed anew, one of them changed, one taken out.
void very_long(const std::string& id, const std::string& native) {
  const auto adapter = product().find(id);
  v1::EnforcementCase record;
  ASSERT_TRUE(record.ParseFromString(canonical(id, native)));
  ASSERT_EQ(record.parties_size(), kMost);
  EXPECT_EQ(record.parties(kMost - 1).name(), "甲9999");
  record.mutable_parties(5'000)->set_name("乙");
  record.mutable_parties()->DeleteSubrange(7'000, 1);
  const auto written = adapter->put(record.SerializeAsString(), native);
  ASSERT_TRUE(written.ok()) << written.error().to_text();
  v1::EnforcementCase read;
  ASSERT_TRUE(read.ParseFromString(canonical(id, written->bytes)));
  EXPECT_EQ(read.SerializeAsString(), record.SerializeAsString());
  EXPECT_EQ(adapter->put(canonical(id, native), native)->bytes, native);
}

TEST(TenThousandParties, Xml) {
  const auto native = case_in_xml(kMost);
  very_long("sc.case.v1", native);
  const auto created = product().find("sc.case.v1")->create(canonical("sc.case.v1", native));
  ASSERT_TRUE(created.ok()) << created.error().to_text();
  EXPECT_EQ(canonical("sc.case.v1", created->bytes), canonical("sc.case.v1", native));
  EXPECT_EQ(failure(product().find("sc.case.v1")->get(case_in_xml(kMost + 1))), "RECORD_TOO_LARGE 当事人列表/当事人");
}

TEST(TenThousandParties, Json) {
  const auto native = case_in_json(kMost);
  very_long("cq.case.v1", native);
  const auto created = product().find("cq.case.v1")->create(canonical("cq.case.v1", native));
  ASSERT_TRUE(created.ok()) << created.error().to_text();
  EXPECT_EQ(canonical("cq.case.v1", created->bytes), canonical("cq.case.v1", native));
  EXPECT_EQ(failure(product().find("cq.case.v1")->get(case_in_json(kMost + 1))), "RECORD_TOO_LARGE /admin_cp");
  v1::EnforcementCase record;
  ASSERT_TRUE(record.ParseFromString(canonical("cq.case.v1", native)));
  record.add_parties()->set_name("甲");
  EXPECT_EQ(failure(product().find("cq.case.v1")->create(record.SerializeAsString())), "RECORD_TOO_LARGE ");
}

// A record larger than the format takes: said at once, for the other side would refuse it.
TEST(Limits, CreateKeepsToWhatGetTakes) {
  const auto adapter = product().find("cq.case.v1");
  v1::EnforcementCase record;
  ASSERT_TRUE(record.ParseFromString(adapter->get(testing::fixtures("cq.case.v1").front())->bytes));
  record.set_illegal_act(std::string(1'700'000, 'a'));
  EXPECT_EQ(failure(adapter->create(record.SerializeAsString())), "RECORD_TOO_LARGE ");
}

// --- the same record spelled otherwise ---

TEST(Spelling, ByteOrderMarkStaysAndSaysNothing) {
  for (const auto& id : testing::mappings()) {
    const bool gb18030 = product().find(id)->profile().charset != "utf-8";
    const std::string marked = (gb18030 ? "\x84\x31\x95\x33" : "\xEF\xBB\xBF") + fixtures(id).front();
    EXPECT_EQ(canonical(id, marked), canonical(id, fixtures(id).front())) << id;
    EXPECT_EQ(testing::cut(*product().find(id), marked), Texts{fixtures(id).front()}) << id;
    const auto other = product().find(id)->put(canonical(id, fixtures(id).back()), marked);
    ASSERT_TRUE(other.ok()) << other.error().to_text();
    EXPECT_EQ(other->bytes.substr(0, 5), marked.substr(0, 5)) << id;
  }
}

TEST(Spelling, LineEnds) {
  const auto with = [](const std::string& text, std::string_view between, const std::string& end) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      out += text[i];
      if (text.compare(i, between.size(), between) == 0) out += end;
    }
    return out;
  };
  const auto& json = fixtures("cq.case.v1").front();
  EXPECT_EQ(canonical("cq.case.v1", with(json, "{", "\r\n\t")), canonical("cq.case.v1", json));
  const auto& xml = fixtures("sc.case.v1").front();
  EXPECT_EQ(canonical("sc.case.v1", replaced(xml, gb("<案件标识>"), "\r\n  " + gb("<案件标识>"))),
            canonical("sc.case.v1", xml));
  std::string csv = fixtures("sc.credit.v1").front();
  const std::string expected = canonical("sc.credit.v1", csv);
  for (auto at = csv.find("\r\n"); at != std::string::npos; at = csv.find("\r\n")) csv.erase(at, 1);
  EXPECT_EQ(canonical("sc.credit.v1", csv), expected) << "LF alone";
  csv.pop_back();
  EXPECT_EQ(canonical("sc.credit.v1", csv), expected) << "no line end at all";
}

std::string quoted(const std::string& csv) {
  std::string out = "\"";
  for (const char c : csv) {
    if (c == ',')
      out += "\",\"";
    else if (c == '\r')
      out += "\"\r";
    else
      out += c == '\n' ? "\n\"" : std::string(1, c);
  }
  out.pop_back();
  return out;
}

TEST(Spelling, CsvQuotes) {
  const auto& plain = fixtures("sc.credit.v1").front();
  ASSERT_EQ(plain.find('"'), std::string::npos) << "a record without quotes is needed";
  EXPECT_EQ(canonical("sc.credit.v1", quoted(plain)), canonical("sc.credit.v1", plain));
  v1::CreditRecord record;
  for (const auto& [cell, text] : {std::pair<std::string, std::string>{"\"a,b\"", "a,b"},
                                   {"\"a\"\"b\"", "a\"b"},
                                   {"\"a\r\nb\"", "a\r\nb"},
                                   {"\" a \"", " a "},
                                   {" a ", " a "}}) {
    const auto native = replaced(plain, gb("生产经营添加药品的食品"), cell);
    ASSERT_TRUE(record.ParseFromString(canonical("sc.credit.v1", native)));
    EXPECT_EQ(record.reason(), text);
  }
}

TEST(Spelling, NumbersInJson) {
  const auto fine = [](const std::string& lexeme) {
    const auto record = replaced(fixtures("cq.credit.v1").front(), "\"150000.00\"", lexeme);
    const auto read = product().find("cq.credit.v1")->get(record);
    v1::CreditRecord canonical;
    EXPECT_TRUE(!read.ok() || canonical.ParseFromString(read->bytes));
    return read.ok() ? std::to_string(canonical.fine_fen()) : failure(read);
  };
  for (const char* same : {"5", "5.0", "5.00", "5.000000", "\"5\"", "\"5.00\"", "\"005\""})
    EXPECT_EQ(fine(same), "500");
  // No amount is guessed: an exponent, a sign or a part of a fen is refused, and what is no JSON number is no JSON.
  for (const char* odd : {"5e0", "0.05E2", "-0", "-5", "5.001", "1e999", "99999999999999999999", "\"５\"", "\"5,000\""})
    EXPECT_EQ(fine(odd), "RECORD_AMOUNT /decision/fineYuan") << odd;
  for (const char* none : {"05", "+5", ".5", "5.", "0x5", "5_0"})
    EXPECT_EQ(fine(none).substr(0, 12), "RECORD_PARSE") << none;
}

TEST(Spelling, XmlAttributesInAnotherOrder) {
  const auto& record = fixtures("cq.licence.v1").front();
  const auto extra = replaced(record, "<Item name=\"scope\"", "<Item lang='zh' name = 'scope'");
  const auto read = product().find("cq.licence.v1")->get(extra);
  ASSERT_TRUE(read.ok()) << read.error().to_text();
  EXPECT_EQ(notes(*read), Texts{"unmapped Extension/Item/@lang|"});
  const auto swapped = replaced(extra, "<Item lang='zh' name = 'scope'", "<Item name='scope'\n lang=\"zh\"");
  EXPECT_EQ(canonical("cq.licence.v1", swapped), read->bytes);
}

// --- identifiers ---

std::string party(const std::string& type, const std::string& number) {
  return replaced(replaced(replaced(fixtures("sc.case.v1").front(), gb("<证件类型>统一社会信用代码</证件类型>"),
                                    gb("<证件类型>" + type + "</证件类型>")),
                           gb("<证件号码>91510903MADEM0011H</证件号码>"), gb("<证件号码>" + number + "</证件号码>")),
                  gb("<类别>法人及非法人组织</类别>"), gb("<类别>自然人</类别>"));
}

std::string id_no(const std::string& type, const std::string& number) {
  const auto read = product().find("sc.case.v1")->get(party(type, number));
  v1::EnforcementCase record;
  if (!read.ok()) return failure(read);
  EXPECT_TRUE(record.ParseFromString(read->bytes));
  return record.parties(0).id_no();
}

TEST(Identifiers, PermitsLowerCaseAndFullWidth) {
  const std::string first17 = "83000019800101001";
  const std::string permit = first17 + schemas::id_number_check_character(first17);
  EXPECT_EQ(id_no("港澳台居民居住证", permit), permit);
  EXPECT_EQ(id_no("港澳台居民居住证", first17 + (permit.back() == '1' ? "2" : "1")),
            "RECORD_CHECK_DIGIT 当事人列表/当事人[1]/证件号码");
  EXPECT_EQ(id_no("港澳居民来往内地通行证", "H12345678"), "H12345678") << "has no check of its own";
  EXPECT_EQ(id_no("身份证", "51022719880630997x"), "51022719880630997X");
  EXPECT_EQ(id_no("身份证", "５1022719880630997X"), "RECORD_IDENTIFIER 当事人列表/当事人[1]/证件号码");
  EXPECT_EQ(id_no("护照", "Ｅ１２"), "Ｅ１２") << "a text stays as it is";
}

}  // namespace
}  // namespace chuanyu::adapters
