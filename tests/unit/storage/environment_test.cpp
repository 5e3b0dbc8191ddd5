#include "gateway/storage/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "gateway/storage/lock_file.h"

namespace chuanyu::storage {
namespace {

class StorageTest : public testing::Test {
 protected:
  StorageTest() {
    char name[] = "/tmp/chuanyu-storage-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~StorageTest() override { std::filesystem::remove_all(folder_); }

  Options options() const {
    Options made;
    made.folder = folder_ + "/env";
    made.tables = {"a", "b"};
    return made;
  }

  std::string folder_;
};

std::string key(std::uint64_t number) {
  Bytes made;
  append_u64(made, number);
  return made;
}

TEST_F(StorageTest, WhatIsCommittedIsThereAfterReopening) {
  {
    auto env = Environment::open(options()).value();
    auto txn = env->write().value();
    txn.put(env->table("a"), "k", "v");
    txn.append(env->table("b"), key(1), "one");
    ASSERT_TRUE(txn.commit().ok());
  }
  auto env = Environment::open(options()).value();
  const auto txn = env->read().value();
  EXPECT_EQ(txn.get(env->table("a"), "k"), "v");
  EXPECT_EQ(txn.get(env->table("b"), key(1)), "one");
  EXPECT_EQ(txn.get(env->table("b"), "k"), std::nullopt);
  EXPECT_EQ(txn.count(env->table("a")), 1U);
}

TEST_F(StorageTest, WhatIsNotCommittedIsGone) {
  auto env = Environment::open(options()).value();
  {
    auto txn = env->write().value();
    txn.put(env->table("a"), "k", "v");
    EXPECT_EQ(txn.get(env->table("a"), "k"), "v") << "a write transaction sees its own writes";
  }
  EXPECT_EQ(env->read().value().get(env->table("a"), "k"), std::nullopt);
}

TEST_F(StorageTest, AReaderSeesTheWorldOfItsBeginning) {
  auto env = Environment::open(options()).value();
  const Table a = env->table("a");
  const auto before = env->read().value();
  auto txn = env->write().value();
  txn.put(a, "k", "v");
  ASSERT_TRUE(txn.commit().ok());
  EXPECT_EQ(before.get(a, "k"), std::nullopt);
  EXPECT_EQ(env->read().value().get(a, "k"), "v");
}

TEST_F(StorageTest, AReaderThatStaysIsCounted) {
  auto env = Environment::open(options()).value();
  const auto commit = [&] {
    auto txn = env->write().value();
    txn.put(env->table("a"), "k", "v");
    ASSERT_TRUE(txn.commit().ok());
  };
  commit();
  EXPECT_EQ(env->reader_lag(), 0U);
  {
    const auto reader = env->read().value();
    for (int i = 0; i < 5; ++i) commit();
    EXPECT_EQ(env->reader_lag(), 5U);
  }
  EXPECT_EQ(env->reader_lag(), 0U);
}

TEST_F(StorageTest, TheFirstFailureSticks) {
  auto env = Environment::open(options()).value();
  const Table a = env->table("a");
  auto txn = env->write().value();
  txn.append(a, key(5), "x");
  txn.append(a, key(5), "y");
  txn.put(a, "later", "z");
  EXPECT_FALSE(txn.status().ok());
  EXPECT_FALSE(txn.commit().ok());
  EXPECT_EQ(env->read().value().count(a), 0U);
}

TEST_F(StorageTest, ErasesAndClears) {
  auto env = Environment::open(options()).value();
  const Table a = env->table("a");
  auto txn = env->write().value();
  for (int i = 0; i < 10; ++i) txn.put(a, key(i), "x");
  txn.erase(a, key(3));
  txn.erase(a, key(77));
  EXPECT_EQ(txn.count(a), 9U);
  txn.clear(a);
  EXPECT_EQ(txn.count(a), 0U);
  EXPECT_TRUE(txn.commit().ok());
}

TEST_F(StorageTest, ACursorWalksInKeyOrder) {
  auto env = Environment::open(options()).value();
  const Table a = env->table("a");
  auto txn = env->write().value();
  for (const int i : {5, 1, 3}) txn.put(a, key(i), std::to_string(i));
  ASSERT_TRUE(txn.commit().ok());

  const auto read = env->read().value();
  Cursor cursor = read.cursor(a);
  EXPECT_FALSE(Cursor(read.cursor(env->table("b"))).first());
  ASSERT_TRUE(cursor.first());
  EXPECT_EQ(cursor.value(), "1");
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.value(), "3");
  ASSERT_TRUE(cursor.seek(key(4)));
  EXPECT_EQ(cursor.value(), "5");
  EXPECT_FALSE(cursor.next());
  EXPECT_FALSE(cursor.seek(key(6)));
  ASSERT_TRUE(cursor.last());
  ASSERT_TRUE(cursor.previous());
  EXPECT_EQ(cursor.key(), key(3));
  ASSERT_TRUE(cursor.seek(""));
  EXPECT_EQ(cursor.value(), "1");
  EXPECT_TRUE(read.status().ok());
}

TEST_F(StorageTest, ACursorMayOutliveTheCommit) {
  auto env = Environment::open(options()).value();
  auto txn = env->write().value();
  txn.put(env->table("a"), "k", "v");
  Cursor cursor = txn.cursor(env->table("a"));
  ASSERT_TRUE(cursor.first());
  ASSERT_TRUE(txn.commit().ok());
  EXPECT_FALSE(cursor.next());
}

TEST_F(StorageTest, ASecondOwnerFailsAtOnce) {
  auto env = Environment::open(options()).value();
  EXPECT_EQ(Environment::open(options()).error().code, Code::LOCAL_IN_USE);

  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto second = storage::LockFile::acquire(folder_ + "/env/writer.lock");
    _exit(!second.ok() && second.error().code == Code::LOCAL_IN_USE ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  env.reset();
  EXPECT_TRUE(Environment::open(options()).ok());
}

TEST_F(StorageTest, ReadOnlyNeedsTheFolderAndTheTables) {
  Options read_only = options();
  read_only.read_only = true;
  EXPECT_EQ(Environment::open(read_only).error().code, Code::LOCAL_IO);
  { auto env = Environment::open(options()).value(); }
  EXPECT_TRUE(Environment::open(read_only).ok());
  read_only.tables.emplace_back("c");
  EXPECT_EQ(Environment::open(read_only).error().code, Code::LOCAL_CORRUPT);
}

TEST_F(StorageTest, AFullMapIsAnErrorOfThatCommitOnly) {
  Options small = options();
  small.map_bytes = 64 << 10;
  auto env = Environment::open(small).value();
  const Table a = env->table("a");
  {
    auto txn = env->write().value();
    txn.put(a, "big", std::string(100'000, 'x'));
    const Status status = txn.commit();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::LOCAL_DISK_FULL);
  }
  auto txn = env->write().value();
  txn.put(a, "small", "x");
  EXPECT_TRUE(txn.commit().ok());
}

TEST_F(StorageTest, GarbageIsRefused) {
  { auto env = Environment::open(options()).value(); }
  const std::string file = folder_ + "/env/data.mdb";
  std::FILE* out = std::fopen(file.c_str(), "r+b");
  ASSERT_NE(out, nullptr);
  const std::string junk(8192, 'J');
  std::fwrite(junk.data(), 1, junk.size(), out);
  std::fclose(out);
  EXPECT_EQ(Environment::open(options()).error().code, Code::LOCAL_CORRUPT);
}

TEST_F(StorageTest, ReadersOnManyThreadsBesideAWriter) {
  Options lazy = options();
  lazy.durability = Durability::lazy;
  auto env = Environment::open(lazy).value();
  const Table a = env->table("a");
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto txn = env->read().value();
        // Both rows are written in one transaction: they are never seen apart.
        const auto left = txn.get(a, "left");
        const auto right = txn.get(a, "right");
        ASSERT_EQ(left, right);
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    auto txn = env->write().value();
    txn.put(a, "left", std::to_string(i));
    txn.put(a, "right", std::to_string(i));
    ASSERT_TRUE(txn.commit().ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_TRUE(env->flush().ok());
  EXPECT_EQ(env->check_readers(), 0);
  EXPECT_GT(env->used_bytes(), 0U);
}

}  // namespace
}  // namespace chuanyu::storage
