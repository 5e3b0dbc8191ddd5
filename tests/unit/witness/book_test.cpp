// A witness over its whole life: what it cosigns, refuses, remembers across a restart and keeps as evidence.
#include "gateway/witness/book.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace chuanyu::witness {
namespace {

constexpr const char* kOrigin = "chuanyu.sc/2026q4";
constexpr TimeUs kNow = TimeUs{1'795'302'633} * 1'000'000;

class FixedClock final : public Clock {
 public:
  TimeUs now() const override { return kNow; }
};

using ledger::Digest;

// The log that is watched: any number of leaves, in one history or another.
struct Watched {
  crypto::SigningKey key = crypto::SigningKey::generate();
  std::vector<Digest> leaves;

  void grow_to(std::uint64_t size, const std::string& salt = "") {
    while (leaves.size() < size) leaves.push_back(ledger::leaf_hash(salt + std::to_string(leaves.size())));
  }
  Digest root(std::uint64_t from, std::uint64_t to) const {
    if (to - from == 1) return leaves[from];
    std::uint64_t half = 1;
    while (half * 2 < to - from) half *= 2;
    return ledger::node_hash(root(from, from + half), root(from + half, to));
  }
  std::string note(std::uint64_t size) const {
    return ledger::sign_checkpoint({kOrigin, size, size == 0 ? ledger::empty_root() : root(0, size), {}}, key);
  }
  std::string request(std::uint64_t old_size, std::uint64_t size) const {
    ledger::AddCheckpoint made{old_size, {}, note(size)};
    const auto node = [this](unsigned level, std::uint64_t index) -> Result<Digest> {
      return root(index << level, (index + 1) << level);
    };
    if (old_size > 0 && old_size < size) made.proof = ledger::consistency_proof(old_size, size, node).value();
    return ledger::to_text(made);
  }
};

class BookTest : public testing::Test {
 protected:
  BookTest() {
    char name[] = "/tmp/chuanyu-witness-XXXXXX";
    folder_ = mkdtemp(name);
    open();
  }
  ~BookTest() override {
    book_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    book_.reset();
    auto opened = Book::open({folder_, "cq.witness", key_, {{"chuanyu.sc/", log_.key.verify_key()}}, &clock_});
    ASSERT_TRUE(opened.ok()) << opened.error().to_text();
    book_ = *std::move(opened);
  }
  int status(const std::string& request) { return book_->add_checkpoint(request).status; }

  std::string folder_;
  FixedClock clock_;
  Watched log_;
  std::shared_ptr<const crypto::SigningKey> key_ =
      std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate());
  std::unique_ptr<Book> book_;
};

TEST_F(BookTest, CosignsAndRemembers) {
  log_.grow_to(300);
  const Answer answer = book_->add_checkpoint(log_.request(0, 300));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto note = ledger::parse_note(log_.note(300) + answer.body);
  ASSERT_TRUE(note.ok());
  const auto witness = ledger::parse_vkey(book_->vkey());
  ASSERT_TRUE(witness.ok());
  EXPECT_EQ(ledger::cosigned_at(*note, *witness), static_cast<std::uint64_t>(kNow / 1'000'000));

  open();  // the process died
  const Answer again = book_->add_checkpoint(log_.request(0, 300));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body, "300\n");
  EXPECT_EQ(again.content_type, "text/x.tlog.size");
  const auto kept = book_->kept();
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->front().size, 300U);
  EXPECT_EQ(kept->front().note, log_.note(300) + answer.body);
  EXPECT_TRUE(book_->evidence()->empty());
}

// The book was lost; what this witness cosigned stands in somebody's log.
TEST_F(BookTest, TakesUpAgainWhatItCosigned) {
  log_.grow_to(300);
  const std::string early = log_.note(200) + book_->add_checkpoint(log_.request(0, 200)).body;
  const std::string late = log_.note(300) + book_->add_checkpoint(log_.request(200, 300)).body;
  book_.reset();
  std::filesystem::remove_all(folder_);
  open();
  EXPECT_TRUE(book_->remember(early).value());
  EXPECT_TRUE(book_->remember(late).value());
  EXPECT_FALSE(book_->remember(early).value()) << "it has seen more";
  EXPECT_EQ(book_->add_checkpoint(log_.request(0, 250)).body, "300\n");
  log_.leaves.clear();
  log_.grow_to(400, "another story");
  EXPECT_EQ(status(log_.request(300, 400)), 422);
  EXPECT_EQ(book_->evidence()->size(), 1U);
}

TEST_F(BookTest, TakesUpNothingThatItDidNotCosign) {
  log_.grow_to(300);
  EXPECT_EQ(book_->remember(log_.note(300)).error().code, Code::LOG_SIGNATURE);
  const std::string line =
      ledger::to_line(ledger::cosign(ledger::parse_note(log_.note(300))->text, "cq.witness", log_.key, 1));
  EXPECT_FALSE(book_->remember(log_.note(300) + line).ok());
  Watched other;
  other.grow_to(20);
  const std::string own =
      ledger::to_line(ledger::cosign(ledger::parse_note(other.note(20))->text, "cq.witness", *key_, 1));
  EXPECT_EQ(book_->remember(other.note(20) + own).error().code, Code::LOG_SIGNATURE) << "no key of a watched log";
  EXPECT_FALSE(book_->remember("no note").ok());
  EXPECT_TRUE(book_->kept()->empty());
}

