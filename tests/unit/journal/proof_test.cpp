// Receipts, cosignatures and the hold: what a journal gives to those who do not have its log.
#include <latch>

#include "gateway/ledger/cosignature.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

constexpr const char* kOrigin = "chuanyu/test/1";

class ProofTest : public JournalTest {
 protected:
  // Opens a journal whose checkpoints can be waited for.
  void open_watched() {
    journal_.reset();
    Options made = options();
    made.on_checkpoint = [this] {
      const std::lock_guard guard(mutex_);
      ++stored_;
      changed_.notify_all();
    };
    auto opened = Journal::open(std::move(made), projection_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_text();
    journal_ = *std::move(opened);
  }
  void wait_until(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, holds);
  }
  Journal::Accept cosigned() const {
    return [this](const std::string& checkpoint) {
      const ledger::NamedKey witness{"w", witness_.verify_key(), ledger::KeyType::cosignature};
      return ledger::cosigned_at(ledger::parse_note(checkpoint).value(), witness).has_value();
    };
  }

  // As a witness would: cosigns the newest checkpoint.
  std::uint64_t cosign_newest() {
    const auto note = ledger::parse_note(journal_->checkpoint()).value();
    const auto size = ledger::parse_checkpoint(note.text)->size;
    journal_->add_cosignatures(size, {ledger::cosign(note.text, "w", witness_, 1000)});
    wait_until([&] { return !journal_->cosigned_checkpoint().value().empty(); });
    return size;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int stored_ = 0;
  crypto::SigningKey witness_ = crypto::SigningKey::generate();
};

TEST_F(ProofTest, EveryEntryHasAReceiptOnceItIsSigned) {
  open_watched();
  append_many(700, [](std::size_t i) { return "body " + std::to_string(i); });
  wait_until([&] { return journal_->signed_size() == 700; });
  for (const std::uint64_t index : {0U, 1U, 255U, 256U, 511U, 698U, 699U}) {
    const auto proven = journal_->prove(index);
    ASSERT_TRUE(proven.ok()) << proven.error().to_text();
    const auto opened =
        ledger::open_receipt(ledger::parse_receipt(ledger::to_text(*proven)).value(), kOrigin, key_->verify_key());
    ASSERT_TRUE(opened.ok()) << index << ": " << opened.error().to_text();
    EXPECT_EQ(ledger::decode(proven->entry)->from, "11510000008282717J");
  }
  EXPECT_EQ(journal_->prove(0, cosigned()).error().code, Code::CLIENT_NOT_FOUND);  // nobody has witnessed it
  EXPECT_FALSE(journal_->prove(700).ok());
}

TEST_F(ProofTest, CosignaturesStayWithTheirCheckpoint) {
  open_watched();
  append("one");
  wait_until([&] { return journal_->signed_size() >= 1; });
  const std::uint64_t size = cosign_newest();
  append("two");
  wait_until([&] { return journal_->signed_size() > size; });

  const ledger::NamedKey witness{"w", witness_.verify_key(), ledger::KeyType::cosignature};
  const auto proven = journal_->prove(0, cosigned());
  ASSERT_TRUE(proven.ok()) << proven.error().to_text();
  EXPECT_EQ(ledger::cosigned_at(ledger::parse_note(proven->checkpoint).value(), witness), 1000U);
  EXPECT_TRUE(ledger::open_receipt(*proven, kOrigin, key_->verify_key()).ok());
  EXPECT_EQ(journal_->prove(1, cosigned()).error().code, Code::CLIENT_NOT_FOUND);

  // All of it survives a restart, and the journal still finds its own last checkpoint behind the witness's line.
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->prove(0, cosigned())->checkpoint, proven->checkpoint);
  EXPECT_EQ(journal_->signed_size(), 2U);
  EXPECT_EQ(journal_->cosigned_checkpoint().value(), proven->checkpoint);
}

TEST_F(ProofTest, ConsistencyHoldsBetweenAnyTwoCheckpoints) {
  open_watched();
  append_many(300, [](std::size_t i) { return std::to_string(i); });
  wait_until([&] { return journal_->signed_size() == 300; });
  const auto first = ledger::open_checkpoint(journal_->checkpoint(), kOrigin, key_->verify_key()).value();
  append_many(333, [](std::size_t i) { return std::to_string(i); });
  wait_until([&] { return journal_->signed_size() == 633; });
  const auto second = ledger::open_checkpoint(journal_->checkpoint(), kOrigin, key_->verify_key()).value();
  const auto proof = journal_->consistency(first.size, second.size);
  ASSERT_TRUE(proof.ok());
  EXPECT_TRUE(ledger::verify_consistency(first.size, second.size, first.root, second.root, *proof));
}

TEST_F(ProofTest, AHeldLogTakesOnlyWhatEndsWhatWasBegun) {
  open_watched();
  append("before");
  journal_->hold(Hold{error(Code::LOCAL_LOG_UNWITNESSED, "四小时没有见证"), false});
  const Outcome refused = journal_->append(draft_of(ledger::EntryKind::accepted, "new"));
  EXPECT_EQ(refused.status.error().code, Code::LOCAL_LOG_UNWITNESSED);
  EXPECT_TRUE(journal_->append(draft_of(ledger::EntryKind::delivered, "receipt")).status.ok());
  EXPECT_TRUE(journal_->append(draft_of(ledger::EntryKind::policy, {})).status.ok());
  journal_->hold(Hold{error(Code::LOCAL_LOG_BEHIND), true});
  EXPECT_EQ(journal_->append(draft_of(ledger::EntryKind::policy, {})).status.error().code, Code::LOCAL_LOG_BEHIND);
  journal_->hold(std::nullopt);
  EXPECT_TRUE(journal_->append(draft_of(ledger::EntryKind::accepted, "new")).status.ok());
}

}  // namespace
}  // namespace chuanyu::journal
