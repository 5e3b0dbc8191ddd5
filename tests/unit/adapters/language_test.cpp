// What adapters/README.md promises of the mapping language and the fixtures do not show.
#include "schemas/canonical/enforcement_case.pb.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using testing::adapter_of;
using testing::failure;
using testing::fixtures;
using testing::notes;
using testing::product;
using testing::replaced;
using Texts = std::vector<std::string>;

std::shared_ptr<const Adapter> case_adapter(const std::string& native, const std::string& rules,
                                            const std::string& more = "") {
  return adapter_of(
      R"({"mapping":"t","version":"1","kind":"case","canonical":"chuanyu.v1.EnforcementCase","media_type":"x",
"native":)" +
      native + R"(,"rules":[)" + rules + "]" + more + "}");
}

// get, then create with the same mapping: the native text, and the notes of both.
std::string round(const Adapter& adapter, const std::string& record, Texts* said = nullptr) {
  const auto canonical = adapter.get(record);
  if (!canonical.ok()) return failure(canonical);
  const auto native = adapter.create(canonical->bytes);
  if (!native.ok()) return failure(native);
  if (said != nullptr) {
    *said = notes(*canonical);
    for (const auto& n : notes(*native)) said->push_back("back " + n);
  }
  return native->bytes;
}

Texts create_notes(const Adapter& adapter, const v1::EnforcementCase& record) {
  const auto native = adapter.create(record.SerializeAsString());
  return native.ok() ? notes(*native) : Texts{failure(native)};
}

const std::string kId = R"({"kind":"iso","n":"/id","c":"case_id","as":"text","absent":"omit"})";

TEST(Ext, UnknownJsonComesBackInItsPlace) {
  const auto adapter = product().find("cq.case.v1");
  const auto record = replaced(
      replaced(fixtures("cq.case.v1").front(), "\"case_id\"", "\"score\": {\"a\": [1.50, \"二\"]}, \"case_id\""),
      "\"admin_cp_name\"", "\"grade\": 7, \"admin_cp_name\"");
  Texts said;
  const auto back = round(*adapter, record, &said);
  EXPECT_EQ(said, (Texts{"unmapped /score|", "unmapped /admin_cp/0/grade|"}));
  EXPECT_NE(back.find("\"score\":{\"a\": [1.50, \"二\"]}"), std::string::npos) << back;
  EXPECT_NE(back.find("\"grade\":7}"), std::string::npos) << back;
  EXPECT_EQ(round(*adapter, back), back);
}

TEST(Ext, UnknownXmlComesBackInItsPlace) {
  const auto adapter = product().find("cq.licence.v1");
  const auto record = replaced(
      replaced(fixtures("cq.licence.v1").front(), "<Issuer>", "<Note a=\"1\">x<b/></Note><Issuer level=\"2\">"),
      "<Item ", "<Item name=\"other\">y</Item><Item ");
  Texts said;
  const auto back = round(*adapter, record, &said);
  EXPECT_NE(back.find("<Note a=\"1\">x<b/></Note>"), std::string::npos) << back;
  EXPECT_NE(back.find("<Issuer level=\"2\">"), std::string::npos) << back;
  EXPECT_NE(back.find("<Item name=\"other\">y</Item>"), std::string::npos) << back;
  EXPECT_EQ(said.size(), 3u);
}

TEST(Ext, OfAnotherProfileIsNotedAsLoss) {
  const auto record = replaced(fixtures("cq.case.v1").front(), "\"case_id\"", "\"score\": 5, \"case_id\"");
  const auto canonical = product().find("cq.case.v1")->get(record);
  ASSERT_TRUE(canonical.ok());
  const auto native = product().find("sc.case.v1")->create(canonical->bytes);
  ASSERT_TRUE(native.ok());
  EXPECT_EQ(notes(*native), Texts{"loss |ext"});
}

TEST(Ext, TextThatIsNoJsonIsNotLetIn) {
  const auto adapter = case_adapter(R"({"format":"json"})", kId);
  v1::EnforcementCase record;
  record.set_case_id("1");
  (*record.mutable_ext())["t/x"] = "1,\"y\":2";
  const auto native = adapter->create(record.SerializeAsString());
  ASSERT_TRUE(native.ok()) << native.error().to_text();
  EXPECT_EQ(native->bytes, "{\"id\":\"1\"}");
  EXPECT_EQ(notes(*native), Texts{"loss |ext"});
}

