// kill -9 at random moments: every acknowledged entry is there and equal, none is partial, and the state is the log's.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "gateway/journal/state.h"
#include "gateway/ledger/merkle.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

// Runs the writer until `lines` entries were acknowledged and a little longer, then kills it. What it acknowledged.
std::vector<std::string> run_and_kill(const std::string& folder, std::size_t lines, unsigned extra_bytes) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(CHUANYU_BIN_DIR "/journal_crash_writer", "journal_crash_writer", folder.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  std::size_t seen = 0;
  char buffer[4096];
  bool killed = false;
  std::size_t kill_at = SIZE_MAX;
  for (;;) {
    const ssize_t got = read(ends[0], buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    seen = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (seen >= lines && kill_at == SIZE_MAX) kill_at = text.size() + extra_bytes;
    if (!killed && text.size() >= kill_at) {
      kill(child, SIGKILL);
      killed = true;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  std::vector<std::string> acknowledged;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) acknowledged.push_back(line);
  if (!text.empty() && text.back() != '\n') acknowledged.pop_back();
  return acknowledged;
}

TEST_F(JournalTest, KillAtRandomMomentsLosesNothing) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  ASSERT_TRUE(key_->write_pem_file(folder_ + "/log-key.pem").ok());
  std::uint64_t size_before = 0;
  for (int round = 0; round < 12; ++round) {
    const auto acknowledged = run_and_kill(folder_, random() % 60, random() % 6'000);
    ASSERT_TRUE(open().ok());
    for (const std::string& line : acknowledged) {
      std::istringstream words(line);
      std::uint64_t index = 0;
      std::string leaf, body;
      words >> index >> leaf >> body;
      const auto stored = journal_->read(index);
      ASSERT_TRUE(stored.ok()) << line;
      ASSERT_EQ(to_hex(crypto::view(ledger::leaf_hash(ledger::encode(stored->entry)))), leaf);
      ASSERT_EQ(to_hex(crypto::view(crypto::sha256(stored->body))), body);
    }
    // What was not acknowledged is there whole or not at all.
    for (std::uint64_t i = size_before; i < journal_->size(); ++i) ASSERT_TRUE(journal_->read(i).ok()) << i;
    size_before = journal_->size();

    const auto live = state_digest(journal_->state_environment(), projection_.tables()).value();
    journal_.reset();
    if (round % 4 == 3) {
      TestProjection fresh;
      EXPECT_EQ(rebuild_state(options(), fresh)->digest, live);
    }
  }
  EXPECT_GT(size_before, 100U);
}

}  // namespace
}  // namespace chuanyu::journal
