// Payloads whose keys are gone: by an ERASURE entry that names them, or by nobody knows whom.
#include "gateway/audit/erasures.h"

#include "gateway/audit/audit.h"
#include "gateway/audit/verify.h"
#include "raw_log.h"

namespace chuanyu::audit {
namespace {

using ledger::EntryKind;

class ErasuresTest : public testing::Test {
 protected:
  ErasuresTest() {
    for (std::uint64_t slot = 1; slot <= 9'000; ++slot) {
      ledger::Entry entry = entry_of(EntryKind::published);
      entry.slot = slot;
      entry.payload = "sealed";
      log_.add(entry);  // entry n has slot n
    }
  }
  void erase(const std::string& approver, const std::string& entries, const std::string& slots) {
    ledger::Entry entry;
    entry.kind = EntryKind::erasure;
    entry.exchange = Uuid::make(2);
    entry.basis = "个人信息保护法 第四十七条";
    entry.content = "approver " + approver + "\nentries" + entries + "\nslots" + slots + "\n";
    log_.add(entry);
  }
  // Every key but these.
  void write(const std::vector<std::uint64_t>& gone) const {
    log_.write(folder_);
    storage::Options options;
    options.folder = folder_ + "/keys";
    options.tables = layout::key_tables();
    auto keys = storage::Environment::open(options).value();
    auto txn = keys->write().value();
    for (std::uint64_t slot = 1; slot <= 9'100; ++slot) {
      if (std::find(gone.begin(), gone.end(), slot) != gone.end()) continue;
      txn.append(keys->table(layout::kSlots), layout::number_key(slot), "wrapped");
    }
    ASSERT_TRUE(txn.commit().ok());
  }
  LogReport verify_it() const { return verify(*LogReader::open(folder_).value(), log_.key.verify_key(), {}); }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "sc";
  RawLog log_{"sc"};
};

TEST_F(ErasuresTest, AnErasedPayloadNamesItsEntry) {
  erase("省网信办", " 7 8 5000", " 7 8 5000");
  erase("第二位\n批准人", " 8999", " 8999");
  write({7, 8, 5000, 8999});
  const LogReport report = verify_it();
  for (const Error& found : report.findings.listed) ADD_FAILURE() << found.to_text();
  EXPECT_EQ(report.erased, 4U);
  EXPECT_EQ(report.not_yet_erased, 0U);
  ASSERT_EQ(report.erasures.size(), 2U);
  EXPECT_EQ(report.erasures[0].index, 9'001U);
  EXPECT_EQ(report.erasures[0].approver, "省网信办");
  EXPECT_EQ(report.erasures[0].payloads, 3U);
  EXPECT_EQ(report.erasures[1].approver, "第二位\n批准人");

  const auto log = LogReader::open(folder_).value();
  Fates fates(*log);
  const auto entry = [&](std::uint64_t index) { return ledger::decode(log->entry(index).value()).value(); };
  EXPECT_EQ(fates.of(8, entry(8)).value().erased_by->index, 9'001U);
  EXPECT_EQ(fates.of(8'999, entry(8'999)).value().erased_by->index, 9'002U);
  EXPECT_FALSE(fates.of(9, entry(9)).value().erased_by);
  EXPECT_FALSE(fates.of(9, entry(9)).value().lost);
}

TEST_F(ErasuresTest, AKeyThatIsGoneWithoutAnEntry) {
  erase("省网信办", " 7", " 7");
  write({7, 9, 4097, 9000});
  const LogReport report = verify_it();
  EXPECT_EQ(report.erased, 1U);
  ASSERT_EQ(report.findings.listed.size(), 3U);
  for (const auto& [place, index] : {std::pair{0, 9}, {1, 4097}, {2, 9000}}) {
    EXPECT_EQ(report.findings.listed[static_cast<std::size_t>(place)].code, Code::LOG_KEY_MISSING);
    EXPECT_EQ(report.findings.listed[static_cast<std::size_t>(place)].where,
              place_of(static_cast<std::uint64_t>(index)));
  }
  EXPECT_EQ(exit_code(Code::LOG_KEY_MISSING), kUnaccounted);
  EXPECT_EQ(graver(kUnaccounted, kIncomplete), kUnaccounted);
  EXPECT_EQ(graver(kUnaccounted, kTampered), kTampered);
  const auto log = LogReader::open(folder_).value();
  EXPECT_TRUE(Fates(*log).of(9, ledger::decode(log->entry(9).value()).value()).value().lost);
}

TEST_F(ErasuresTest, AnEntryThatNamesAnotherSlotAccountsForNothing) {
  erase("省网信办", " 7", " 8");
  write({7});
  const LogReport report = verify_it();
  EXPECT_EQ(report.findings.counts.at(Code::LOG_KEY_MISSING), 1U);
  EXPECT_EQ(report.erased, 0U);
}

TEST_F(ErasuresTest, NamedAndStillThere) {
  erase("省网信办", " 7 8", " 7 8");
  write({7});
  const LogReport report = verify_it();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.erased, 1U);
  EXPECT_EQ(report.not_yet_erased, 1U);
}

TEST_F(ErasuresTest, WithoutKeysTheEntriesTell) {
  erase("省网信办", " 7 8", " 7 8");
  log_.write(folder_);
  const LogReport report = verify_it();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_FALSE(report.keys_checked);
  EXPECT_EQ(report.erased, 2U);
  const auto log = LogReader::open(folder_).value();
  Fates fates(*log);
  EXPECT_TRUE(fates.of(7, ledger::decode(log->entry(7).value()).value()).value().erased_by);
  const Fate unknown = fates.of(9, ledger::decode(log->entry(9).value()).value()).value();
  EXPECT_FALSE(unknown.erased_by || unknown.lost);
}

TEST_F(ErasuresTest, EveryKeyIsGone) {
  std::vector<std::uint64_t> all(9'100);
  for (std::uint64_t i = 0; i < all.size(); ++i) all[i] = i + 1;
  write(all);
  EXPECT_EQ(verify_it().findings.counts.at(Code::LOG_KEY_MISSING), 9'000U);
}

}  // namespace
}  // namespace chuanyu::audit
