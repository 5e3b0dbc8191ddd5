// A reader in another process that is killed while it holds its slot: the pages that it saw are not kept for ever.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "gateway/storage/environment.h"

namespace chuanyu::storage {
namespace {

constexpr int kCommits = 400;

// A process that opens the folder when told, takes a reader slot and waits. Made before this process opens it: LMDB's
// environments do not survive a fork.
class ReaderProcess {
 public:
  explicit ReaderProcess(const std::string& folder) {
    EXPECT_EQ(pipe(start_), 0);
    EXPECT_EQ(pipe(ready_), 0);
    child_ = fork();
    if (child_ == 0) read_and_wait(folder);
  }
  void start() {
    char byte = 'x';
    ASSERT_EQ(write(start_[1], &byte, 1), 1);
    ASSERT_EQ(read(ready_[0], &byte, 1), 1);
  }
  void kill9() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] void read_and_wait(const std::string& folder) const {
    char byte = 0;
    if (read(start_[0], &byte, 1) != 1) _exit(1);
    const auto env = Environment::open({.folder = folder, .tables = {"a"}, .read_only = true});
    if (!env.ok()) _exit(2);
    const auto txn = (*env)->read();
    if (!txn.ok() || write(ready_[1], &byte, 1) != 1) _exit(3);
    for (;;) pause();
  }
  int start_[2] = {};
  int ready_[2] = {};
  pid_t child_ = 0;
};

TEST(StaleReader, IsClearedAndTheFileStopsGrowing) {
  char name[] = "/tmp/chuanyu-reader-XXXXXX";
  const std::string folder = mkdtemp(name);
  ReaderProcess reader(folder);
  const auto env = Environment::open({.folder = folder, .tables = {"a"}, .durability = Durability::lazy}).value();
  const auto rewrite = [&] {
    for (int i = 0; i < kCommits; ++i) {
      auto txn = env->write().value();
      txn.put(env->table("a"), "key", Bytes(1000, static_cast<char>('a' + i % 26)));
      ASSERT_TRUE(txn.commit().ok());
    }
  };
  rewrite();
  const std::uint64_t alone = env->used_bytes();
  reader.start();
  reader.kill9();
  rewrite();
  const std::uint64_t pinned = env->used_bytes();
  EXPECT_GT(pinned, 10 * alone) << "the dead reader's slot does hold pages: otherwise this test shows nothing";
  EXPECT_EQ(env->check_readers(), 1);
  rewrite();
  EXPECT_EQ(env->used_bytes(), pinned) << "what was pinned is free again and used";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace chuanyu::storage
