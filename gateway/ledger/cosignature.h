// gateway/ledger/cosignature.h: what a witness says of another's log: C2SP tlog-cosignature (Ed25519, cosignature/v1)
// and the request by which it is asked, C2SP tlog-witness add-checkpoint.
//
// A cosignature says: at that time this was the longest tree I had seen of the log, and it continues every one that I
// saw before. Pure, threads: plain values. Failure: PEER_PROTOCOL for a text that is no request or no answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::ledger {

// `seconds` since the epoch. The note's text is what Note::text holds.
NoteSignature cosign(std::string_view note_text, std::string_view witness, const crypto::SigningKey& key,
                     std::uint64_t seconds);
// When that witness cosigned the note, in seconds; the newest of several valid lines; nothing when there is none.
std::optional<std::uint64_t> cosigned_at(const Note& note, const NamedKey& witness);

// The body of POST …/add-checkpoint.
struct AddCheckpoint {
  std::uint64_t old_size = 0;
  Proof proof;       // consistency, from old_size to the checkpoint's size
  std::string note;  // a signed checkpoint
};
constexpr std::size_t kMaxProofLines = 63;
std::string to_text(const AddCheckpoint& request);
Result<AddCheckpoint> parse_add_checkpoint(std::string_view text);
// The witness's answer to 200: one or more signature lines.
Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view text);
// The witness's answer to 409: the size that it has seen.
Result<std::uint64_t> parse_seen_size(std::string_view text);

// What a witness remembers of a log; size 0: nothing yet.
struct Seen {
  std::uint64_t size = 0;
  crypto::Digest root{};
};

// What the specification has a witness answer. Only `status` 200 allows a cosignature, after the checkpoint has been
// made durable as the latest seen, in one step with this comparison.
struct Judgement {
  int status = 400;  // 200, 400, 403, 404, 409, 422
  Checkpoint checkpoint;
  Note note;
  std::uint64_t seen_size = 0;  // what 409 tells
  bool evidence = false;        // signed by the log, and at odds with what was seen: worth keeping
};
// The keys of a checkpoint's origin, none when the log is not known.
using LogKeys = std::function<VerifyKeys(const std::string& origin)>;
using LastSeen = std::function<Result<Seen>(const std::string& origin)>;
Result<Judgement> judge(const AddCheckpoint& request, const LogKeys& keys, const LastSeen& seen);

}  // namespace chuanyu::ledger
