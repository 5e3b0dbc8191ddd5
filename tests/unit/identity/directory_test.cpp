// The directory: what it reads, what it refuses to read, and whom it lets in.
#include "gateway/identity/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chuanyu::identity {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

const std::string kPin1(64, '1');
const std::string kPin2(64, '2');
const std::string kRootSc(64, 'a');
const std::string kRootCq(64, 'b');

// A directory with both gateways, one agency a province, an auditor; `more` adds parties (", {...}"), `top` top keys.
std::string text(const std::string& more = "", const std::string& top = "") {
  return R"({"version": "test", )" + top + R"("parties": [
    {"uscc": "12510000MCDEM0019R", "name": "四川省大数据中心", "region": "510000", "home": "sc",
     "systems": [{"urn": "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw", "pins": [")" +
         kPin1 + R"(", ")" + kPin2 + R"("]},
                 {"urn": "urn:chuanyu:operator:510000:12510000MCDEM0019R:ops"}]},
    {"uscc": "11500000MCDEM0027K", "name": "重庆市大数据应用发展管理局", "region": "500000", "home": "cq",
     "systems": [{"urn": "urn:chuanyu:gateway:500000:11500000MCDEM0027K:gw", "pins": [")" +
         kPin2 + R"("]}]},
    {"uscc": "11510000MCDEM0035J", "name": "四川省审计厅", "region": "510000", "home": "sc",
     "systems": [{"urn": "urn:chuanyu:auditor:510000:11510000MCDEM0035J:audit"}]},
    {"uscc": "11510900MBDEM0023P", "name": "遂宁市市场监督管理局", "region": "510900", "home": "sc",
     "profiles": {"credit": "sc.credit.v1", "licence": "sc.licence.v1", "case": "sc.case.v1"},
     "systems": [{"urn": "urn:chuanyu:agency:510900:11510900MBDEM0023P:app"},
                 {"urn": "urn:chuanyu:agency:510900:11510900MBDEM0023P:old", "suspended": true},
                 {"urn": "urn:chuanyu:agency:510900:11510900MBDEM0023P:pinned", "pins": [")" +
         kPin1 + R"("]}]},
    {"uscc": "11500152MBDEM0074W", "name": "重庆市潼南区市场监督管理局", "region": "500152", "home": "cq",
     "profiles": {"credit": "cq.credit.v1"},
     "systems": [{"urn": "urn:chuanyu:agency:500152:11500152MBDEM0074W:app"}]})" +
         more + "]}";
}

std::shared_ptr<const Directory> directory(const std::string& json = text()) {
  auto parsed = Directory::parse(json);
  if (const auto* errors = std::get_if<1>(&parsed)) {
    for (const Error& each : *errors) ADD_FAILURE() << each.to_text();
    return nullptr;
  }
  return std::get<0>(parsed);
}

std::vector<std::string> errors_of(const std::string& json) {
  const auto parsed = Directory::parse(json);
  std::vector<std::string> out;
  if (const auto* errors = std::get_if<1>(&parsed)) {
    for (const Error& each : *errors) {
      EXPECT_FALSE(each.detail.empty());
      out.push_back(std::string(to_string(each.code)) + " " + each.where);
    }
  }
  return out;
}

crypto::Digest digest(const std::string& hex) {
  crypto::Digest out{};
  const Bytes bytes = from_hex(hex).value();
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

crypto::Certificate certificate(std::vector<std::string> uris, const std::string& spki = kPin1) {
  crypto::Certificate out;
  out.san_uris = std::move(uris);
  out.spki = digest(spki);
  return out;
}

TEST(Directory, KnowsItsParties) {
  const auto d = directory();
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->parties().size(), 5U);
  EXPECT_EQ(d->systems().size(), 8U);
  const Party* party = d->find_party("11510900MBDEM0023P");
  ASSERT_NE(party, nullptr);
  EXPECT_EQ(party->name, "遂宁市市场监督管理局");
  EXPECT_EQ(party->home, "sc");
  EXPECT_EQ(party->profiles.at("case"), "sc.case.v1");
  EXPECT_EQ(d->find_party("11510900MBDEM0023Q"), nullptr);
  EXPECT_EQ(d->find_gateway("cq")->uscc, "11500000MCDEM0027K");
  EXPECT_EQ(d->find_gateway("xz"), nullptr);
  EXPECT_EQ(d->find_gateway_system("xz"), nullptr);
  EXPECT_EQ(to_string(d->find_gateway_system("sc")->urn), "urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw");
  EXPECT_EQ(d->find_gateway_system("sc")->pins, (std::vector{digest(kPin1), digest(kPin2)}));
  EXPECT_EQ(d->digest(), crypto::sha256(text()));
  EXPECT_EQ(d->text(), text());
}