// The keys come from the other province: what is no name of an attribute does not become one.
TEST(Ext, NamesThatAreNoneAreNotLetIn) {
  const auto adapter = case_adapter(R"({"format":"xml","record":"r","list":"l"})",
                                    R"({"kind":"iso","n":"id","c":"case_id","as":"text"})");
  v1::EnforcementCase record;
  record.set_case_id("1");
  for (const std::string name : {"@|", "@1", "@a b", "@", "@xmlns", "@xmlns:a"}) {
    (*record.mutable_ext())["t/" + name] = "x";
    const auto native = adapter->create(record.SerializeAsString());
    ASSERT_TRUE(native.ok()) << native.error().to_text();
    EXPECT_EQ(native->bytes, "<r><id>1</id></r>") << name;
    EXPECT_EQ(notes(*native), Texts{"loss |ext"});
    record.clear_ext();
  }
  (*record.mutable_ext())["t/@a"] = "x";
  const std::string twice = record.SerializeAsString() + record.SerializeAsString();
  EXPECT_EQ(adapter->create(twice)->bytes, "<r a=\"x\"><id>1</id></r>") << "the wire may say an entry twice";
}

// A declaration of a namespace is no data; what only begins like one is.
TEST(Unknown, AttributesThatDeclareANamespace) {
  const auto adapter = case_adapter(R"({"format":"xml","record":"r","list":"l"})",
                                    R"({"kind":"iso","n":"id","c":"case_id","as":"text"})");
  const auto read = adapter->get(R"(<r xmlns="urn:x" xmlns:a="urn:a" xmlnss="1" xmln="2"><id>1</id></r>)");
  ASSERT_TRUE(read.ok()) << read.error().to_text();
  EXPECT_EQ(notes(*read), (Texts{"unmapped @xmlnss|", "unmapped @xmln|"}));
  EXPECT_EQ(adapter->create(read->bytes)->bytes, R"(<r xmln="2" xmlnss="1"><id>1</id></r>)");
}

TEST(Unknown, ResidualAndReject) {
  const auto residual = case_adapter(R"({"format":"json","unknown":"residual"})", kId);
  Texts said;
  EXPECT_EQ(round(*residual, R"({"id":"1","x":2})", &said), R"({"id":"1"})");
  EXPECT_EQ(said, Texts{"unmapped /x|"});
  const auto reject = case_adapter(R"({"format":"json","unknown":"reject"})", kId);
  EXPECT_EQ(round(*reject, R"({"id":"1","x":2})"), "RECORD_FIELD_UNKNOWN /x");
}

TEST(Absent, OmitNullEmpty) {
  const auto adapter = case_adapter(
      R"({"format":"json","absent":"null"})",
      kId +
          R"(,{"kind":"iso","n":"/a","c":"case_no","as":"text"},{"kind":"iso","n":"/b","c":"case_name","as":"text","absent":"empty"},
{"kind":"iso","n":"/o/x","c":"source","as":"text"},{"kind":"iso","n":"/p/x","c":"illegal_act","as":"text"},
{"kind":"each","n":"/l","c":"officers","rules":[{"kind":"iso","n":"/n","c":"name","as":"text"}]},
{"kind":"each","n":"/m","c":"evidence","absent":"null","rules":[{"kind":"iso","n":"/n","c":"name","as":"text"}]})",
      R"(,"structure":[{"n":"/p","absent":"null"}])");
  EXPECT_EQ(round(*adapter, "{}"), R"({"a":null,"b":"","o":{"x":null},"p":null,"l":[],"m":null})");
  EXPECT_EQ(round(*adapter, R"({"p":null,"o":null,"l":null,"a":""})"),
            R"({"a":null,"b":"","o":{"x":null},"p":null,"l":[],"m":null})");
  EXPECT_EQ(round(*adapter, R"({"m":[{"n":"x"}],"p":{"x":"y"}})"),
            R"({"a":null,"b":"","o":{"x":null},"p":{"x":"y"},"l":[],"m":[{"n":"x"}]})");
}

