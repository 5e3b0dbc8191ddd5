// gateway/witness/book.h: a witness's memory of other people's logs (见证簿), and what it answers them.
//
// C2SP tlog-witness: of each log the longest tree it has cosigned, compared and replaced in one durable step before a
// cosignature leaves. What a log signed and what contradicts it are kept as evidence. A gateway keeps such a book of
// the other province's log, the auditors keep one of both. A log that was seen in a later shard is
// refused in an earlier one (422): it has forgotten something.
//
//   FOLDER/  LMDB: seen (origin -> record), evidence (origin ‖ digest -> both notes)
//
// Threads: any; one request at a time. Ownership: borrows the clock. Failure: open() as storage::Environment; an answer
// of status 500 when the book cannot be written: then nothing was cosigned.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/ledger/cosignature.h"
#include "gateway/storage/environment.h"

namespace chuanyu::witness {

struct WatchedLog {
  std::string origin;  // a log's name, which stands for its shards too; ending in '/': whatever begins so. The same
                       // name again: a further key of that log
  crypto::VerifyKey key;
};

struct BookOptions {
  std::string folder;
  std::string name;  // of this witness, in its cosignatures
  std::shared_ptr<const crypto::SigningKey> key;
  std::vector<WatchedLog> logs;
  const Clock* clock = nullptr;
  bool read_only = false;  // beside the witness that writes it: kept() and evidence() only
};

// An HTTP answer of add-checkpoint.
struct Answer {
  int status = 400;
  std::string content_type;
  std::string body;  // 200: the cosignature line; 409: the size that was seen; otherwise a sentence
};

// The newest checkpoint that was cosigned, with the cosignature.
struct Kept {
  std::string origin;
  std::uint64_t size = 0;
  std::uint64_t seconds = 0;
  std::string note;
};

// Two notes that the log signed and that cannot both be true, or one that does not continue the other.
struct Evidence {
  std::string origin;
  std::string seen;
  std::string then;
};

class Book {
 public:
  static Result<std::unique_ptr<Book>> open(BookOptions options);

  Answer add_checkpoint(std::string_view request);
  // A checkpoint that this witness cosigned, as somebody else kept it: the book was lost. False when the book has seen
  // as much. LOG_SIGNATURE: not of a watched log, or not cosigned by this witness.
  Result<bool> remember(const std::string& note);
  Result<std::vector<Kept>> kept() const;
  Result<std::vector<Evidence>> evidence() const;
  void watch(std::vector<WatchedLog> logs);  // instead of those before
  const std::string& name() const { return options_.name; }
  std::string vkey() const;

 private:
  Book(BookOptions options, std::unique_ptr<storage::Environment> environment);
  Result<Answer> answer(const ledger::AddCheckpoint& request);
  ledger::VerifyKeys keys_of(const std::string& origin) const;
  void keep_evidence(storage::WriteTxn& txn, const ledger::Judgement& judgement, const std::string& note) const;

  BookOptions options_;
  std::unique_ptr<storage::Environment> environment_;
  storage::Table seen_;
  storage::Table evidence_;
  std::mutex mutex_;  // one comparison at a time
};

}  // namespace chuanyu::witness
