// Readers: whatever the chunks, the same records; a broken record costs itself, a broken document ends.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "adapters/formats/readers.h"

namespace chuanyu::adapters {
namespace {

enum class Which { json, json_gb, xml, csv };

std::unique_ptr<RecordReader> make(Which which, std::uint32_t limit = 1000) {
  const auto& utf8 = *Charset::find("utf-8");
  const auto& gb = *Charset::find("gb18030-2022");
  switch (which) {
    case Which::json: return make_json_reader(utf8, {limit});
    case Which::json_gb: return make_json_reader(gb, {limit});
    case Which::xml: return make_xml_reader(utf8, "集", "案", {limit});
    case Which::csv: return make_csv_reader(utf8, {limit});
  }
  return nullptr;
}

// Every record and error as text: "1@1:{...}", "!RECORD_PARSE第 3 行" ("!!" when fatal).
std::vector<std::string> outcome(RecordReader& reader, const std::vector<std::string>& chunks) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    reader.feed(chunks[i], i + 1 == chunks.size());
    while (true) {
      auto record = reader.next();
      if (!record.ok()) {
        out.push_back((reader.fatal() ? "!!" : "!") + std::string(to_string(record.error().code)) +
                      record.error().where);
        if (reader.fatal()) break;
        continue;
      }
      if (record->bytes.empty()) break;
      out.push_back(std::to_string(record->number) + "@" + std::to_string(record->line) + ":" +
                    std::string(record->bytes));
    }
  }
  return out;
}

std::vector<std::string> whole(Which which, const std::string& document, std::uint32_t limit = 1000) {
  const auto reader = make(which, limit);
  return outcome(*reader, {document});
}

using Texts = std::vector<std::string>;

TEST(JsonReader, ArrayLinesAndSingleObjects) {
  EXPECT_EQ(whole(Which::json, "[]"), Texts{});
  EXPECT_EQ(whole(Which::json, ""), Texts{});
  EXPECT_EQ(whole(Which::json, "[{\"a\":1},\n {\"b\":[2,\"]}\"]}]\n"),
            (Texts{"1@1:{\"a\":1}", "2@2:{\"b\":[2,\"]}\"]}"}));
  EXPECT_EQ(whole(Which::json, "\xEF\xBB\xBF[{\"a\":1}]"), Texts{"1@1:{\"a\":1}"});
  EXPECT_EQ(whole(Which::json, "{\"a\":1}\n\n{\"b\":2}\r\n"), (Texts{"1@1:{\"a\":1}", "2@3:{\"b\":2}"}));
  EXPECT_EQ(whole(Which::json, "{\n \"a\": {\n}\n}\n"), Texts{"1@1:{\n \"a\": {\n}\n}"});
  EXPECT_EQ(whole(Which::json, "{\"list\":[\n {\"a\":1}]}"), Texts{"1@1:{\"list\":[\n {\"a\":1}]}"});
  EXPECT_EQ(whole(Which::json, "[1,\"x\",null]"), (Texts{"1@1:1", "2@1:\"x\"", "3@1:null"}));
}

TEST(JsonReader, ABrokenLineCostsThatLine) {
  const Texts expected{"1@1:{\"a\":\"x", "2@2:{\"b\":2}"};
  EXPECT_EQ(whole(Which::json, "{\"a\":\"x\n{\"b\":2}\n"), expected);
  EXPECT_EQ(whole(Which::json, "{\"b\":2}\n{\"a\":{\n{\"c\":3}"),
            (Texts{"1@1:{\"b\":2}", "2@2:{\"a\":{", "3@3:{\"c\":3}"}));
  EXPECT_EQ(whole(Which::json, "{\"a\":{\n{\"c\":3}"), (Texts{"1@1:{\"a\":{", "2@2:{\"c\":3}"}));
}

TEST(JsonReader, TooLargeCostsThatRecord) {
  const std::string large = "{\"a\":\"" + std::string(2000, 'x') + "\"}";
  EXPECT_EQ(whole(Which::json, "[{\"a\":1}," + large + ",{\"b\":2}]"),
            (Texts{"1@1:{\"a\":1}", "!RECORD_TOO_LARGE第 1 行", "3@1:{\"b\":2}"}));
  EXPECT_EQ(whole(Which::json, "{\"a\":1}\n" + large + "\n{\"b\":2}"),
            (Texts{"1@1:{\"a\":1}", "!RECORD_TOO_LARGE第 2 行", "3@3:{\"b\":2}"}));
}