TEST(Absent, AnEmptyElementIsAbsentWithAttributesToo) {
  const auto adapter = case_adapter(R"({"format":"xml","record":"r","list":"l"})",
                                    R"x({"kind":"iso","n":"id","c":"case_id","as":"text","required":true},
{"kind":"iso","n":"s","c":"source","as":"text"},
{"kind":"each","n":"es/e","c":"evidence","rules":[{"kind":"iso","n":"@k","c":"kind","as":"text"},
{"kind":"iso","n":"text()","c":"name","as":"text"}]})x");
  for (const std::string empty : {"<e k=\"a\"></e>", "<e k=\"a\"/>", "<e k='a'>\n </e>", "<e k=\"a\"><!-- --></e>"}) {
    EXPECT_EQ(round(*adapter, "<r><id>1</id><s/><es>" + empty + "</es></r>"),
              "<r><id>1</id><es><e k=\"a\"></e></es></r>")
        << empty;
  }
  EXPECT_EQ(round(*adapter, "<r><id/></r>"), "RECORD_FIELD_MISSING id");
}

TEST(Values, DefaultRequiredAndConst) {
  const auto adapter = case_adapter(R"({"format":"xml","record":"r","list":"l"})",
                                    R"({"kind":"iso","n":"id","c":"case_id","as":"text","required":true},
{"kind":"iso","n":"s","c":"source","as":"text","default":"未知"},{"kind":"const","n":"m/@unit","v":"元"},
{"kind":"lens","n":"m","c":"fine_fen","as":{"dec":{"unit":"yuan","frac":2}}})");
  EXPECT_EQ(round(*adapter, "<r><id>1</id></r>"), "<r><id>1</id><s>未知</s></r>");
  EXPECT_EQ(round(*adapter, "<r><id>1</id><m unit='元'>5</m></r>"),
            "<r><id>1</id><s>未知</s><m unit=\"元\">5.00</m></r>");
  Texts said;
  EXPECT_EQ(round(*adapter, "<r><id>1</id><m unit='分'>5</m></r>", &said),
            "<r><id>1</id><s>未知</s><m unit=\"元\">5.00</m></r>");
  EXPECT_EQ(said, Texts{"warning m/@unit|"});
  EXPECT_EQ(round(*adapter, "<r/>"), "RECORD_FIELD_MISSING id");
  EXPECT_EQ(failure(adapter->create("")), "RECORD_FIELD_MISSING id");
}

TEST(Values, XmlTextSaysWhatItSays) {
  const auto adapter = case_adapter(R"({"format":"xml","record":"r","list":"l"})",
                                    R"({"kind":"iso","n":"id","c":"case_id","as":"text"})");
  EXPECT_EQ(round(*adapter, "<r><id>a&amp;b&#x4E2D;&#13;<![CDATA[<x>]]><!-- c -->z\r\n</id></r>"),
            "<r><id>a&amp;b中&#13;&lt;x&gt;z\n</id></r>");
  EXPECT_EQ(round(*adapter, "<r><id><![CDATA[a\r\nb\rc]]></id></r>"), "<r><id>a\nb\nc</id></r>");
  EXPECT_EQ(round(*adapter, "<r><id><![CDATA[a\x01]]></id></r>"), "RECORD_PARSE id");
  EXPECT_EQ(round(*adapter, "<r><x><![CDATA[a\x01]]></x></r>"), "RECORD_PARSE x");
  EXPECT_EQ(round(*adapter, "<l>\n <r><id>1</id></r>\n</l>\n"), "<r><id>1</id></r>") << "a document of one record";
  EXPECT_EQ(round(*adapter, "<l><r/><r/></l>").substr(0, 12), "RECORD_PARSE");
}

TEST(Values, DropAndLost) {
  const auto adapter = case_adapter(
      R"({"format":"json"})",
      kId + R"(,{"kind":"drop","n":"/batch","why":"省内批次"},{"kind":"lost","c":"source","why":"没有此项"},
{"kind":"lost","c":"publicity.status","why":"没有此项"})");
  Texts said;
  EXPECT_EQ(round(*adapter, R"({"id":"1","batch":{"n":1}})", &said), R"({"id":"1"})");
  EXPECT_EQ(said, Texts{"unmapped /batch|"});
  v1::EnforcementCase record;
  record.set_case_id("1");
  record.set_source("abc");
  EXPECT_EQ(create_notes(*adapter, record), Texts{"loss |source"});
  record.set_case_no("2");  // has no rule at all
  EXPECT_EQ(create_notes(*adapter, record), (Texts{"loss |source", "loss |case_no"}));
  record.mutable_publicity()->set_status(v1::PUBLIC_STATUS_REVOKED);  // a modifier is never lost in silence
  EXPECT_EQ(create_notes(*adapter, record), Texts{"RECORD_MODIFIER_UNREPRESENTABLE publicity.status"});
}

