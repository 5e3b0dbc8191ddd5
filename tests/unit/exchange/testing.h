// tests/unit/exchange/testing.h: a state of its own, and entries to apply to it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gateway/exchange/projection.h"
#include "gateway/journal/state.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::exchange::testing {

inline const std::string kSuining = "11510900MBDEM0023P";
inline const std::string kTongnan = "11500152MBDEM0074W";

inline std::string make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "chuanyu-exchange-XXXXXX").string();
  return mkdtemp(pattern.data());
}

// An environment with the projection's tables in a folder that goes away with it.
class Book {
 public:
  Book() : folder_(make_folder()), projection_(state_, waiters_) {
    storage::Options options;
    options.folder = folder_ + "/state";
    options.tables = projection_.tables();
    options.map_bytes = std::uint64_t{1} << 28;
    options.durability = storage::Durability::lazy;
    auto opened = storage::Environment::open(options);
    EXPECT_TRUE(opened.ok());
    environment_ = std::move(*opened);
    projection_.open(*environment_);
  }
  ~Book() {
    environment_.reset();
    std::filesystem::remove_all(folder_);
  }
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  struct Line {
    ledger::Entry entry;
    v1::LogBody body;
  };
  // Applies the lines from `first` on, in one transaction; indexes count from 1.
  void apply(const std::vector<Line>& lines, std::uint64_t first) {
    auto txn = environment_->write();
    ASSERT_TRUE(txn.ok());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Bytes body = lines[i].body.SerializeAsString();
      projection_.apply(*txn, {first + i, lines[i].entry, body, false});
    }
    ASSERT_TRUE(txn->commit().ok());
    projection_.committed();
  }
  void apply(Line line) { apply(std::vector<Line>{std::move(line)}, ++size_); }

  storage::ReadTxn read() const { return std::move(*environment_->read()); }
  crypto::Digest digest() const { return *journal::state_digest(*environment_, State::names()); }
  const State& state() const { return state_; }
  std::uint64_t size() const { return size_; }
  Waiters& waiters() { return waiters_; }

 private:
  std::string folder_;
  State state_;
  Waiters waiters_{1};
  Projection projection_;
  std::unique_ptr<storage::Environment> environment_;
  std::uint64_t size_ = 0;
};

inline Uuid id_of(int number) {
  std::string bytes(16, '\0');
  bytes[15] = static_cast<char>(number & 0xFF);
  bytes[14] = static_cast<char>(number >> 8);
  bytes[0] = 1;
  return *Uuid::from_bytes(bytes);
}

inline Bytes token_of(char letter) { return Bytes(kTokenBytes, letter); }

inline Book::Line line(ledger::EntryKind kind, int exchange) {
  Book::Line made;
  made.entry.kind = kind;
  made.entry.exchange = id_of(exchange);
  made.entry.gateway = "sc";
  made.entry.from = kSuining;
  made.entry.to = kTongnan;
  made.entry.what = "case";
  return made;
}

}  // namespace chuanyu::exchange::testing
