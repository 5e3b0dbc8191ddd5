// put by example: which bytes change, and that no others do.
#include <gtest/gtest.h>

#include <functional>

#include "adapters/formats/charset.h"
#include "schemas/canonical/credit.pb.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "schemas/canonical/licence.pb.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

std::string utf8(const Adapter& adapter, std::string_view bytes) {
  std::string text;
  EXPECT_TRUE(Charset::find(adapter.profile().charset)->decode(bytes, text).ok());
  return text;
}

// The record with `edit` done to its canonical form, written into its old bytes; in UTF-8.
template <typename Message>
std::string put(const Adapter& adapter, const std::string& old, const std::function<void(Message&)>& edit) {
  const auto canonical = adapter.get(old);
  EXPECT_TRUE(canonical.ok()) << (canonical.ok() ? "" : canonical.error().to_text());
  Message message;
  EXPECT_TRUE(message.ParseFromString(canonical->bytes));
  edit(message);
  const auto written = adapter.put(message.SerializeAsString(), old);
  EXPECT_TRUE(written.ok()) << (written.ok() ? "" : written.error().to_text());
  return written.ok() ? utf8(adapter, written->bytes) : "";
}

TEST(Put, FixturesUnchangedAreTheirOwnBytes) {
  for (const auto& id : testing::mappings()) {
    const auto adapter = testing::product().find(id);
    for (const auto& record : testing::fixtures(id)) {
      const auto canonical = adapter->get(record);
      ASSERT_TRUE(canonical.ok());
      const auto same = adapter->put(canonical->bytes, record);
      ASSERT_TRUE(same.ok()) << same.error().to_text();
      EXPECT_EQ(same->bytes, record);
      EXPECT_TRUE(same->notes.empty());
    }
  }
}

TEST(Put, ChangesOneWordOfGb18030Xml) {
  const auto adapter = testing::product().find("sc.case.v1");
  const auto& old = testing::fixtures("sc.case.v1").front();
  const auto before = utf8(*adapter, old);
  v1::EnforcementCase was;
  ASSERT_TRUE(was.ParseFromString(adapter->get(old)->bytes));
  ASSERT_NE(was.state(), v1::CASE_STATE_SUSPENDED);
  const auto open = before.find("<案件状态>");
  const auto close = before.find("</案件状态>");
  ASSERT_NE(open, std::string::npos);
  EXPECT_EQ(put<v1::EnforcementCase>(*adapter, old, [](auto& c) { c.set_state(v1::CASE_STATE_SUSPENDED); }),
            before.substr(0, open) + "<案件状态>中止调查" + before.substr(close));
}

TEST(Put, ChangesOneCellOfCsv) {
  const auto adapter = testing::product().find("sc.credit.v1");
  const std::string plain =
      utf8(*adapter, adapter->create(adapter->get(testing::fixtures("sc.credit.v1").front())->bytes)->bytes);
  const auto text = put<v1::CreditRecord>(*adapter, testing::fixtures("sc.credit.v1").front(),
                                          [](auto& c) { c.set_reason("逾期，\"未\"缴,罚款"); });
  v1::CreditRecord was;
  ASSERT_TRUE(was.ParseFromString(adapter->get(testing::fixtures("sc.credit.v1").front())->bytes));
  EXPECT_NE(text.find(",\"逾期，\"\"未\"\"缴,罚款\","), std::string::npos) << text;
  EXPECT_EQ(text.find(was.reason()), std::string::npos);
}

constexpr const char* kSmall = R"({
  "mapping": "xx.credit.v1", "version": "1.0.0", "kind": "credit", "canonical": "chuanyu.v1.CreditRecord",
  "media_type": "application/json",
  "native": {"format": "json", "charset": "utf-8", "absent": "ABSENT", "unknown": "ext"},
  "rules": [
    {"kind": "iso", "n": "/id", "c": "record_id", "as": "text", "required": true},
    {"kind": "iso", "n": "/name", "c": "list_name", "as": "text"},
    {"kind": "lens", "n": "/fine", "c": "fine_fen", "as": {"dec": {"unit": "wan", "frac": 6}}},
    {"kind": "iso", "n": "/by/name", "c": "authority.name", "as": "text"},
    {"kind": "iso", "n": "/by/code", "c": "authority.uscc", "as": "text"},
    {"kind": "each", "n": "/kinds", "c": "penalty_kinds", "rules": [
      {"kind": "iso", "n": "/code", "c": "canonical", "as": "text"}, {"kind": "iso", "n": "/text", "c": "native_text", "as": "text"}],
      "align": ["canonical"]}
  ], "codesets": {}
})";

std::shared_ptr<const Adapter> small(const std::string& absent = "null") {
  return testing::adapter_of(testing::replaced(kSmall, "ABSENT", absent));
}