TEST(Values, Codes) {
  const auto adapter = case_adapter(
      R"({"format":"json","absent":"omit"})",
      R"({"kind":"lens","n":"/s","c":"state","as":{"code":"state","text":"source"}},
{"kind":"each","n":"/k","split":"、","c":"penalty_kinds","item":{"as":{"code":"kinds"}}},{"kind":"lens","n":"/x","c":"discretion","as":{"code":"d"}})",
      R"(,"codesets":{"state":{"pairs":[["审核","REVIEW"],["法制审核","REVIEW"]],"prefer":{"REVIEW":"审核"}},
"kinds":{"pairs":[["罚款","02"],["吊销许可证","05"],["吊销许可证件","05"],["其他","07"]],"prefer":{"05":"吊销许可证"},"gap":{"other":"07"},"back_text":"always"},
"d":{"pairs":[["从轻","LIGHTER"],["从轻处罚","LIGHTER"]],"prefer":{"LIGHTER":"从轻"},"gap":"quarantine","back_gap":{"code":"从轻"}}})");
  Texts said;
  EXPECT_EQ(round(*adapter, R"({"s":"法制审核","k":"罚款、吊销许可证件、责令改正"})", &said),
            R"({"s":"法制审核","k":"罚款、吊销许可证件、责令改正"})");
  EXPECT_EQ(said, Texts{"gap /k/2|penalty_kinds[2].canonical"});
  EXPECT_EQ(round(*adapter, R"({"x":"从轻处罚"})", &said), R"({"x":"从轻处罚"})") << "another spelling is kept in ext";
  EXPECT_EQ(said, Texts{"normalised /x|discretion"});
  EXPECT_EQ(round(*adapter, R"({"s":"审定"})"), "RECORD_CODE_UNKNOWN /s");
  EXPECT_EQ(round(*adapter, R"({"x":"从重"})"), "RECORD_QUARANTINED /x");
  v1::EnforcementCase clue;
  clue.set_state(v1::CASE_STATE_CLUE);
  EXPECT_EQ(create_notes(*adapter, clue), Texts{"RECORD_MODIFIER_UNREPRESENTABLE state"});
  v1::EnforcementCase heavier;
  heavier.set_discretion(v1::DISCRETION_HEAVIER);
  EXPECT_EQ(create_notes(*adapter, heavier), Texts{"loss /x|discretion"});
  EXPECT_EQ(round(*adapter, R"({"k":"罚款、、罚款"})"), R"({"k":"罚款、罚款"})");
}

TEST(Values, SentinelsAndRegionsKeepTheirText) {
  const auto adapter = product().find("sc.licence.v1");
  Texts said;
  const auto record = replaced(fixtures("sc.licence.v1").front(), "\"长期\"", "\"99991231\"");
  EXPECT_NE(round(*adapter, record, &said).find("\"ZZYXQJZRQ\":\"99991231\""), std::string::npos);
  EXPECT_EQ(said, Texts{"normalised /ZZYXQJZRQ|valid_long_term"});
  const auto cq = product().find("cq.credit.v1");
  const auto town = replaced(fixtures("cq.credit.v1").front(), "510903000000", "510903002001");
  EXPECT_NE(round(*cq, town, &said).find("\"areaCode\":\"510903002001\""), std::string::npos);
  EXPECT_EQ(said, Texts{"loss /subject/areaCode|subject.region_code"});
}

TEST(Values, Normalised) {
  const auto cq = product().find("cq.credit.v1");
  Texts said;
  const auto record = replaced(fixtures("cq.credit.v1").back(), "51022719880630997X", "51022719880630997x");
  EXPECT_NE(round(*cq, record, &said).find("51022719880630997X"), std::string::npos);
  EXPECT_EQ(said, Texts{"normalised /subject/legalPerson/certNo|legal_rep.id_no"});
}

TEST(Derived, DifferencesAreWarnings) {
  const auto adapter = product().find("sc.licence.v1");
  Texts said;
  EXPECT_NE(
      round(*adapter,
            replaced(fixtures("sc.licence.v1").front(), "\"CZZTDMLX\": \"统一社会信用代码\"", "\"CZZTDMLX\": \"别的\""),
            &said)
          .find("统一社会信用代码"),
      std::string::npos);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].substr(0, 21), "warning /CZZTDMLX/0|h");
}

TEST(Lists, SeparatorsInValues) {
  const auto adapter = product().find("cq.case.v1");
  auto canonical = product().find("sc.case.v1")->get(fixtures("sc.case.v1").front());
  ASSERT_TRUE(canonical.ok());
  EXPECT_EQ(failure(adapter->create(replaced(canonical->bytes, "张执法", "张,执,,"))),
            "RECORD_SEPARATOR /check_person/0");
}

