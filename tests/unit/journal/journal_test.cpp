// The life of an entry: prepared, decided, appended, applied, read back; and who is refused.
#include "gateway/journal/journal.h"

#include <future>
#include <thread>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/merkle.h"
#include "journal_fixture.h"

namespace chuanyu::journal {
namespace {

using ledger::EntryKind;

TEST_F(JournalTest, AnEntryIsAppendedAppliedAndReadBack) {
  ASSERT_TRUE(open().ok());
  const Uuid exchange = Uuid::make(SystemClock().now());
  const Outcome outcome = journal_->append(draft_of(EntryKind::accepted, "the body", exchange));
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_TRUE(outcome.appended);
  EXPECT_EQ(outcome.receipt.index, 0U);
  EXPECT_EQ(journal_->size(), 1U);

  const Stored stored = journal_->read(0).value();
  EXPECT_EQ(stored.entry.exchange, exchange);
  EXPECT_EQ(stored.entry.gateway, "sc");
  EXPECT_EQ(stored.entry.key_epoch, 1U);
  EXPECT_EQ(stored.body, "the body");
  EXPECT_EQ(stored.entry.payload.find("the body"), std::string::npos) << "a body is never in plain";
  EXPECT_EQ(stored.entry.time, outcome.receipt.time);
  EXPECT_EQ(ledger::leaf_hash(ledger::encode(stored.entry)), outcome.receipt.leaf);
  EXPECT_EQ(journal_->read(1).error().code, Code::CLIENT_NOT_FOUND);

  const auto state = journal_->state().value();
  EXPECT_TRUE(projection_.knows(state, exchange));
  EXPECT_EQ(projection_.committed_, 1U);
}

TEST_F(JournalTest, ALargeBodyIsABlob) {
  ASSERT_TRUE(open().ok());
  const std::string body(200'000, 'b');
  const std::uint64_t index = append(body);
  const Stored stored = journal_->read(index).value();
  EXPECT_EQ(stored.body, body);
  EXPECT_TRUE(stored.entry.payload.empty());
  EXPECT_EQ(stored.entry.blob_bytes, body.size() + 16);
  const std::string name = to_hex(crypto::view(stored.entry.blob));
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/data/blobs/" + name.substr(0, 2) + "/" + name), body.size() + 16);

  // The edge: 32 KiB sealed stay inline.
  EXPECT_EQ(journal_->read(append(std::string(32 * 1024 - 16, 'x')))->entry.blob_bytes, 0U);
  EXPECT_NE(journal_->read(append(std::string(32 * 1024 - 15, 'x')))->entry.blob_bytes, 0U);
}

TEST_F(JournalTest, AnEntryThatIsTooLongFailsAlone) {
  ASSERT_TRUE(open().ok());
  Draft draft = draft_of(EntryKind::mapping, "");
  draft.entry.content = std::string(70'000, 'm');
  EXPECT_EQ(journal_->append(std::move(draft)).status.error().code, Code::LOCAL_INTERNAL);
  EXPECT_EQ(append("next"), 0U);
}

TEST_F(JournalTest, DecidesSeeWhatTheOnesBeforeDid) {
  ASSERT_TRUE(open().ok());
  const Uuid exchange = Uuid::make(SystemClock().now());
  std::promise<void> all;
  std::vector<Outcome> outcomes;
  std::vector<Command> batch;
  for (int i = 0; i < 3; ++i) {
    Command command{journal_->prepare(draft_of(EntryKind::accepted, "body", exchange)),
                    [&, i](const storage::ReadTxn& state) {
                      Verdict verdict;
                      if (!projection_.knows(state, exchange)) return verdict;
                      if (i == 1) {
                        verdict.act = Verdict::Act::drop;
                        return verdict;
                      }
                      verdict.act = Verdict::Act::replace;
                      verdict.draft = draft_of(EntryKind::denied, "why");
                      return verdict;
                    },
                    [&](const Outcome& outcome) {
                      outcomes.push_back(outcome);
                      if (outcomes.size() == 3) all.set_value();
                    }};
    batch.push_back(std::move(command));
  }
  journal_->submit(std::move(batch));
  all.get_future().wait();
  EXPECT_TRUE(outcomes[0].appended && !outcomes[0].replaced);
  EXPECT_TRUE(outcomes[1].status.ok() && !outcomes[1].appended);
  EXPECT_TRUE(outcomes[2].appended && outcomes[2].replaced);
  EXPECT_EQ(journal_->size(), 2U);
  EXPECT_EQ(journal_->read(1)->entry.kind, EntryKind::denied);
  EXPECT_EQ(journal_->read(1)->body, "why");
}

TEST_F(JournalTest, ADoneMaySubmitTheNextCommand) {
  ASSERT_TRUE(open().ok());
  std::promise<std::uint64_t> second;
  journal_->submit(Command{journal_->prepare(draft_of(EntryKind::accepted, "a")), {}, [&](const Outcome&) {
                             journal_->submit(
                                 Command{journal_->prepare(draft_of(EntryKind::accepted, "b")),
                                         {},
                                         [&](const Outcome& outcome) { second.set_value(outcome.receipt.index); }});
                           }});
  EXPECT_EQ(second.get_future().get(), 1U);
}

TEST_F(JournalTest, EverythingIsThereAfterReopening) {
  ASSERT_TRUE(open().ok());
  append_many(700, [](std::size_t i) { return "body " + std::to_string(i); });
  const std::uint64_t applied = projection_.applied_;
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(projection_.applied_, applied) << "a clean stop leaves nothing to catch up with";
  EXPECT_EQ(journal_->size(), 700U);
  EXPECT_EQ(journal_->read(699)->body, "body 699");
  EXPECT_EQ(append("one more"), 700U);
}

TEST_F(JournalTest, ACleanStopSignsEverything) {
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->checkpoint(), "");
  for (int i = 0; i < 10; ++i) append("x");
  journal_->stop();
  const auto checkpoint = ledger::open_checkpoint(journal_->checkpoint(), "chuanyu/test/1", key_->verify_key());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().to_text();
  EXPECT_EQ(checkpoint->size, 10U);
  const std::string note = journal_->checkpoint();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->checkpoint(), note);
}

TEST_F(JournalTest, NothingIsTakenAfterStop) {
  ASSERT_TRUE(open().ok());
  append("x");
  journal_->stop();
  EXPECT_EQ(journal_->append(draft_of(EntryKind::accepted, "x")).status.error().code, Code::LOCAL_DRAINING);
  EXPECT_EQ(journal_->read(0)->body, "x") << "reading goes on until the journal is destroyed";
}

TEST_F(JournalTest, TwoWritersAreOneTooMany) {
  ASSERT_TRUE(open().ok());
  TestProjection other;
  EXPECT_EQ(Journal::open(options(), other).error().code, Code::LOCAL_IN_USE);
}

// Slots that were made ahead of use are taken back; a number that was handed out never comes again, erased or not.
TEST_F(JournalTest, UnusedKeysAreTakenBack) {
  const auto slots = [this] {
    storage::Options keys;
    keys.folder = folder_ + "/data/keys";
    keys.tables = {"slot", "named"};
    const auto env = storage::Environment::open(keys).value();
    return env->read()->count(env->table("slot"));
  };
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(open().ok());
    const std::uint64_t slot = journal_->read(append("body"))->entry.slot;
    EXPECT_GT(slot, last);
    last = slot;
    journal_.reset();
    EXPECT_LE(slots(), 2 * (i + 1)) << "one that is used, one that keeps the numbers apart";
  }
}

TEST_F(JournalTest, ANamedKeyThatIsGoneIsNotMadeAnew) {
  ASSERT_TRUE(open().ok());
  append("body");
  journal_.reset();
  for (const char* name : {"digest", "token"}) {
    storage::Options keys;
    keys.folder = folder_ + "/data/keys";
    keys.tables = {"slot", "named"};
    Bytes row;
    {
      const auto env = storage::Environment::open(keys).value();
      auto txn = env->write().value();
      row = Bytes(*txn.get(env->table("named"), name));
      txn.erase(env->table("named"), name);
      ASSERT_TRUE(txn.commit().ok());
    }
    const Status refused = open();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::LOCAL_CORRUPT);
    EXPECT_NE(refused.error().detail.find(name), std::string::npos) << refused.error().to_text();
    const auto env = storage::Environment::open(keys).value();
    auto txn = env->write().value();
    txn.put(env->table("named"), name, row);
    ASSERT_TRUE(txn.commit().ok());
  }
  EXPECT_TRUE(open().ok());
}

