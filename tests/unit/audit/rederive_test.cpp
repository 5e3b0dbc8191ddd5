// rederive: whatever a log records wrongly is told, by entry and field; what cannot be derived is counted, never
// skipped.
#include "gateway/audit/rederive.h"

#include "raw_log.h"
#include "schemas/canonical/enforcement_case.pb.h"
#include "tests/support/recorded_log.h"

namespace chuanyu::audit {
namespace {

using chuanyu::testing::RecordedLog;

class RederiveTest : public ::testing::Test {
 protected:
  static RecordedLog::Push a_case() {
    for (const auto& push : RecordedLog::fixtures()) {
      if (push.kind == adapters::Kind::enforcement_case) return push;
    }
    std::abort();
  }
  // A log with this one push.
  RederiveReport of(const RecordedLog::Change& change, RederiveOptions options = {}, bool versions = true) {
    const std::string folder = temporary_ / "log" + std::to_string(folders_++);
    RecordedLog log(folder, versions);
    log.push(a_case(), change);
    log.close();
    return report(folder, log.kek_file(), std::move(options));
  }
  static RederiveReport report(const std::string& folder, const std::string& kek, RederiveOptions options = {}) {
    const auto reader = LogReader::open(folder).value();
    if (kek.empty()) return rederive(*reader, nullptr, options);
    const auto bodies = BodyOpener::open(*reader, kek).value();
    return rederive(*reader, &bodies, options);
  }
  static std::string told(const RederiveReport& report) {
    std::string text;
    for (const Error& found : report.findings.listed) text += found.to_text() + "\n";
    return text;
  }