std::string small_put(const std::string& old, const std::function<void(v1::CreditRecord&)>& edit,
                      const std::string& absent = "null") {
  return put<v1::CreditRecord>(*small(absent), old, edit);
}

TEST(Put, JsonKeepsSpellingLayoutAndWhatNobodyKnows) {
  EXPECT_EQ(small_put("{ \"fine\" :5.00 ,\n \"x\":1E5,\"id\":\"\\u0041\", \"name\":\"a\" }",
                      [](auto& c) { c.set_list_name("乙"); }),
            "{ \"fine\" :5.00 ,\n \"x\":1E5,\"id\":\"\\u0041\", \"name\":\"乙\" }");
}

TEST(Put, JsonNumberStaysANumberAndTextText) {
  EXPECT_EQ(small_put(R"({"id":"A","fine":5.00})", [](auto& c) { c.set_fine_fen(1); }),
            R"({"id":"A","fine":0.000001})");
  EXPECT_EQ(small_put(R"({"id":"A","fine":"5"})", [](auto& c) { c.set_fine_fen(1); }),
            R"({"id":"A","fine":"0.000001"})");
}

TEST(Put, JsonInsertsBehindItsNeighbour) {
  EXPECT_EQ(small_put("{\n  \"id\": \"A\",\n  \"x\": 1\n}", [](auto& c) { c.set_list_name("b"); }),
            "{\n  \"id\": \"A\",\n  \"name\":\"b\",\n  \"x\": 1\n}");
  // Two members under one parent that is not there: the parent once.
  EXPECT_EQ(small_put(R"({"id":"A"})",
                      [](auto& c) {
                        c.mutable_authority()->set_name("n");
                        c.mutable_authority()->set_uscc("u");
                      }),
            R"({"id":"A","by":{"name":"n","code":"u"}})");
  EXPECT_EQ(small_put(R"({"by":{},"id":"A"})", [](auto& c) { c.mutable_authority()->set_uscc("u"); }),
            R"({"by":{"code":"u"},"id":"A"})");
}

TEST(Put, JsonRemovesAsTheMappingSays) {
  const std::string old = R"({"name":"b" , "id":"A", "fine":"1"})";
  const auto edit = [](auto& c) {
    c.clear_list_name();
    c.clear_fine_fen();
  };
  EXPECT_EQ(small_put(old, edit), R"({"name":null , "id":"A", "fine":null})");
  EXPECT_EQ(small_put(old, edit, "omit"), R"({"id":"A"})");
  EXPECT_EQ(small_put(old, edit, "empty"), R"({"name":"" , "id":"A", "fine":""})");
}

TEST(Put, ItemsKeepWhatBelongsToThem) {
  const std::string old = R"({"id":"A","kinds":[{"code":"1","own":"of 1"}, {"own":"of 2","code":"2"},{"code":"3"}]})";
  EXPECT_EQ(small_put(old, [](auto& c) { c.mutable_penalty_kinds()->DeleteSubrange(0, 1); }),
            R"({"id":"A","kinds":[{"own":"of 2","code":"2"}, {"code":"3"}]})");
  EXPECT_EQ(small_put(old, [](auto& c) { c.mutable_penalty_kinds()->SwapElements(0, 1); }),
            R"({"id":"A","kinds":[{"own":"of 2","code":"2"}, {"code":"1","own":"of 1"},{"code":"3"}]})");
  EXPECT_EQ(
      small_put(old,
                [](auto& c) {
                  c.mutable_penalty_kinds(1)->set_native_text("t");
                  c.add_penalty_kinds()->set_canonical("4");
                }),
      R"({"id":"A","kinds":[{"code":"1","own":"of 1"}, {"own":"of 2","code":"2","text":"t"},{"code":"3"},{"code":"4","text":null}]})");
  EXPECT_EQ(small_put(old, [](auto& c) { c.clear_penalty_kinds(); }), R"({"id":"A","kinds":[]})");
}

TEST(Put, AnotherPersonsItemDoesNotInheritWhatWasPrivate) {
  EXPECT_EQ(small_put(R"({"id":"A","kinds":[{"code":"1","own":"of 1"}]})",
                      [](auto& c) { c.mutable_penalty_kinds(0)->set_canonical("9"); }),
            R"({"id":"A","kinds":[{"code":"9","text":null}]})");
}

TEST(Put, EntriesOfExtGoToTheirPlaces) {
  const std::string old = R"({"id":"A","x":1,"y":[1]})";
  EXPECT_EQ(small_put(old, [](auto& c) { (*c.mutable_ext())["xx.credit.v1/x"] = "2"; }), R"({"id":"A","x":2,"y":[1]})");
  EXPECT_EQ(small_put(old, [](auto& c) { (*c.mutable_ext())["xx.credit.v1/z"] = "{}"; }),
            R"({"id":"A","z":{},"x":1,"y":[1]})");
  EXPECT_EQ(small_put(old, [](auto& c) { c.mutable_ext()->clear(); }), old);
}