// How much is too much does not depend on how the bytes arrive.
TEST(JsonReader, WhiteSpaceAroundALineIsNotOfTheRecord) {
  const std::string blank(3000, ' ');
  const std::string document = "{\"a\":1}\n" + blank + "{\"b\":2}" + blank + "\n{\"c\":3}\n";
  const Texts expected{"1@1:{\"a\":1}", "2@2:{\"b\":2}", "3@3:{\"c\":3}"};
  EXPECT_EQ(whole(Which::json, document), expected);
  Texts bytes;
  for (const char c : document) bytes.emplace_back(1, c);
  EXPECT_EQ(outcome(*make(Which::json), bytes), expected);
}

TEST(JsonReader, BrokenArraysAreFatal) {
  EXPECT_EQ(whole(Which::json, "[{\"a\":1}\n{\"b\":2}]"), (Texts{"1@1:{\"a\":1}", "!!RECORD_PARSE第 2 行"}));
  EXPECT_EQ(whole(Which::json, "[{\"a\":1},]"), (Texts{"1@1:{\"a\":1}", "!!RECORD_PARSE第 1 行"}));
  EXPECT_EQ(whole(Which::json, "[{\"a\":1}"), (Texts{"1@1:{\"a\":1}", "!!RECORD_TRUNCATED第 1 行"}));
  EXPECT_EQ(whole(Which::json, "[{\"a\":1"), Texts{"!!RECORD_TRUNCATED第 1 行"});
  EXPECT_EQ(whole(Which::json, "[{\"a\":1}] x"), (Texts{"1@1:{\"a\":1}", "!!RECORD_PARSE第 1 行"}));
  EXPECT_EQ(whole(Which::json, "["), Texts{"!!RECORD_TRUNCATED第 1 行"});
}

TEST(JsonReader, GbTrailBytesAreNotSyntax) {
  // 0x5C and 0x7D are second bytes of these characters.
  EXPECT_EQ(whole(Which::json_gb, "[{\"a\":\"\x81\x5C\"},{\"b\":\"\x81\x7D\"}]"),
            (Texts{"1@1:{\"a\":\"\x81\x5C\"}", "2@1:{\"b\":\"\x81\x7D\"}"}));
}