  TempFolder temporary_;
  int folders_ = 0;
};

TEST_F(RederiveTest, EveryFixtureComesOutTheSame) {
  RecordedLog log(temporary_ / "all");
  const auto pushes = RecordedLog::fixtures();
  for (const auto& push : pushes) log.push(push);
  log.close();
  const RederiveReport found = report(temporary_ / "all", log.kek_file());
  EXPECT_TRUE(found.findings.empty()) << told(found);
  EXPECT_EQ(found.same, pushes.size());
  EXPECT_EQ(found.decisions, pushes.size());
  EXPECT_EQ(found.conversions, pushes.size() * 2) << "in and out";
  EXPECT_EQ(found.other_checks, 0u);
  EXPECT_EQ(found.entries(), log.size()) << "each entry is counted once";
}

TEST_F(RederiveTest, AnotherCanonicalRecordIsToldByField) {
  const auto change = [](ledger::Entry&, v1::LogBody& body) {
    v1::EnforcementCase record;
    ASSERT_TRUE(record.ParseFromString(body.canonical(0)));
    record.set_case_no("改过的编号");
    body.set_canonical(0, record.SerializeAsString());
  };
  const RederiveReport found = of(change);
  EXPECT_EQ(found.different, 1u);
  EXPECT_EQ(found.findings.counts.at(Code::LOG_DIFFERS), 2u) << "the record, and what was made of it\n" << told(found);
  EXPECT_NE(told(found).find("canonical[0] /caseNo"), std::string::npos) << told(found);
  EXPECT_EQ(told(found).find("改过的编号"), std::string::npos) << "values only when asked for";
  RederiveOptions options;
  options.reveal = true;
  EXPECT_NE(told(of(change, options)).find("改过的编号"), std::string::npos);
}

TEST_F(RederiveTest, AnotherDocumentSentIsTold) {
  const RederiveReport found = of([](ledger::Entry&, v1::LogBody& body) {
    std::string native = body.native_out(0);
    native.insert(native.size() - 1, " ");
    body.set_native_out(0, native);
  });
  EXPECT_EQ(found.different, 1u);
  EXPECT_NE(told(found).find("native_out[0]"), std::string::npos) << told(found);
}

TEST_F(RederiveTest, ADigestThatIsNotOfTheBodyIsTold) {
  const auto digests = [](const char* field) {
    return [field](ledger::Entry& entry, v1::LogBody&) {
      const std::string name = field;
      (name == "native_in" ? entry.native_in : name == "canonical" ? entry.canonical : entry.native_out).fill(7);
    };
  };
  for (const char* field : {"native_in", "canonical", "native_out"}) {
    const RederiveReport found = of(digests(field));
    EXPECT_EQ(found.different, 1u) << field;
    EXPECT_NE(told(found).find(field), std::string::npos) << told(found);
    EXPECT_NE(told(found).find("摘要"), std::string::npos) << told(found);
  }
}

TEST_F(RederiveTest, AnotherDecisionIsTold) {
  EXPECT_NE(told(of([](ledger::Entry& entry, v1::LogBody&) { entry.rule = "another"; })).find("push-all"),
            std::string::npos);
  const RederiveReport denied = of([](ledger::Entry& entry, v1::LogBody&) {
    entry.kind = ledger::EntryKind::denied;
    entry.result = "CLIENT_POLICY_DENIED";
    entry.allowed = false;
  });
  EXPECT_EQ(denied.different, 1u) << "the policy allowed it";
  const RederiveReport unknown = of([](ledger::Entry& entry, v1::LogBody&) { entry.from = "11510000MCDEM0035J"; });
  EXPECT_EQ(unknown.different, 1u) << "the directory has no such agency";
}

TEST_F(RederiveTest, ARefusalThatWasNoneIsTold) {
  const RederiveReport found = of([](ledger::Entry& entry, v1::LogBody& body) {
    entry.kind = ledger::EntryKind::failed;
    entry.result = "RECORD_DATE";
    entry.to.clear();
    entry.rule.clear();
    body.clear_canonical();
    body.clear_native_out();
  });
  EXPECT_EQ(found.different, 1u);
  EXPECT_NE(told(found).find("RECORD_DATE"), std::string::npos) << told(found);
}

TEST_F(RederiveTest, AFormatThatTheDirectoryDoesNotNameIsTold) {
  const RederiveReport found = of([](ledger::Entry& entry, v1::LogBody&) { entry.mapping_in = entry.mapping_out; });
  EXPECT_EQ(found.different, 1u);
  EXPECT_NE(told(found).find("cq.case.v1"), std::string::npos) << told(found);
}

TEST_F(RederiveTest, AVersionThatWasNotRecordedBeforeIsMissing) {
  const RederiveReport found = of({}, {}, /*versions=*/false);
  EXPECT_EQ(found.unable, 1u);
  EXPECT_EQ(found.findings.counts.count(Code::LOG_INCOMPLETE), 1u) << told(found);
  const RederiveReport other = of([](ledger::Entry& entry, v1::LogBody&) { ++entry.mapping_in.fingerprint; });
  EXPECT_EQ(other.unable, 1u) << told(other);
}

TEST_F(RederiveTest, WithoutAKeyOnlyDecisionsAreTaken) {
  RecordedLog log(temporary_ / "sealed");
  log.push(a_case());
  log.close();
  const RederiveReport found = report(temporary_ / "sealed", "");
  EXPECT_EQ(found.sealed, 1u);
  EXPECT_EQ(found.decisions, 1u);
  EXPECT_EQ(found.conversions, 0u);
  EXPECT_TRUE(found.findings.empty()) << told(found);
}

TEST_F(RederiveTest, ABodyThatWentWithoutAnErasureIsAFinding) {
  RecordedLog log(temporary_ / "erased");
  std::uint64_t slot = 0;
  log.push(a_case());
  log.push(a_case());
  log.close();
  {
    const auto reader = LogReader::open(temporary_ / "erased").value();
    slot = ledger::decode(reader->entry(reader->size() - 1).value()).value().slot;
  }
  storage::Options options;
  options.folder = temporary_ / "erased/keys";
  options.tables = layout::key_tables();
  {
    auto keys = storage::Environment::open(options).value();
    auto txn = keys->write().value();
    txn.erase(keys->table(layout::kSlots), layout::number_key(slot));
    ASSERT_TRUE(txn.commit().ok());
  }
  const RederiveReport found = report(temporary_ / "erased", log.kek_file());
  EXPECT_EQ(found.erased, 0u);
  EXPECT_EQ(found.lost, 1u);
  EXPECT_EQ(found.same, 1u);
  EXPECT_EQ(found.decisions, 2u) << "the decision needs no body";
  EXPECT_EQ(found.findings.counts.at(Code::LOG_KEY_MISSING), 1u) << told(found);
}

TEST_F(RederiveTest, ARangeIsDerivedByVersionsBeforeIt) {
  RecordedLog log(temporary_ / "range");
  for (int i = 0; i < 3; ++i) log.push(a_case());
  log.close();
  RederiveOptions options;
  options.from = log.size() - 2;
  options.to = log.size() - 1;
  const RederiveReport found = report(temporary_ / "range", log.kek_file(), options);
  EXPECT_EQ(found.entries(), 1u);
  EXPECT_EQ(found.same, 1u) << told(found);
}

}  // namespace
}  // namespace chuanyu::audit
