// The identity in a certificate: urn:chuanyu:<role>:<region>:<uscc>:<system>, read strictly.
#include <gtest/gtest.h>

#include <type_traits>

#include "gateway/identity/directory.h"
#include "gateway/identity/principal.h"

namespace chuanyu::identity {
namespace {

TEST(Urn, EachRoleReadsAndPrintsTheSame) {
  for (const std::string text :
       {"urn:chuanyu:agency:510900:11510900MBDEM0023P:app", "urn:chuanyu:gateway:500000:11500000MCDEM0027K:gw",
        "urn:chuanyu:auditor:510000:11510000MCDEM0035J:audit",
        "urn:chuanyu:operator:510000:12510000MCDEM0019R:ops-2"}) {
    const auto urn = parse_urn(text);
    ASSERT_TRUE(urn.ok()) << text << ": " << urn.error().to_text();
    EXPECT_EQ(to_string(*urn), text);
  }
  const auto urn = parse_urn("urn:chuanyu:operator:510000:12510000MCDEM0019R:ops-2").value();
  EXPECT_EQ(urn.role, Role::op);
  EXPECT_EQ(urn.region, "510000");
  EXPECT_EQ(urn.uscc, "12510000MCDEM0019R");
  EXPECT_EQ(urn.system, "ops-2");
}

TEST(Urn, AnythingElseIsRefusedAndTheReasonNamesThePart) {
  const struct {
    std::string text, reason;
  } cases[] = {
      {"", "urn:chuanyu:"},
      {"URN:chuanyu:agency:510900:11510900MBDEM0023P:app", "urn:chuanyu:"},
      {" urn:chuanyu:agency:510900:11510900MBDEM0023P:app", "urn:chuanyu:"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P", "<系统>"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:app:more", "<系统>"},
      {"urn:chuanyu:Agency:510900:11510900MBDEM0023P:app", "角色"},
      {"urn:chuanyu:root:510900:11510900MBDEM0023P:app", "角色"},
      {"urn:chuanyu::510900:11510900MBDEM0023P:app", "角色"},
      {"urn:chuanyu:agency:51090:11510900MBDEM0023P:app", "行政区划"},
      {"urn:chuanyu:agency:51090x:11510900MBDEM0023P:app", "行政区划"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023Q:app", "统一社会信用代码"},
      {"urn:chuanyu:agency:510900:11510900mbdem0023p:app", "大写"},
      {"urn:chuanyu:agency:510900:11510900MBDEM002:app", "统一社会信用代码"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:", "系统名"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:App", "系统名"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:app ", "系统名"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:" + std::string(33, 'a'), "系统名"},
      {"urn:chuanyu:agency:510900:11510900MBDEM0023P:app" + std::string(1, '\0'), "系统名"},
  };
  for (const auto& c : cases) {
    const auto urn = parse_urn(c.text);
    ASSERT_FALSE(urn.ok()) << c.text;
    EXPECT_EQ(urn.error().code, Code::CLIENT_IDENTITY_INVALID) << c.text;
    EXPECT_NE(urn.error().detail.find(c.reason), std::string::npos) << c.text << ": " << urn.error().detail;
  }
}

// A Principal comes from Directory::authenticate alone, and that wants a certificate that only the TLS code can make.
static_assert(!std::is_default_constructible_v<Principal>);
static_assert(!std::is_aggregate_v<Principal>);
static_assert(!std::is_constructible_v<Principal, std::shared_ptr<const Directory>, const Urn&, const Party&,
                                       crypto::Certificate>);
static_assert(!std::is_constructible_v<Principal, Urn, Party, crypto::Certificate>);
static_assert(!std::is_constructible_v<Principal, crypto::Certificate>);
static_assert(!std::is_constructible_v<crypto::VerifiedCertificate, crypto::Certificate>);
static_assert(!std::is_invocable_v<decltype(&Directory::authenticate), const Directory&, const crypto::Certificate&,
                                   std::string_view>);
static_assert(!std::is_default_constructible_v<Directory>);

}  // namespace
}  // namespace chuanyu::identity
