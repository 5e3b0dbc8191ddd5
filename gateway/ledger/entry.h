// gateway/ledger/entry.h: one entry of the exchange log, and its canonical bytes.
//
// Pure: no I/O, no clock. encode() is deterministic and decode() accepts nothing that encode() would not write, so
// equal entries have equal bytes and an entry cannot be respelled (gateway/ledger/FORMAT.md is the grammar). No
// plaintext identifier of a person or record, and no bare hash of one, stands outside `payload`. Threads: plain values.
// Failure: decode() gives LOG_ENTRY_INVALID or LOG_VERSION with the offset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/result.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"

namespace chuanyu::ledger {

// Values are on disk: never renumber.
enum class EntryKind : std::uint8_t {
  // exchanges
  published = 1,  // an agency put a record of its own to be queried
  accepted = 2,   // a push (record or message) was taken for delivery to a local or remote agency
  queried = 3,    // a query was taken; when its target is remote it is in the outbox
  received = 4,   // an envelope of the other gateway took effect here (record, message, query, answer, acknowledgement)
  answered = 5,   // a query was decided and answered from this gateway's records
  deferred = 6,   // the asker was told 202: the answer will go to the inbox
  delivered = 7,  // the other gateway's signed receipt
  refused = 8,    // the other gateway's signed refusal (terminal)
  acknowledged = 9,  // the receiving agency took it out of its inbox
  expired = 10,      // not delivered before its own expiry
  denied = 11,       // policy, ownership or state refused a command
  failed = 12,       // an arrival that could not be understood or mapped; a refused envelope
  recalled = 13,
  corrected = 14,
  // the log's own
  key = 32,
  policy = 33,
  mapping = 34,
  directory = 35,
  erasure = 36,
  peer_checkpoint = 37,
  anchor = 38,
  shard_open = 39,
  shard_close = 40,
  recovery = 41,
  admin = 42,
};
std::string_view to_string(EntryKind kind);  // the names above; empty for a number that is none
constexpr bool is_own(EntryKind kind) { return static_cast<std::uint8_t>(kind) >= 32; }  // not of an exchange

struct MappingRef {
  std::string id;  // profile id; empty: no mapping
  std::string version;
  std::uint64_t fingerprint = 0;
  bool operator==(const MappingRef&) const = default;
};

// An absent field is empty, zero or nil; absent fields take no bytes.
struct Entry {
  EntryKind kind = EntryKind::published;
  TimeUs time = 0;
  Uuid exchange;               // which exchange it belongs to
  std::string gateway;         // id of the gateway that wrote it: "sc"
  std::string from;            // USCC of the agency that acts
  std::string to;              // USCC of the agency it is for
  crypto::Digest principal{};  // certificate fingerprint
  std::string what;            // credit | licence | case | message type
  std::string matter;          // purpose: matter code
  std::string basis;           // purpose: legal basis
  std::string grant;           // purpose: grant number
  bool allowed = false;        // the decision
  std::string rule;            // the rule that decided
  crypto::Digest policy{};     // digest of the policy it was decided under
  crypto::Digest directory{};  // digest of the directory it was decided under
  MappingRef mapping_in;       // native -> canonical
  MappingRef mapping_out;      // canonical -> native
  crypto::Digest native_in{};  // keyed digests (HMAC with the log's digest key) of the bytes inside the payload
  crypto::Digest canonical{};
  crypto::Digest native_out{};
  std::string result;       // error code name; empty: success
  std::uint32_t count = 0;  // records in an answer, rows in an import
  std::string peer;         // the other gateway's id, when one is involved
  std::uint64_t stream =
      0;          // position in the peer's stream to us (received, failed) or in ours to the peer (delivered, refused)
  Uuid peer_log;  // id of the log that `stream` counts in: the peer's for arrivals
  Bytes receipt;  // the peer's signed receipt, Protobuf bytes
  std::uint64_t slot = 0;  // key slot of the payload; 0: no payload
  std::uint32_t key_epoch = 0;
  Bytes payload;          // AES-256-GCM sealed body
  crypto::Digest blob{};  // when the sealed body stands in the blob folder instead: its SHA-256
  std::uint64_t blob_bytes = 0;
  Bytes content;  // policy, mapping, directory, admin, key entries: what was put in force, in plain

  bool operator==(const Entry&) const = default;
};

constexpr std::size_t kMaxEntryBytes = 65'535;

std::size_t encoded_bytes(const Entry& entry);  // how long encode() would make it, also beyond kMaxEntryBytes
Bytes encode(const Entry& entry);  // aborts beyond kMaxEntryBytes: the journal moves large payloads to blobs before
Result<Entry> decode(BytesView bytes);
// Of an encoded entry, without looking at the rest of it: for passes that want a few of many.
std::optional<EntryKind> kind_of(BytesView bytes);
Status decode(BytesView bytes, Entry& entry);  // over what `entry` held, whose memory is used again; failed: anything

}  // namespace chuanyu::ledger
