// gateway/journal/journal.h: the log on disk, its one writer, and the state that is a projection of it.
//
//   command --> decide(state, command) --> entry --> append (durable) --> apply(entry) to the state --> done
//
// Request threads prepare() a draft (seal the body, encode, hash) and submit() it. One writer thread takes all that
// wait, decides them in order against the state that includes the ones before, appends and applies, commits the log
// once for the group, and only then calls the `done` functions. The state is committed when somebody reads it, and
// before long otherwise. Words: appended -> durable -> signed -> witnessed.
//
// The log is a row of shards (分卷); entries are counted through all of them, the newest grows. close_shard() ends it;
// when its last checkpoint stands, the next open() begins another. Checkpoints are those of the newest shard and count
// from its base().
//
// Threads: prepare(), submit(), read*(), size() on any thread. Decide, Projection::apply, Projection::committed and
// Done run on the writer thread: short, no waiting, no I/O. Failure: a failed commit fails every waiter with
// LOCAL_LOG_UNAVAILABLE, refuses everything later and calls Options::on_fatal: the process must end and come back
// through recovery. A full queue: LOCAL_OVERLOADED. Above the disk limit: LOCAL_DISK_FULL.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/signature.h"
#include "gateway/crypto/sm2.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/merkle.h"
#include "gateway/ledger/payload.h"
#include "gateway/ledger/receipt.h"
#include "gateway/ledger/tiles.h"
#include "gateway/storage/environment.h"

namespace chuanyu::journal {

// An entry to be, with the body that will be sealed into its payload (empty: no payload). `content` stands in the entry
// in plain and must fit into it with everything else (64 KiB); what is longer goes into the body.
struct Draft {
  // slot, key_epoch, payload, blob* are filled in by prepare(); so are time and gateway when they are absent
  ledger::Entry entry;
  Bytes body;
};

// A draft sealed, encoded and hashed. Made by Journal::prepare only. What went wrong in the making (a blob that could
// not be written) is in the outcome of its command.
class Prepared {
 public:
  Prepared(Prepared&&) noexcept;
  Prepared& operator=(Prepared&&) noexcept;
  ~Prepared();
  const ledger::Entry& entry() const;

