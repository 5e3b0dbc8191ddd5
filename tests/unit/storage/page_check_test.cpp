// A sound file passes however it came about; a changed page is named before LMDB would believe it.
#include "gateway/storage/page_check.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "gateway/storage/environment.h"

namespace chuanyu::storage {
namespace {

class PageCheckTest : public testing::Test {
 protected:
  PageCheckTest() {
    char name[] = "/tmp/chuanyu-pages-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~PageCheckTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Environment> open() const {
    return Environment::open({.folder = folder_, .tables = {"a", "b"}}).value();
  }
  static Bytes random_bytes(std::mt19937& random, std::size_t size) {
    Bytes made(size, '\0');
    for (char& c : made) c = static_cast<char>(random());
    return made;
  }
  void change(std::uint64_t offset, char mask) const {
    std::fstream file(folder_ + "/data.mdb", std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(file.get() ^ mask);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  std::string folder_;
};

TEST_F(PageCheckTest, ANewFile) {
  open();
  EXPECT_TRUE(check_pages(folder_).ok()) << check_pages(folder_).error().to_text();
}

// Every shape that the log's tables and others take: appended, random, overwritten, erased, cleared, large values.
TEST_F(PageCheckTest, WhateverIsWrittenIsSound) {
  std::mt19937 random(7);
  for (int round = 0; round < 120; ++round) {
    {
      auto env = open();
      auto txn = env->write().value();
      for (int i = 0; i < 60; ++i) {
        Bytes key;
        append_u64(key, static_cast<std::uint64_t>(round * 60 + i));
        txn.append(env->table("a"), key, random_bytes(random, random() % 2'500));
        txn.put(env->table("b"), random_bytes(random, 1 + random() % 40), random_bytes(random, random() % 9'000));
        if (i % 3 == 0) {
          auto cursor = txn.cursor(env->table("b"));
          if (cursor.seek(random_bytes(random, 2))) txn.erase(env->table("b"), Bytes(cursor.key()));
        }
      }
      if (round % 50 == 49) txn.clear(env->table("b"));
      ASSERT_TRUE(txn.commit().ok());
    }
    const Status checked = check_pages(folder_);
    ASSERT_TRUE(checked.ok()) << round << ": " << checked.error().to_text();
  }
}

TEST_F(PageCheckTest, ADamagedPageIsNamed) {
  {
    auto env = open();
    auto txn = env->write().value();
    txn.put(env->table("a"), "key", "value");
    ASSERT_TRUE(txn.commit().ok());
  }
  const std::uint64_t last = std::filesystem::file_size(folder_ + "/data.mdb") / 4096 - 1;
  for (std::uint64_t page = 0; page <= last; ++page) {
    change(page * 4096, 0x20);  // its number
    const Status checked = check_pages(folder_);
    if (!checked.ok()) {
      EXPECT_EQ(checked.error().code, Code::LOCAL_CORRUPT);
    } else {
      EXPECT_GT(page, 1U) << "both first pages are always in use";
    }
    change(page * 4096, 0x20);
  }
  EXPECT_TRUE(check_pages(folder_).ok());
}

// An older first page that passes for the newest would show the log as it was before.
TEST_F(PageCheckTest, AnOlderStateDoesNotPassForTheNewest) {
  for (int i = 0; i < 4; ++i) {
    auto env = open();
    auto txn = env->write().value();
    txn.put(env->table("a"), std::to_string(i), "value");
    ASSERT_TRUE(txn.commit().ok());
  }
  constexpr std::uint64_t kTransactionAt = 16 + 128;
  for (const std::uint64_t page : {0U, 1U}) {
    for (int bit = 0; bit < 8; ++bit) {
      change(page * 4096 + kTransactionAt, static_cast<char>(1 << bit));
      EXPECT_FALSE(check_pages(folder_).ok()) << page << " " << bit;
      change(page * 4096 + kTransactionAt, static_cast<char>(1 << bit));
    }
  }
}

TEST_F(PageCheckTest, AFileCutShort) {
  open();
  std::filesystem::resize_file(folder_ + "/data.mdb", 2 * 4096);
  EXPECT_EQ(check_pages(folder_).error().code, Code::LOG_INCOMPLETE);
}

}  // namespace
}  // namespace chuanyu::storage