TEST_F(JournalTest, TokensAndKeyedDigestsLast) {
  ASSERT_TRUE(open().ok());
  const auto token = journal_->token("510107199001011234");
  EXPECT_NE(token, journal_->keyed_digest("510107199001011234"));
  EXPECT_NE(token, crypto::sha256("510107199001011234"));
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(journal_->token("510107199001011234"), token);
}

TEST_F(JournalTest, SlotsAreNeverGivenOutTwice) {
  std::set<std::uint64_t> slots;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(open().ok());
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(slots.insert(journal_->read(append("x"))->entry.slot).second);
    }
  }
  EXPECT_EQ(slots.size(), 60U);
}

TEST_F(JournalTest, ManyThreadsAppendAtOnce) {
  ASSERT_TRUE(open().ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) append("thread " + std::to_string(t) + " item " + std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(journal_->size(), 800U);
  std::set<std::string> bodies;
  for (std::uint64_t i = 0; i < 800; ++i) bodies.insert(journal_->read(i)->body);
  EXPECT_EQ(bodies.size(), 800U);
}

TEST_F(JournalTest, AFullQueueRefusesTheWholeBatch) {
  Options small = options();
  small.queue_commands = 4;
  journal_ = Journal::open(std::move(small), projection_).value();
  // The first command holds the writer until the test lets go.
  std::promise<void> entered, let_go;
  journal_->submit(Command{journal_->prepare(draft_of(EntryKind::accepted, "a")),
                           [&](const storage::ReadTxn&) {
                             entered.set_value();
                             let_go.get_future().wait();
                             return Verdict{};
                           },
                           {}});
  entered.get_future().wait();
  const auto batch = [&](std::size_t count, std::vector<Code>& codes) {
    std::vector<Command> commands;
    for (std::size_t i = 0; i < count; ++i) {
      commands.push_back(
          Command{journal_->prepare(draft_of(EntryKind::accepted, "b")), {}, [&](const Outcome& outcome) {
                    if (!outcome.status.ok()) codes.push_back(outcome.status.error().code);
                  }});
    }
    return commands;
  };
  std::vector<Code> taken, refused;
  journal_->submit(batch(3, taken));
  journal_->submit(batch(2, refused));
  EXPECT_EQ(refused, (std::vector<Code>{Code::LOCAL_OVERLOADED, Code::LOCAL_OVERLOADED}));
  journal_->submit(batch(1, taken));
  let_go.set_value();
  journal_->stop();
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(journal_->size(), 5U);
}

TEST_F(JournalTest, AnEmptyQueueTakesABatchOfAnySize) {
  Options small = options();
  small.queue_commands = 4;
  journal_ = Journal::open(std::move(small), projection_).value();
  std::vector<Command> commands;
  for (int i = 0; i < 1'500; ++i)
    commands.push_back(Command{journal_->prepare(draft_of(EntryKind::published, "x")), {}, {}});
  journal_->submit(std::move(commands));
  journal_->stop();
  EXPECT_EQ(journal_->size(), 1'500U);
}

TEST_F(JournalTest, ANearlyFullDiskTakesOnlyWhatCloses) {
  Options full = options();
  full.disk_refuse_percent = 0;
  journal_ = Journal::open(std::move(full), projection_).value();
  for (const EntryKind kind : {EntryKind::published, EntryKind::accepted, EntryKind::queried, EntryKind::received}) {
    EXPECT_EQ(journal_->append(draft_of(kind, "x")).status.error().code, Code::LOCAL_DISK_FULL);
  }
  for (const EntryKind kind : {EntryKind::delivered, EntryKind::expired, EntryKind::acknowledged, EntryKind::admin}) {
    EXPECT_TRUE(journal_->append(draft_of(kind, "x")).status.ok());
  }
}

}  // namespace
}  // namespace chuanyu::journal