 private:
  friend class Journal;
  struct Impl;
  explicit Prepared(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// An entry as the state sees it. `body` is the opened payload; when it was erased, empty and `erased` is true.
struct Applied {
  std::uint64_t index = 0;
  const ledger::Entry& entry;
  BytesView body;
  bool erased = false;
};

// The state: what the exchange room makes of the entries. apply() is a pure function of the entry and the tables: no
// clock, no randomness, nothing of this process, so that a rebuilt state is identical.
class Projection {
 public:
  virtual ~Projection() = default;
  virtual std::vector<std::string> tables() const = 0;
  virtual std::uint32_t version() const = 0;  // another version than the stored one: the state is rebuilt
  virtual void open(const storage::Environment& state) = 0;  // called once before the first apply: look tables up
  virtual void apply(storage::WriteTxn& state, const Applied& applied) = 0;
  // When the group is durable: wake whoever waits for what apply() saw; Journal::state() shows it. Not called while
  // catching up.
  virtual void committed() {}
};

// How much stands behind a receipt: the log's own disk, its signature, a quorum of witnesses.
enum class Level : std::uint8_t { durable, signed_, witnessed };

struct Receipt {
  std::uint64_t index = 0;
  crypto::Digest leaf{};  // RFC 6962 leaf hash of the entry
  TimeUs time = 0;        // the entry's
  Level level = Level::durable;
  std::string proof{};  // beyond durable: gateway/ledger/receipt.h
};

// What to do with a prepared command, decided on the writer thread.
struct Verdict {
  enum class Act : std::uint8_t {
    append,   // append the prepared entry
    replace,  // append `draft` in its stead (a refusal, a duplicate's note)
    drop      // append nothing: the command takes no effect (a repeated command)
  };
  Act act = Act::append;
  Draft draft;
};
using Decide = std::function<Verdict(const storage::ReadTxn& state)>;

struct Outcome {
  Status status;          // not ok: nothing took effect
  bool appended = false;  // false with ok status: the verdict was drop
  bool replaced = false;
  Receipt receipt;  // when appended
};
using Done = std::function<void(const Outcome& outcome)>;

struct Command {
  Prepared prepared;
  Decide decide;  // empty: append
  Done done;      // called exactly once
};

// One entry read back, with its body opened.
struct Stored {
  std::uint64_t index = 0;
  ledger::Entry entry;
  Bytes body;
  bool erased = false;
};

// Why commands are refused while nothing is wrong with the log itself.
struct Hold {
  Error why;
  bool whole = false;  // every command; otherwise what ends what was begun and the log's own entries are still taken
};

struct Options {
  std::string folder;         // holds log/ state/ keys/ blobs/
  std::string origin;         // checkpoint origin of the first shard: "chuanyu/sc/2026q4"
  std::string gateway;        // id, for the log's own entries
  Secret key_encryption_key;  // 32 bytes, epoch `key_epoch`
  std::uint32_t key_epoch = 1;
  std::shared_ptr<const crypto::SigningKey> log_key;
  // While log_key takes over from it: both sign every checkpoint, and signing_key() is still this one, which everybody
  // knows. Null: no rotation is under way.
  std::shared_ptr<const crypto::SigningKey> old_log_key;
  // What new payloads are sealed with. `sm` also keeps the second tree, and needs `sm2_log_key`.
  ledger::Profile profile = ledger::Profile::international;
  std::shared_ptr<const crypto::Sm2SigningKey> sm2_log_key;  // signs checkpoints too; null: Ed25519 alone
  const Clock* clock = nullptr;
  std::size_t queue_commands = 4096;  // a batch is taken whole or refused whole; an empty queue takes any batch
  int disk_refuse_percent = 90;     // of the file system; from here on only the log's own and closing entries are taken
  std::uint64_t ballast_bytes = 0;  // kept on the disk while there is room, given up when it is all but full
  std::uint32_t scrub_entries_per_second = 0;            // how fast the whole log is read again; 0: not at all
  std::uint64_t log_map_bytes = std::uint64_t{1} << 40;  // address space; smaller in tests
  std::function<void(const Error&)> on_fatal;            // on the writer thread: tell somebody, do not stop() here
  std::function<void()> on_checkpoint;  // on the writer thread: a checkpoint or a cosignature was stored
  // Whether the last checkpoint of a closed shard, with its cosignatures, is enough for the next one to be opened.
  // Empty: its own signature is.
  std::function<bool(const std::string& checkpoint)> closes_with;
  bool opens_next = true;  // open() begins the next shard behind one that is complete
  std::string who;         // started this, for the log
  // Runs the answers of one group, all at once; for who wants to collect what they wake. Empty: just runs them.
  std::function<void(const std::function<void()>& all)> around_answers;
};

// Whose signature the log's own checkpoints may carry.
ledger::VerifyKeys log_keys(const Options& options);

class Journal {
 public:
  // Recovers: verifies the right edge, the last checkpoint, and lets the state catch up. Time does not depend on the
  // length of the log (but for what the state has missed). `projection` outlives the journal. LOCAL_IN_USE, LOCAL_IO,
  // LOCAL_CORRUPT, LOCAL_CRYPTO (wrong key-encryption key), LOG_SIGNATURE (another signing key).
  static Result<std::unique_ptr<Journal>> open(Options options, Projection& projection);
  ~Journal();  // stops

  Prepared prepare(Draft draft) const;
  void submit(Command command);
  void submit(std::vector<Command> commands);  // in order, one lock; for imports
  Outcome append(Draft draft);                 // prepare, submit, wait: not on the writer thread

  // Sees everything that was answered before the call; may wait for a commit, so never on the writer thread.
  Result<storage::ReadTxn> state() const;
  // Never waits, and may lack the newest entries: for a first look that the writer's decision repeats.
  Result<storage::ReadTxn> state_of_late() const;
  const storage::Environment& state_environment() const;  // waits as state() does
  Result<Stored> read(std::uint64_t index) const;         // CLIENT_NOT_FOUND beyond the durable size
  std::uint64_t size() const;                             // durable entries, of all shards

  // Destroys the keys of these payloads for good; the entries stay. Only after an ERASURE entry that names them is
  // durable. Rows that LMDB has freed keep the wrapped keys until the epoch is rotated (gateway/journal/rotate.h).
  Status destroy_keys(const std::vector<std::uint64_t>& slots);

  // HMAC under keys that live in keys/: `token` for state indexes, `keyed_digest` for digests inside entries.
  crypto::Digest token(BytesView value) const;
  crypto::Digest keyed_digest(BytesView value) const;

  // The newest signed checkpoint (C2SP signed note); empty before the first.
  std::string checkpoint() const;
  std::uint64_t signed_size() const;  // entries under the newest stored checkpoint, and in the shards before
  // The newest checkpoint that a witness cosigned, with its cosignatures; empty before the first.
  Result<std::string> cosigned_checkpoint() const;
  // In the newest shard: 0 < old_size <= size, both signed.
  Result<ledger::Proof> consistency(std::uint64_t old_size, std::uint64_t size) const;
  // Of one shard, by the origin in its checkpoints (nothing: the newest): its last stored checkpoint, and what stands
  // under that as files of C2SP tlog-tiles. CLIENT_NOT_FOUND: no such shard, or not so much of it.
  using Origin = std::optional<std::string>;
  Result<std::string> checkpoint_of(const Origin& origin) const;
  Result<Bytes> tile(const Origin& origin, const ledger::TilePath& wanted) const;
  Result<Bytes> bundle(const Origin& origin, const ledger::TilePath& wanted) const;
  // What witnesses answered for the checkpoint of that size; stored with the next group.
  void add_cosignatures(std::uint64_t size, std::vector<ledger::NoteSignature> lines);
  // The entry with its proof under the first checkpoint that covers it and is accepted. CLIENT_NOT_FOUND: not yet.
  using Accept = std::function<bool(const std::string& checkpoint)>;
  Result<ledger::ProvenEntry> prove(std::uint64_t index, const Accept& accept = {}) const;
  std::uint64_t base() const;  // entries in the shards before the newest
  std::string origin() const;  // of the newest shard
  TimeUs opened() const;       // when its first entry was made; 0: it has none yet
  // The newest shard gets its last entry; from then on everything is refused with LOCAL_SHARD_CLOSED.
  Outcome close_shard(const std::string& who);
  bool closed() const;
  // Closed, and its last checkpoint is enough (Options::closes_with): the next open() begins another shard.
  Result<bool> complete() const;
  // From now on commands are refused; nothing: as before. For who finds that this log may not go on.
  void hold(std::optional<Hold> hold);
  const crypto::SigningKey& signing_key() const;  // of what has room for one signature: envelopes, receipts
  // Why nothing new is taken at the moment (held, closed, disk full); nothing: it is.
  std::optional<Error> refuses() const;
  // False for good after a failed commit, a signer that found something wrong, or no more payload keys.
  bool healthy() const;
  void stop();  // takes nothing more, finishes what was submitted, signs, closes

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chuanyu::journal