TEST(Put, CdataStaysOneOnlyWhenItCanSayTheText) {
  const auto adapter = testing::adapter_of(R"({"mapping":"t","version":"1","kind":"case",
"canonical":"chuanyu.v1.EnforcementCase","media_type":"x","native":{"format":"xml","record":"r","list":"l"},
"rules":[{"kind":"iso","n":"id","c":"case_id","as":"text"}]})");
  const auto text = [&](const std::string& id) {
    return put<v1::EnforcementCase>(*adapter, "<r><id><![CDATA[<a>]]></id></r>", [&](auto& c) { c.set_case_id(id); });
  };
  EXPECT_EQ(text("<b>"), "<r><id><![CDATA[<b>]]></id></r>");
  EXPECT_EQ(text("b]]>"), "<r><id>b]]&gt;</id></r>");
  EXPECT_EQ(text("b\r"), "<r><id>b&#13;</id></r>");
}

TEST(Put, AnEntryOfExtThatHasNoPlaceTouchesNoOtherList) {
  const auto adapter = testing::product().find("cq.case.v1");
  const auto old = testing::replaced(testing::fixtures("cq.case.v1").front(), "\"check_person_code\":", "\"unknown\":");
  const auto text = put<v1::EnforcementCase>(*adapter, old, [](auto& c) {
    c.set_case_no("甲");
    (*c.mutable_ext())["cq.case.v1/admin_cp/7/x"] = "1";
  });
  EXPECT_EQ(text.find("check_person_code"), std::string::npos) << text;
}

// A synonym's original stays in ext after the value was changed by who knows nothing of it: the second put of the same
// record must do what the first did, which is nothing more.
TEST(Put, TheOriginalOfAChangedValueDoesNotComeBack) {
  const auto adapter = testing::product().find("sc.case.v1");
  auto text = utf8(*adapter, testing::fixtures("sc.case.v1").front());
  const auto state = text.find("<案件状态>") + std::string_view("<案件状态>").size();
  text.replace(state, text.find("</案件状态>") - state, "法制审核");
  std::string old;
  ASSERT_TRUE(Charset::find(adapter->profile().charset)->encode(text, old).ok());
  v1::EnforcementCase changed;
  ASSERT_TRUE(changed.ParseFromString(adapter->get(old)->bytes));
  ASSERT_EQ(changed.ext().at("sc.case.v1/案件状态"), "法制审核");
  changed.set_state(v1::CASE_STATE_SUSPENDED);
  const auto first = adapter->put(changed.SerializeAsString(), old);
  ASSERT_TRUE(first.ok()) << first.error().to_text();
  EXPECT_NE(utf8(*adapter, first->bytes).find("<案件状态>中止调查<"), std::string::npos);
  const auto second = adapter->put(changed.SerializeAsString(), first->bytes);
  ASSERT_TRUE(second.ok()) << second.error().to_text();
  EXPECT_EQ(second->bytes, first->bytes);
  ASSERT_EQ(second->notes.size(), 1U);
  EXPECT_EQ(second->notes[0].canonical, "ext/案件状态");
}

TEST(Put, OldBytesThatAreNoRecordAreStale) {
  const auto adapter = small();
  const auto canonical = adapter->get(R"({"id":"A"})");
  EXPECT_EQ(testing::failure(adapter->put(canonical->bytes, "{\"id\":")), "RECORD_RESIDUAL_STALE /id");
}

// Parallel texts cannot say "one item, and nothing in it".
TEST(Put, AWriteThatDoesNotReadBackIsRefused) {
  const auto adapter = testing::adapter_of(
      testing::replaced(testing::replaced(kSmall, "ABSENT", "null"), R"("n": "/kinds", "c")", R"("zip": "^", "c")"));
  v1::CreditRecord record;
  record.set_record_id("A");
  record.add_penalty_kinds();
  EXPECT_EQ(testing::failure(adapter->put(record.SerializeAsString(), R"({"id":"A","code":"01","text":"甲"})")),
            "RECORD_LAW_PUTGET penalty_kinds");
}

TEST(Put, AValueTheFormatCannotHoldIsNamed) {
  const auto adapter = small();
  v1::CreditRecord record;
  record.set_record_id("A");
  record.set_doc_no("D");
  const auto written = adapter->put(record.SerializeAsString(), R"({"id":"A"})");
  ASSERT_TRUE(written.ok()) << written.error().to_text();
  EXPECT_EQ(written->bytes, R"({"id":"A"})");
  EXPECT_EQ(testing::notes(*written), std::vector<std::string>{"loss |doc_no"});
}

}  // namespace
}  // namespace chuanyu::adapters