TEST(Directory, EveryErrorIsReportedAtOnceWithItsPlace) {
  const std::string more = R"(,
    {"uscc": "11510900MBDEM0023P", "name": "重复", "region": "510900", "home": "sc"},
    {"uscc": "11510900MBDEM0023Q", "name": "", "region": "5109", "home": "SC", "colour": "red",
     "profiles": {"credit": "sc.case.v1", "licence": "sc.licence", "permit": "sc.permit.v1"}},
    {"uscc": "11500112MBDEM0082R", "name": "渝北", "region": "500112", "home": "bj",
     "systems": [{"urn": "urn:chuanyu:agency:500112:11500152MBDEM0074W:app"},
                 {"urn": "urn:chuanyu:agency:500152:11500112MBDEM0082R:app", "pins": ["12"], "suspended": "no"},
                 {"urn": "urn:chuanyu:agency:500152:11500152MBDEM0074W:app"},
                 {"urn": "urn:chuanyu:agency:500112"}, {"pin": []}]},
    {"uscc": "11510000MCDEM0019W", "name": "又一网关", "region": "510000", "home": "sc",
     "systems": [{"urn": "urn:chuanyu:gateway:510000:11510000MCDEM0019W:gw"}]})";
  EXPECT_THAT(
      errors_of(text(more, R"("extra": 1, "authorities": [{"name": "x", "root": "1", "regions": ["5"]}], )")),
      UnorderedElementsAre(
          "CONFIG_KEY_UNKNOWN /extra", "CONFIG_VALUE /authorities/0/root", "CONFIG_VALUE /authorities/0/regions/0",
          "CONFIG_VALUE /parties/5/uscc", "CONFIG_VALUE /parties/6/uscc", "CONFIG_VALUE /parties/6/name",
          "CONFIG_VALUE /parties/6/region", "CONFIG_VALUE /parties/6/home", "CONFIG_KEY_UNKNOWN /parties/6/colour",
          "CONFIG_VALUE /parties/6/profiles/credit", "CONFIG_VALUE /parties/6/profiles/licence",
          "CONFIG_KEY_UNKNOWN /parties/6/profiles/permit", "CONFIG_VALUE /parties/7/home",
          "CONFIG_VALUE /parties/7/systems/0/urn", "CONFIG_VALUE /parties/7/systems/1/urn",
          "CONFIG_VALUE /parties/7/systems/1/pins/0", "CONFIG_VALUE /parties/7/systems/1/suspended",
          "CONFIG_VALUE /parties/7/systems/2/urn", "CONFIG_VALUE /parties/7/systems/2/urn",
          "CONFIG_VALUE /parties/7/systems/2/urn", "CONFIG_VALUE /parties/7/systems/3/urn",
          "CONFIG_KEY_UNKNOWN /parties/7/systems/4/pin", "CONFIG_KEY_MISSING /parties/7/systems/4/urn",
          "CONFIG_VALUE /parties/8/systems/0/urn", "CONFIG_VALUE /parties/8/systems/0/pins"));
}

TEST(Directory, NeedsParties) {
  EXPECT_THAT(errors_of("{}"), UnorderedElementsAre("CONFIG_KEY_MISSING /parties"));
  EXPECT_THAT(errors_of(R"({"parties": {}})"), UnorderedElementsAre("CONFIG_VALUE /parties"));
  EXPECT_THAT(errors_of("["), UnorderedElementsAre("CONFIG_SYNTAX 1:2"));
  EXPECT_EQ(std::get<1>(Directory::load("/nowhere/directory.json")).at(0).code, Code::CONFIG_UNREADABLE);
}