TEST_F(BookTest, EveryShardOfTheGatewayAndNobodyElse) {
  const auto of = [&](const char* origin) {
    return ledger::to_text({0, {}, ledger::sign_checkpoint({origin, 0, ledger::empty_root(), {}}, log_.key)});
  };
  EXPECT_EQ(status(of("chuanyu.sc/2027q1")), 200);
  EXPECT_EQ(status(of("chuanyu.scx/2027q1")), 404);
  EXPECT_EQ(status(of("chuanyu.cq/2026q4")), 404);
  book_->watch({});
  EXPECT_EQ(status(of("chuanyu.sc/2027q1")), 404);
}

TEST_F(BookTest, AShardThatIsFollowedByAnotherIsOver) {
  const auto of = [&](const char* origin) {
    return ledger::to_text({0, {}, ledger::sign_checkpoint({origin, 0, ledger::empty_root(), {}}, log_.key)});
  };
  EXPECT_EQ(status(of("chuanyu.sc/1")), 200);
  EXPECT_EQ(status(of("chuanyu.sc/1/20270101t000000z")), 200);
  EXPECT_EQ(status(of("chuanyu.sc/1")), 422);
  EXPECT_EQ(status(of("chuanyu.sc/1/20270401t000000z")), 200);
  EXPECT_EQ(status(of("chuanyu.sc/1/20270101t000000z")), 422);
  EXPECT_EQ(status(of("chuanyu.sc/1/20270401t000000z")), 200);
  EXPECT_EQ(status(of("chuanyu.sc/2")), 200);  // another log
}

TEST_F(BookTest, EitherKeyWhileOneTakesOverFromTheOther) {
  const auto successor = crypto::SigningKey::generate();
  const auto of = [](const char* origin, const crypto::SigningKey& key) {
    return ledger::to_text({0, {}, ledger::sign_checkpoint({origin, 0, ledger::empty_root(), {}}, key)});
  };
  EXPECT_EQ(status(of("chuanyu.sc/2026q4", successor)), 403);
  book_->watch({{"chuanyu.sc/", log_.key.verify_key()}, {"chuanyu.sc/", successor.verify_key()}});
  EXPECT_EQ(status(of("chuanyu.sc/2026q4", log_.key)), 200);
  EXPECT_EQ(status(of("chuanyu.sc/2027q1", successor)), 200);
  const ledger::Checkpoint both{"chuanyu.sc/2027q2", 0, ledger::empty_root(), {}};
  EXPECT_EQ(
      status(ledger::to_text({0, {}, ledger::sign_checkpoint(both, successor) + ledger::log_line(both, log_.key)})),
      200);
  EXPECT_EQ(status(of("chuanyu.sc/2027q3", crypto::SigningKey::generate())), 403);
}

TEST_F(BookTest, TwoStoriesAreKeptAsEvidence) {
  log_.grow_to(10);
  ASSERT_EQ(status(log_.request(0, 10)), 200);
  Watched other{log_.key, {}};
  other.grow_to(12, "another history ");
  EXPECT_EQ(status(other.request(10, 10)), 409);
  EXPECT_EQ(status(other.request(10, 12)), 422);
  EXPECT_EQ(status(other.request(10, 12)), 422);  // once more: the same evidence
  open();
  const auto evidence = book_->evidence();
  ASSERT_EQ(evidence->size(), 2U);
  for (const Evidence& one : *evidence) {
    EXPECT_EQ(one.origin, kOrigin);
    EXPECT_TRUE(ledger::open_checkpoint(one.seen, kOrigin, log_.key.verify_key()).ok());
    EXPECT_TRUE(ledger::open_checkpoint(one.then, kOrigin, log_.key.verify_key()).ok());
    EXPECT_NE(one.seen, one.then);
  }
  EXPECT_EQ(book_->kept()->front().size, 10U);
}

// The race of the specification: whatever order requests come in, what was seen never shrinks, and no two
// cosignatures contradict each other.
TEST_F(BookTest, ManyAtOnceNeverRollBack) {
  log_.grow_to(200);
  ASSERT_EQ(status(log_.request(0, 100)), 200);
  std::atomic<int> cosigned{0};
  std::vector<std::thread> threads;
  for (std::uint64_t size = 101; size <= 108; ++size) {
    threads.emplace_back([&, size] { cosigned += status(log_.request(100, size)) == 200 ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cosigned, 1);  // the others were told the size that is seen now
  EXPECT_GT(book_->kept()->front().size, 100U);
}

TEST_F(BookTest, GarbageIsRefused) {
  log_.grow_to(3);
  for (const std::string& bad : {std::string(), std::string("old 0\n"), std::string("old 0\n\ngarbage"),
                                 "old 0\n\n" + log_.note(3).substr(0, 20), std::string(100'000, 'x')}) {
    EXPECT_EQ(status(bad), 400) << bad.substr(0, 40);
  }
}

}  // namespace
}  // namespace chuanyu::witness
