// gateway/exchange/state.h: the tables the exchange room makes of the log, and how a row reads.
//
// Nothing here is true by itself: every row is what the entries say (projection.cpp) and can be rebuilt from them. Keys
// that stand for a person, an organisation or a record are keyed tokens.
//
//   meta      "log" -> log id, "logs" -> (log id ‖ log index where it ended) of those before a recovery,
//             "policy" | "directory" -> digest in force, "out/<peer>" -> last position,
//             "mapping/<profile>" -> (fingerprint ‖ log index) of its mappings, the one in force last,
//             "gaps/<profile>" -> how many rows it has in `gap`
//   record    token(id) ‖ USCC of the owner -> RecordRow   published records, newest version
//   subject   term ‖ record key -> ""                 which records an identifier is found in
//   exchange  exchange id -> ExchangeRow
//   idem      token(agency, key) -> exchange id ‖ request digest
//   inbox     USCC ‖ log index -> exchange id
//   outbox    peer ‖ 0 ‖ position -> log index        still to be delivered
//   gap       profile ‖ 0 ‖ code set ‖ 0 ‖ token(value) -> Gap   values that a code set does not know
//   inbound   peer ‖ 0 ‖ stream ‖ position -> log index   what each envelope of the peer became
//
//   quarantine  USCC ‖ log index -> exchange id ‖ idempotency token   refused, and kept to be run again
//   held      idempotency token -> key in `quarantine`
//
// Threads: as the transaction they are given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/uuid.h"
#include "gateway/storage/environment.h"

namespace chuanyu::exchange {

enum class Verb : std::uint8_t { publish = 1, import = 2, push = 3, query = 4 };
std::string_view to_string(Verb verb);

enum class ExchangeStatus : std::uint8_t {
  published = 1,     // publish, import: done
  accepted = 2,      // push: durable here, on its way
  delivered = 3,     // push: in the receiver's inbox
  acknowledged = 4,  // push: the receiver took it
  refused = 5,       // terminal
  expired = 6,       // terminal: not delivered in time
  waiting = 7,       // query: no answer yet
  answered = 8       // query
};
std::string_view to_string(ExchangeStatus status);

struct ExchangeRow {
  Verb verb = Verb::push;
  ExchangeStatus status = ExchangeStatus::accepted;
  bool deferred = false;  // query: the asker was told 202
  bool replaced = false;  // publish: there was an earlier version of the record
  std::string from;       // USCC
  std::string to;         // USCC; empty: a whole gateway was asked
  std::string what;
  std::string error;                   // code name, when refused
  std::uint64_t opened = 0;            // log index of the entry that opened it here
  std::uint64_t settled = 0;           // of the entry with the answer, refusal or receipt; 0: none yet
  std::uint64_t inbox = 0;             // of the entry that stands in an inbox here; 0: none
  std::vector<std::uint64_t> entries;  // all, at most kMaxListed; imports list their first and last
};
constexpr std::size_t kMaxListed = 32;

struct RecordRow {
  std::uint64_t index = 0;   // the published entry
  std::uint64_t since = 0;   // how new it is: its entry, or the entry that put it into quarantine first
  Bytes digest;              // 16 bytes
  std::vector<Bytes> terms;  // 16 bytes each
};

// A value that a code set does not know: how often it came, and when first.
struct Gap {
  std::string profile;
  std::string set;
  std::string sample;  // masked
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // log index
  TimeUs first_time = 0;
};
constexpr std::uint64_t kMaxGaps = 1'000;     // rows of a profile; whatever comes later is one row together
constexpr std::string_view kOtherGaps = "…";  // the set and sample of that row

struct Idem {
  Uuid exchange;
  Bytes request_digest;  // 16 bytes
};

constexpr std::size_t kTokenBytes = 16;

Bytes encode(const ExchangeRow& row);
ExchangeRow decode_exchange(BytesView bytes);
Bytes encode(const RecordRow& row);
RecordRow decode_record(BytesView bytes);
Bytes encode(const Gap& gap);  // without profile and set, which stand in the key
Gap decode_gap(BytesView key, BytesView bytes);

// The tables, and the questions that more than one room asks of them.
class State {
 public:
  static std::vector<std::string> names();
  void open(const storage::Environment& environment);

  std::optional<ExchangeRow> exchange(const storage::ReadTxn& txn, const Uuid& id) const;
  std::optional<RecordRow> record(const storage::ReadTxn& txn, BytesView token) const;
  std::optional<Idem> idem(const storage::ReadTxn& txn, BytesView token) const;
  // Keys of the records an identifier's term leads to, and of those with an id (one for each owner); at most `limit`.
  std::vector<Bytes> records_of(const storage::ReadTxn& txn, BytesView term, std::size_t limit) const;
  std::vector<Bytes> records_with_id(const storage::ReadTxn& txn, BytesView id_token, std::size_t limit) const;

  struct InboxItem {
    std::uint64_t index = 0;
    Uuid exchange;
  };
  std::vector<InboxItem> inbox(const storage::ReadTxn& txn, std::string_view uscc, std::uint64_t after,
                               std::size_t limit) const;

  struct Outgoing {
    std::uint64_t position = 0;
    std::uint64_t index = 0;
  };
  // Those behind position `after`, at most `limit`.
  std::vector<Outgoing> outbox(const storage::ReadTxn& txn, std::string_view peer, std::uint64_t after,
                               std::size_t limit) const;
  // The entry an envelope became; nothing when it never came.
  std::optional<std::uint64_t> inbound(const storage::ReadTxn& txn, std::string_view peer, BytesView stream,
                                       std::uint64_t position) const;
  struct Held {
    std::string agency;
    std::uint64_t index = 0;
    Uuid exchange;
  };
  // Behind `after` (a key; empty: from the start), of one agency or, without, of all; only of `exchange` if not nil.
  std::vector<Held> quarantine(const storage::ReadTxn& txn, std::string_view agency, BytesView after,
                               const Uuid& exchange, std::size_t limit) const;
  std::vector<Gap> gaps(const storage::ReadTxn& txn) const;                   // by profile and set
  Bytes meta_value(const storage::ReadTxn& txn, std::string_view key) const;  // empty: none
  // Id of the log that the stream position of the entry of that index counts in.
  Bytes log_id(const storage::ReadTxn& txn, std::uint64_t index) const;
  // Key slots of all payloads that were ever erased.
  std::vector<std::uint64_t> erased_slots(const storage::ReadTxn& txn) const;
  struct Mapping {
    std::uint64_t fingerprint = 0;
    std::uint64_t index = 0;  // in the log
  };
  // By profile, in the order in which they came into force.
  std::map<std::string, std::vector<Mapping>> mappings(const storage::ReadTxn& txn) const;

  storage::Table meta_table, record_table, subject_table, exchange_table, idem_table, inbox_table, outbox_table,
      inbound_table, gap_table, quarantine_table, held_table, erased_table;
};

Bytes inbox_key(std::string_view uscc, std::uint64_t index);
Bytes outbox_key(std::string_view peer, std::uint64_t position);
Bytes quarantine_key(std::string_view uscc, std::uint64_t index);
Bytes gap_key(std::string_view profile, std::string_view set, BytesView token);
Bytes inbound_key(std::string_view peer, BytesView stream, std::uint64_t position);

}  // namespace chuanyu::exchange