TEST(Lists, AColumnThatIsRequiredIsSoOnlyWhereThereIsAList) {
  const auto adapter = product().find("cq.case.v1");
  const auto& record = fixtures("cq.case.v1").front();
  const auto without = [](const std::string& text, const std::string& key) {
    const auto from = text.find("\"" + key + "\"");
    return text.substr(0, from) + text.substr(text.find(',', text.find("\",", from)) + 1);
  };
  EXPECT_EQ(failure(adapter->get(without(record, "check_person"))), "RECORD_FIELD_MISSING /check_person");
  EXPECT_EQ(failure(adapter->get(without(record, "check_person_code"))), "");
  EXPECT_EQ(failure(adapter->get(without(without(record, "check_person"), "check_person_code"))), "");
}

TEST(Lists, AColumnThatOnlyRepeatsOthersMakesNoItem) {
  const auto adapter = case_adapter(R"({"format":"json"})", kId + R"(,{"kind":"each","zip":"^","c":"officers","rules":[
        {"kind":"iso","n":"/name","c":"name","as":"text"},
        {"kind":"derived","dir":"create","n":"/again","c":"name","as":"text"}]})");
  const auto got = adapter->get(R"({"id":"1","again":"张三"})");
  ASSERT_TRUE(got.ok()) << got.error().to_text();
  EXPECT_EQ(notes(*got), Texts{"warning /again|officers"});
  v1::EnforcementCase record;
  ASSERT_TRUE(record.ParseFromString(got->bytes));
  EXPECT_EQ(record.officers_size(), 0);
  EXPECT_EQ(failure(adapter->get(R"({"id":"1","name":"a^b","again":"a"})")), "RECORD_LIST_LENGTH /again");
}

TEST(Csv, ColumnsInAnyOrderAndQuoted) {
  const auto adapter = case_adapter(
      R"({"format":"csv"})",
      R"({"kind":"iso","n":"A","c":"case_id","as":"text"},{"kind":"iso","n":"B","c":"case_no","as":"text"})");
  EXPECT_EQ(round(*adapter, "B,A\n\"x,\"\"y\"\"\r\nz\",1\n"), "A,B\r\n1,\"x,\"\"y\"\"\r\nz\"\r\n");
  const auto joined = adapter->join({"A,B\r\n1,2\r\n", "A,B\r\n3,\"4\n5\"\r\n"});
  EXPECT_EQ(joined, "A,B\r\n1,2\r\n3,\"4\n5\"\r\n");
  EXPECT_EQ(adapter->join({}), "A,B\r\n");
}

v1::EnforcementCase named(const std::string& name) {
  v1::EnforcementCase record;
  record.set_case_name(name);
  return record;
}

TEST(Charset, GbkPartnersAreRefusedNotGivenQuestionMarks) {
  const auto adapter = case_adapter(R"({"format":"xml","charset":"gbk","record":"案","list":"集"})",
                                    R"({"kind":"iso","n":"名","c":"case_name","as":"text"})");
  EXPECT_EQ(create_notes(*adapter, named("䶮")), Texts{"RECORD_CHARSET_UNMAPPABLE "});
  EXPECT_EQ(create_notes(*adapter, named("龚")), Texts{});
}

TEST(Charset, SubstitutesAreTheMappingsOwnAndNoted) {
  const auto gbk = [](const std::string& substitute) {
    return R"({"format":"xml","charset":"gbk","record":"案","list":"集","substitute":)" + substitute + "}";
  };
  const std::string rule = R"({"kind":"iso","n":"名","c":"case_name","as":"text"})";
  const auto adapter = case_adapter(gbk(R"({"䶮":"（龑）"})"), rule);
  EXPECT_EQ(create_notes(*adapter, named("龚䶮")), Texts{"loss 名|case_name"});
  const auto native = adapter->create(named("龚䶮").SerializeAsString());
  v1::EnforcementCase read;
  ASSERT_TRUE(read.ParseFromString(adapter->get(native->bytes)->bytes));
  EXPECT_EQ(read.case_name(), "龚（龑）");
  EXPECT_EQ(create_notes(*adapter, named("𠀀")), Texts{"RECORD_CHARSET_UNMAPPABLE "});  // not in the list
}

}  // namespace
}  // namespace chuanyu::adapters