TEST(XmlReader, ListAndSingleRecord) {
  EXPECT_EQ(
      whole(Which::xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a --><集>\n<案>1<b>></b></案>\n<案 x='>'/>\n</集>\n"),
      (Texts{"1@3:<案>1<b>></b></案>", "2@4:<案 x='>'/>"}));
  EXPECT_EQ(whole(Which::xml, "<案><案>in</案></案>"), Texts{"1@1:<案><案>in</案></案>"});
  EXPECT_EQ(whole(Which::xml, "<集/>"), Texts{});
  EXPECT_EQ(whole(Which::xml, "<集><案><![CDATA[</案>]]><!-- </案> --></案></集>"),
            Texts{"1@1:<案><![CDATA[</案>]]><!-- </案> --></案>"});
}

TEST(XmlReader, BrokenDocumentsAreFatal) {
  EXPECT_EQ(whole(Which::xml, "<!DOCTYPE 集><集/>"), Texts{"!!RECORD_XML_FORBIDDEN第 1 行"});
  EXPECT_EQ(whole(Which::xml, "<集>\n<案></案>"), (Texts{"1@2:<案></案>", "!!RECORD_TRUNCATED第 2 行"}));
  EXPECT_EQ(whole(Which::xml, "<集><案>"), Texts{"!!RECORD_TRUNCATED第 1 行"});
  EXPECT_EQ(whole(Which::xml, ""), Texts{"!!RECORD_TRUNCATED第 1 行"});
  EXPECT_EQ(whole(Which::xml, "<其他/>"), Texts{"!!RECORD_TYPE第 1 行"});
  EXPECT_EQ(whole(Which::xml, "<集>文</集>"), Texts{"!!RECORD_PARSE第 1 行"});
  EXPECT_EQ(whole(Which::xml, "<?xml version='1.0' encoding='GBK'?><集/>"), Texts{"!!RECORD_CHARSET第 1 行"});
  EXPECT_EQ(whole(Which::xml, "<集/><集/>"), Texts{"!!RECORD_PARSE第 1 行"});
  EXPECT_EQ(whole(Which::xml, "{}"), Texts{"!!RECORD_PARSE第 1 行"});
}

TEST(XmlReader, TooLargeCostsThatRecord) {
  EXPECT_EQ(whole(Which::xml, "<集><案>" + std::string(3000, 'x') + "</案><案>2</案></集>"),
            (Texts{"!RECORD_TOO_LARGE第 1 行", "2@1:<案>2</案>"}));
}

TEST(CsvReader, RowsWithTheirHeader) {
  EXPECT_EQ(whole(Which::csv, "A,B\r\n1,2\r\n\r\n3,\"x\r\n\"\"y\"\r\n"),
            (Texts{"1@2:A,B\r\n1,2\r\n", "2@4:A,B\r\n3,\"x\r\n\"\"y\"\r\n"}));
  EXPECT_EQ(whole(Which::csv, "A,B\n1,2"), Texts{"1@2:A,B\n1,2"});
  EXPECT_EQ(whole(Which::csv, "A,B\n"), Texts{});
  EXPECT_EQ(whole(Which::csv, "A,B"), Texts{"!!RECORD_TRUNCATED第 1 行"});  // perhaps "A,BIRTHDAY" was meant
  EXPECT_EQ(whole(Which::csv, ""), Texts{});
}

TEST(CsvReader, BrokenRowsCostThemselves) {
  EXPECT_EQ(whole(Which::csv, "A,B\n1,\"2"), Texts{"!RECORD_TRUNCATED第 2 行"});
  EXPECT_EQ(whole(Which::csv, "A,B\n" + std::string(2000, 'x') + "\n1,2\n"),
            (Texts{"!RECORD_TOO_LARGE第 3 行", "2@3:A,B\n1,2\n"}));
  EXPECT_EQ(whole(Which::csv, "A,B\n\"" + std::string(2000, 'x') + "\n1,2\n"),
            (Texts{"!RECORD_TOO_LARGE第 3 行", "2@3:A,B\n1,2\n"}));
}

// Any document, any chunks: the outcome is that of the whole document at once.
void same_for_any_chunks(Which which, const std::vector<std::string>& pieces) {
  const auto picked = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
  std::string document;
  for (const auto& piece : picked) document += piece;
  Texts chunks;
  for (std::size_t at = 0; at < document.size();) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 12);
    chunks.push_back(document.substr(at, size));
    at += size;
  }
  if (*rc::gen::arbitrary<bool>() || chunks.empty()) chunks.emplace_back();
  const auto one = make(which, 60);
  const auto many = make(which, 60);
  RC_ASSERT(outcome(*many, chunks) == outcome(*one, {document}));
}

RC_GTEST_PROP(ReaderChunks, Json, ()) {
  same_for_any_chunks(Which::json, {"[", "]", "{", "}", ",", "\"a\":", "\"x\\\"y\"", "1", " ", "\n", "{\"a\":1}",
                                    "{\"a\":\"川渝\"}\n", "\"", "\\", "[{\"a\":{}}", std::string(40, 'z')});
}
RC_GTEST_PROP(ReaderChunks, JsonGb, ()) {
  same_for_any_chunks(Which::json_gb,
                      {"[", "]", "{\"a\":\"\x81\x5C\"}", "\x81\x7D", "\"", ",", "{", "}", "\n", "\x81\x30\x81\x30"});
}
RC_GTEST_PROP(ReaderChunks, Xml, ()) {
  same_for_any_chunks(Which::xml, {"<集>", "</集>", "<案>", "</案>", "<案/>", "<b c=\">\">", "</b>", "text", " ", "\n",
                                   "<!-- > -->", "<![CDATA[<]]>", "<?pi ?>", "<?xml version=\"1.0\"?>", "<", ">",
                                   "<!DOCTYPE", "<集><案>1</案>", std::string(40, 'z')});
}
RC_GTEST_PROP(ReaderChunks, Csv, ()) {
  same_for_any_chunks(Which::csv, {"A,B\r\n", "1,2\r\n", "\"", "\"\"", ",", "\n", "\r\n", "川,渝\n", "\"a\nb\",2\n",
                                   "x", std::string(40, 'z')});
}

}  // namespace
}  // namespace chuanyu::adapters
