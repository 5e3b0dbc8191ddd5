// verify: what entries stand on was recorded before them, and who acted had a valid certificate.
#include "gateway/audit/verify.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class ChainTest : public testing::Test {
 protected:
  void record(EntryKind kind, const std::string& text, const crypto::Digest& digest) {
    ledger::Entry entry;
    entry.kind = kind;
    (kind == EntryKind::policy ? entry.policy : entry.directory) = digest;
    entry.content = text;
    log_.add(entry);
  }
  static ledger::Entry decided(const std::string& policy, const std::string& directory) {
    ledger::Entry entry = entry_of(EntryKind::published);
    entry.policy = crypto::sha256(policy);
    entry.directory = crypto::sha256(directory);
    entry.mapping_in = {"sc.case.v1", "1.0.0", 7};
    return entry;
  }
  LogReport verify_it(const Certificates* certificates = nullptr) {
    const std::string folder = temporary_ / "log" + std::to_string(folders_++);
    log_.write(folder);
    return verify(*LogReader::open(folder).value(), log_.key.verify_key(), {}, nullptr, certificates);
  }
  static std::string told(const LogReport& report) {
    std::string text;
    for (const Error& found : report.findings.listed) text += found.to_text() + "\n";
    return text;
  }

  TempFolder temporary_;
  RawLog log_{"sc"};
  int folders_ = 0;
};

TEST_F(ChainTest, WhatIsNamedWasRecordedBefore) {
  record(EntryKind::policy, "P", crypto::sha256("P"));
  record(EntryKind::directory, "D", crypto::sha256("D"));
  ledger::Entry mapping;
  mapping.kind = EntryKind::mapping;
  mapping.mapping_in = {"sc.case.v1", "1.0.0", 7};
  log_.add(mapping);
  log_.add(decided("P", "D"));
  EXPECT_EQ(told(verify_it()), "");
  EXPECT_EQ(verify_it().versions, 2u);

  log_.add(decided("P2", "D"));
  log_.add(decided("P2", "D"));
  record(EntryKind::policy, "P2", crypto::sha256("P2"));  // too late
  const LogReport late = verify_it();
  EXPECT_EQ(late.findings.counts.at(Code::LOG_INCOMPLETE), 1u) << "once for each version\n" << told(late);
  EXPECT_EQ(late.findings.listed[0].where, "log#5");
}

TEST_F(ChainTest, EachMissingVersionIsTold) {
  log_.add(decided("P", "D"));
  const LogReport report = verify_it();
  EXPECT_EQ(report.findings.counts.at(Code::LOG_INCOMPLETE), 3u) << told(report);
  EXPECT_NE(told(report).find("sc.case.v1"), std::string::npos);
}

TEST_F(ChainTest, ContentIsWhatItsDigestSays) {
  record(EntryKind::policy, "altered", crypto::sha256("P"));
  EXPECT_EQ(verify_it().findings.counts.at(Code::LOG_TAMPERED), 1u);
}

TEST_F(ChainTest, CertificatesAreValidAtTheirTime) {
  ledger::Entry entry = entry_of(EntryKind::published);
  entry.principal = crypto::sha256("certificate");
  entry.time = 2'000'000;
  log_.add(entry);
  EXPECT_EQ(verify_it().certificates_unknown, 1u) << "none were given";
  crypto::Certificate certificate;
  certificate.not_before = 1'000'000;
  certificate.not_after = 3'000'000;
  Certificates certificates{{entry.principal, certificate}};
  EXPECT_EQ(told(verify_it(&certificates)), "");
  EXPECT_EQ(verify_it(&certificates).certificates_checked, 1u);
  certificates.begin()->second.not_after = 1'500'000;
  EXPECT_EQ(verify_it(&certificates).findings.counts.at(Code::LOG_TAMPERED), 1u);
}

}  // namespace
}  // namespace chuanyu::audit
