// What every command carries beside its content.
#include "gateway/http/metadata.h"

#include <gtest/gtest.h>

namespace chuanyu::http {
namespace {

transport::Request with(std::vector<transport::Header> headers) {
  transport::Request request;
  request.headers = std::move(headers);
  return request;
}

transport::Request full() {
  return with({{"Chuanyu-Matter", "credit-check"},
               {"Chuanyu-Basis", "%E4%BE%9D%E6%8D%AE"},
               {"Chuanyu-Grant", "CY-1"},
               {"Chuanyu-Operator", "%E7%BB%8F%E5%8A%9E%E4%BA%BA"}});
}

TEST(Metadata, AKeyIsOneTo128VisibleCharacters) {
  EXPECT_EQ(*idempotency_key(with({{"idempotency-key", "k-1"}})), "k-1");
  EXPECT_EQ(idempotency_key(with({{"Idempotency-Key", std::string(128, 'k')}}))->size(), 128U);
  EXPECT_EQ(idempotency_key(with({})).error().code, Code::CLIENT_IDEMPOTENCY_KEY_MISSING);
  for (const std::string& bad : {std::string(129, 'k'), std::string("a b"), std::string("a\x7f"), std::string("川")})
    EXPECT_EQ(idempotency_key(with({{"Idempotency-Key", bad}})).error().code, Code::CLIENT_FIELD_INVALID) << bad;
}

TEST(Metadata, HeadersArePercentEncodedUtf8) {
  const auto purpose = purpose_from_headers(full(), "credit");
  ASSERT_TRUE(purpose.ok());
  EXPECT_EQ(purpose->basis, "依据");
  EXPECT_EQ(purpose->operator_name, "经办人");
  for (const char* bad : {"%zz", "%E4", "%ff%fe", "%"})
    EXPECT_EQ(text_header(with({{"X", bad}}), "X").error().code, Code::CLIENT_FIELD_INVALID) << bad;
}

TEST(Metadata, EachPartIsMandatory) {
  for (std::size_t i = 0; i < 4; ++i) {
    transport::Request request = full();
    request.headers.erase(request.headers.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(purpose_from_headers(request, "credit").error().code, Code::CLIENT_PURPOSE_MISSING) << i;
  }
}

TEST(Metadata, ALicenceIsNotUsedWithoutACause) {
  EXPECT_EQ(purpose_from_headers(full(), "licence").error().where, "/purpose/cause");
  transport::Request request = full();
  std::string cause;
  for (int i = 0; i < 201; ++i) cause += "%E7%94%B1";
  request.headers.push_back({"Chuanyu-Cause", cause});
  EXPECT_EQ(purpose_from_headers(request, "licence").error().code, Code::CLIENT_FIELD_INVALID);
  request.headers.back().value.resize(200 * 9);
  EXPECT_TRUE(purpose_from_headers(request, "licence").ok());
}

TEST(Metadata, TheEnvelopesPurposeNamesItsPlace) {
  const std::string body = R"({"purpose":{"matter":"m","basis":"b","grant":"g"}})";
  auto envelope = RequestJson::parse(body);
  ASSERT_TRUE(envelope.ok());
  const auto purpose = purpose_from_json(*envelope, "credit");
  EXPECT_EQ(purpose.error().code, Code::CLIENT_PURPOSE_MISSING);
  EXPECT_EQ(purpose.error().where, "/purpose/operator");
}

TEST(Metadata, MediaTypesOfTheSyntaxes) {
  using adapters::Syntax;
  EXPECT_TRUE(media_fits("application/json", Syntax::json));
  EXPECT_TRUE(media_fits("Application/JSON; charset=utf-8", Syntax::json));
  EXPECT_TRUE(media_fits("application/x-ndjson", Syntax::json));
  EXPECT_TRUE(media_fits("text/xml ;charset=GB18030", Syntax::xml));
  EXPECT_TRUE(media_fits("text/csv;header=present", Syntax::csv));
  EXPECT_TRUE(media_fits("text/plain; charset=GB18030", Syntax::text));
  for (const char* other : {"", "text/plain", "application/jsonx", "json"}) {
    EXPECT_FALSE(media_fits(other, Syntax::json)) << other;
    EXPECT_FALSE(media_fits(other, Syntax::csv)) << other;
  }
}

}  // namespace
}  // namespace chuanyu::http
