// What the journal's tests share: a small projection, a folder, options.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "gateway/journal/journal.h"

namespace chuanyu::journal {

// Keeps the index and body digest by exchange, a count by kind, and a chain over everything, so that order matters.
class TestProjection final : public Projection {
 public:
  std::vector<std::string> tables() const override { return {"exchange", "kind", "chain"}; }
  std::uint32_t version() const override { return version_; }
  void open(const storage::Environment& state) override {
    exchange_ = state.table("exchange");
    kind_ = state.table("kind");
    chain_ = state.table("chain");
  }
  void apply(storage::WriteTxn& state, const Applied& applied) override {
    ++applied_;
    Bytes row;
    append_u64(row, applied.index);
    row += crypto::view(crypto::sha256(applied.body));
    row += applied.erased ? "erased" : "";
    state.put(exchange_, applied.entry.exchange.bytes(), row);

    const std::string kind(ledger::to_string(applied.entry.kind));
    const auto before = state.get(kind_, kind);
    Bytes count;
    append_u64(count, (before ? read_u64(*before) : 0) + 1);
    state.put(kind_, kind, count);

    const auto link = state.get(chain_, "chain");
    state.put(chain_, "chain",
              crypto::view(crypto::sha256({link.value_or(BytesView{}), ledger::encode(applied.entry), applied.body})));
  }
  void committed() override { ++committed_; }

  bool knows(const storage::ReadTxn& state, const Uuid& exchange) const {
    return state.get(exchange_, exchange.bytes()).has_value();
  }
  std::uint64_t count(const storage::ReadTxn& state, ledger::EntryKind kind) const {
    const auto row = state.get(kind_, ledger::to_string(kind));
    return row ? read_u64(*row) : 0;
  }

  std::uint32_t version_ = 1;
  std::uint64_t applied_ = 0;
  std::uint64_t committed_ = 0;

 private:
  storage::Table exchange_, kind_, chain_;
};

inline Draft draft_of(ledger::EntryKind kind, Bytes body, Uuid exchange = Uuid::make(SystemClock().now())) {
  Draft draft;
  draft.entry.kind = kind;
  draft.entry.exchange = exchange;
  draft.entry.from = "11510000008282717J";
  draft.entry.what = "case";
  draft.body = std::move(body);
  return draft;
}

inline Secret test_kek() { return Secret(std::string(32, 'K')); }

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    char name[] = "/tmp/chuanyu-journal-XXXXXX";
    folder_ = mkdtemp(name);
    key_ = std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  }
  ~JournalTest() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  Options options() const {
    Options made;
    made.folder = folder_ + "/data";
    made.origin = "chuanyu/test/1";
    made.gateway = "sc";
    made.key_encryption_key = test_kek();
    made.log_key = key_;
    return made;
  }
  Status open() { return open(options()); }
  Status open(Options with) {
    journal_.reset();
    auto opened = Journal::open(std::move(with), projection_);
    if (!opened.ok()) return opened.error();
    journal_ = *std::move(opened);
    return {};
  }
  std::uint64_t append(Bytes body) {
    const Outcome outcome = journal_->append(draft_of(ledger::EntryKind::published, std::move(body)));
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error().to_text();
    return outcome.receipt.index;
  }

  // Many at once, in few commits: for tests that only want a log of some length.
  void append_many(std::size_t count, const std::function<Bytes(std::size_t)>& body) {
    std::vector<Command> commands;
    std::promise<void> all;
    std::size_t left = count;
    for (std::size_t i = 0; i < count; ++i) {
      commands.push_back(
          Command{journal_->prepare(draft_of(ledger::EntryKind::published, body(i))), {}, [&](const Outcome& outcome) {
                    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error().to_text();
                    if (--left == 0) all.set_value();
                  }});
    }
    journal_->submit(std::move(commands));
    all.get_future().wait();
  }

  std::string folder_;
  std::shared_ptr<const crypto::SigningKey> key_;
  TestProjection projection_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace chuanyu::journal