TEST(Diagnose, ThoseWhoMayComeIn) {
  const auto d = directory();
  ASSERT_NE(d, nullptr);
  EXPECT_TRUE(d->diagnose(certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:app"}), "sc").ok());
  EXPECT_TRUE(d->diagnose(certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:pinned"}), "sc").ok());
  EXPECT_TRUE(d->diagnose(certificate({"urn:chuanyu:auditor:510000:11510000MCDEM0035J:audit"}), "sc").ok());
  EXPECT_TRUE(d->diagnose(certificate({"urn:chuanyu:operator:510000:12510000MCDEM0019R:ops"}), "sc").ok());
  // Other URIs in the certificate are no concern of ours.
  EXPECT_TRUE(
      d->diagnose(certificate({"https://example.test/", "urn:chuanyu:agency:510900:11510900MBDEM0023P:app"}), "sc")
          .ok());
  // A gateway is let in by its pin wherever its home is; both pins count.
  for (const std::string& pin : {kPin1, kPin2}) {
    EXPECT_TRUE(d->diagnose(certificate({"urn:chuanyu:gateway:510000:12510000MCDEM0019R:gw"}, pin), "cq").ok());
  }
}

TEST(Diagnose, EachRefusalHasItsCode) {
  const auto d = directory();
  ASSERT_NE(d, nullptr);
  const std::string app = "urn:chuanyu:agency:510900:11510900MBDEM0023P:app";
  const struct {
    crypto::Certificate certificate;
    std::string self;
    Code code;
    std::string reason;
  } cases[] = {
      {certificate({}), "sc", Code::CLIENT_IDENTITY_INVALID, "没有"},
      {certificate({"https://example.test/"}), "sc", Code::CLIENT_IDENTITY_INVALID, "没有"},
      {certificate({app, "urn:chuanyu:operator:510000:12510000MCDEM0019R:ops"}), "sc", Code::CLIENT_IDENTITY_INVALID,
       "不止一个"},
      {certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023Q:app"}), "sc", Code::CLIENT_IDENTITY_INVALID, "校验"},
      {certificate({"urn:chuanyu:agency:500112:11500112MBDEM0082R:app"}), "sc", Code::CLIENT_IDENTITY_UNKNOWN, "机构"},
      {certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:other"}), "sc", Code::CLIENT_IDENTITY_UNKNOWN,
       "系统"},
      // The same organisation under another role or region is another identity.
      {certificate({"urn:chuanyu:operator:510900:11510900MBDEM0023P:app"}), "sc", Code::CLIENT_IDENTITY_UNKNOWN,
       "系统"},
      {certificate({"urn:chuanyu:agency:510000:11510900MBDEM0023P:app"}), "sc", Code::CLIENT_IDENTITY_UNKNOWN, "系统"},
      {certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:old"}), "sc", Code::CLIENT_IDENTITY_SUSPENDED,
       "停用"},
      {certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:pinned"}, kPin2), "sc", Code::TLS_PEER_NOT_PINNED,
       "指纹"},
      {certificate({"urn:chuanyu:gateway:500000:11500000MCDEM0027K:gw"}, kPin1), "sc", Code::TLS_PEER_NOT_PINNED,
       "指纹"},
      {certificate({app}), "cq", Code::CLIENT_WRONG_GATEWAY, "sc"},
      {certificate({"urn:chuanyu:auditor:510000:11510000MCDEM0035J:audit"}), "cq", Code::CLIENT_WRONG_GATEWAY, "sc"},
  };
  for (const auto& c : cases) {
    const auto status = d->diagnose(c.certificate, c.self);
    ASSERT_FALSE(status.ok()) << c.reason;
    EXPECT_EQ(status.error().code, c.code) << status.error().to_text();
    EXPECT_THAT(status.error().detail, HasSubstr(c.reason));
  }
}

TEST(Diagnose, ARootVouchesForItsOwnProvinceOnly) {
  const auto d = directory(text("", R"("authorities": [
      {"name": "四川根 CA", "root": ")" +
                                        kRootSc + R"(", "regions": ["51"]},
      {"name": "重庆根 CA", "root": ")" +
                                        kRootCq + R"(", "regions": ["50"]}], )"));
  ASSERT_NE(d, nullptr);
  auto agency = certificate({"urn:chuanyu:agency:510900:11510900MBDEM0023P:app"});
  agency.anchor = digest(kRootSc);
  EXPECT_TRUE(d->diagnose(agency, "sc").ok());
  for (const std::string& other : {kRootCq, std::string(64, '0')}) {
    agency.anchor = digest(other);
    const auto status = d->diagnose(agency, "sc");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::CLIENT_IDENTITY_INVALID);
    EXPECT_THAT(status.error().detail, HasSubstr("根 CA"));
  }
  auto gateway = certificate({"urn:chuanyu:gateway:500000:11500000MCDEM0027K:gw"}, kPin2);
  gateway.anchor = digest(kRootCq);
  EXPECT_TRUE(d->diagnose(gateway, "sc").ok());
}

}  // namespace
}  // namespace chuanyu::identity
