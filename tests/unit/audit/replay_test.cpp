// replay: the state again from the log alone; a live state that says something else is told.
#include "gateway/audit/replay.h"

#include "gateway/exchange/projection.h"
#include "raw_log.h"
#include "tests/support/recorded_log.h"

namespace chuanyu::audit {
namespace {

using chuanyu::testing::RecordedLog;

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    exchange::State state;
    exchange::Waiters waiters(0);
    exchange::Projection projection(state, waiters);
    RecordedLog log(folder_, true, &projection);
    for (const auto& push : RecordedLog::fixtures()) log.push(push);
    log.close();
    kek_ = log.kek_file();
  }
  ReplayReport replay_it(ReplayOptions options = {}, bool with_key = true) const {
    const auto live = read_live_state(folder_);
    const auto log = LogReader::open(folder_).value();
    if (!with_key) return replay(*log, nullptr, live.ok() ? &*live : nullptr, options);
    const auto bodies = BodyOpener::open(*log, kek_).value();
    return replay(*log, &bodies, live.ok() ? &*live : nullptr, options);
  }

  TempFolder temporary_;
  std::string folder_ = temporary_ / "data";
  std::string kek_;
};

TEST_F(ReplayTest, TheStateIsWhatTheLogSays) {
  const ReplayReport report = replay_it();
  EXPECT_TRUE(report.findings.empty()) << report.findings.listed[0].to_text();
  EXPECT_EQ(report.same, true);
  EXPECT_EQ(report.inbox.at(RecordedLog::kChongqing), RecordedLog::fixtures().size());
  EXPECT_EQ(report.exchanges.at("push").at("delivered"), RecordedLog::fixtures().size());
  EXPECT_EQ(report.names.at(RecordedLog::kSichuan), "遂宁市市场监督管理局");
}

TEST_F(ReplayTest, AnAlteredStateIsTold) {
  storage::Options options;
  options.folder = folder_ + "/state";
  options.tables = exchange::State::names();
  options.tables.emplace_back(journal::kPositionTable);
  {
    const auto state = storage::Environment::open(options).value();
    auto txn = state->write().value();
    txn.put(state->table("inbox"), exchange::inbox_key(RecordedLog::kSichuan, 3), "0123456789abcdef");
    ASSERT_TRUE(txn.commit().ok());
  }
  const ReplayReport report = replay_it();
  EXPECT_EQ(report.same, false);
  EXPECT_EQ(report.findings.counts.at(Code::LOG_DIFFERS), 1u);
}

TEST_F(ReplayTest, AnEarlierWorldIsShownAndNotCompared) {
  ReplayOptions options;
  options.size = replay_it().size - 1;
  const ReplayReport report = replay_it(options);
  EXPECT_EQ(report.inbox.at(RecordedLog::kChongqing), RecordedLog::fixtures().size() - 1);
  EXPECT_FALSE(report.same);
  EXPECT_FALSE(report.not_compared.empty());
  ReplayOptions until;
  until.until = report.last_time;
  EXPECT_EQ(replay_it(until).size, report.size);
}

TEST_F(ReplayTest, WithoutAKeyNothingIsClaimed) {
  const ReplayReport report = replay_it({}, false);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_FALSE(report.same);
  EXPECT_EQ(report.inbox.at(RecordedLog::kChongqing), RecordedLog::fixtures().size());
}

}  // namespace
}  // namespace chuanyu::audit
