// A commit that fails: nobody is told that it worked, everything after is refused, and a new process finds what was
// acknowledged.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

using ledger::EntryKind;

TEST_F(JournalTest, AFullMapIsFatalAndLosesNothingAcknowledged) {
  std::atomic<int> fatal{0};
  Options small = options();
  small.log_map_bytes = 1 << 20;
  small.on_fatal = [&](const Error& cause) {
    EXPECT_EQ(cause.code, Code::LOCAL_DISK_FULL);
    ++fatal;
  };
  journal_ = Journal::open(std::move(small), projection_).value();
  std::uint64_t acknowledged = 0;
  Outcome last;
  for (;;) {
    last = journal_->append(draft_of(EntryKind::published, std::string(10'000, 'x')));
    if (!last.status.ok()) break;
    ++acknowledged;
  }
  EXPECT_GT(acknowledged, 10U);
  EXPECT_EQ(last.status.error().code, Code::LOCAL_LOG_UNAVAILABLE);
  EXPECT_EQ(journal_->append(draft_of(EntryKind::published, "y")).status.error().code, Code::LOCAL_LOG_UNAVAILABLE);
  EXPECT_FALSE(journal_->healthy());
  journal_.reset();
  EXPECT_EQ(fatal, 1);

  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->size(), acknowledged);
  EXPECT_EQ(append("room again"), acknowledged);
}

// A child whose files may not grow: write() itself fails in the commit.
TEST_F(JournalTest, AWriteErrorIsFatal) {
  ASSERT_TRUE(open().ok());
  append("before");
  journal_.reset();
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    std::atomic<int> fatal{0};
    Options limited = options();
    limited.on_fatal = [&](const Error&) { ++fatal; };
    auto opened = Journal::open(std::move(limited), projection_);
    if (!opened.ok()) _exit(2);
    // Let the key pool fill before files stop growing, so that it is the log that fails.
    Journal& journal = **opened;
    if (!journal.append(draft_of(EntryKind::published, "x")).status.ok()) _exit(3);
    const rlim_t limit = std::filesystem::file_size(folder_ + "/data/log/data.mdb") + 200'000;
    const rlimit files{limit, limit};
    setrlimit(RLIMIT_FSIZE, &files);
    std::uint64_t acknowledged = 2;
    for (int i = 0; i < 2'000; ++i) {
      Draft draft = draft_of(EntryKind::published, "");
      draft.entry.content = std::string(20'000, 'c');
      const Outcome outcome = journal.append(std::move(draft));
      if (outcome.status.ok()) {
        ++acknowledged;
        continue;
      }
      // The caller hears of it before on_fatal has run.
      journal.stop();
      (*opened).reset();
      const bool right = outcome.status.error().code == Code::LOCAL_LOG_UNAVAILABLE && fatal == 1;
      if (write(pipe_ends[1], &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(4);
      _exit(right ? 0 : 5);
    }
    _exit(6);
  }
  std::uint64_t acknowledged = 0;
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0) << WEXITSTATUS(status);
  ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof acknowledged), static_cast<ssize_t>(sizeof acknowledged));
  close(pipe_ends[0]);
  close(pipe_ends[1]);

  ASSERT_TRUE(open().ok());
  EXPECT_GE(journal_->size(), acknowledged);
  EXPECT_LE(journal_->size(), acknowledged + 1) << "the failed one may be there, never half";
  EXPECT_EQ(journal_->read(0)->body, "before");
}

// A clock that jumps: the order is the log's, the times are what the clock said, and nothing is refused for it.
TEST_F(JournalTest, AClockThatJumps) {
  constexpr TimeUs kHour = TimeUs{3'600'000'000};
  FakeClock clock(1'795'302'633'000'000);
  std::vector<TimeUs> times;
  const auto open_with_clock = [&] {
    journal_.reset();
    Options with_clock = options();
    with_clock.clock = &clock;
    journal_ = Journal::open(std::move(with_clock), projection_).value();
  };
  open_with_clock();
  for (const TimeUs jump : {TimeUs{0}, -kHour, 24 * kHour, -24 * 365 * kHour, 30 * 24 * kHour}) {
    clock.advance(jump);
    times.push_back(clock.now());
    EXPECT_EQ(append("after a jump"), times.size() - 1);
    if (jump < 0) open_with_clock();  // also over a restart
  }
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(journal_->read(i)->entry.time, times[i]);
  EXPECT_TRUE(journal_->healthy());
}

}  // namespace
}  // namespace chuanyu::journal
