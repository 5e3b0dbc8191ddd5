// gateway/audit/pairing.h: two logs against each other: what one says it sent, the other must say it received.
//
// Sent are the entries for a peer in log order: accepted, queried, answered, acknowledged; the n-th has stream position
// n. An arrival carries the position and the id of the sender's log. Partners have the same position and exchange id;
// the sender's receipt is signed by the receiver and names the receiver's entry by index and leaf hash. What the
// receiver's gateway cosigned of the sender's log stands in its own, and must be of that log (entangled.h). Memory:
// some 100 bytes a message between the two. Threads: one. Failure: in the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"
#include "gateway/crypto/signature.h"

namespace chuanyu::audit {

// One direction.
struct PairReport {
  std::string from;  // origins
  std::string to;
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;          // with a receipt and its partner
  std::uint64_t refused = 0;            // with a signed refusal and its partner
  std::uint64_t expired = 0;            // by the sender's word, without a partner
  std::uint64_t under_way = 0;          // no receipt yet, and no partner either
  std::uint64_t receipt_pending = 0;    // the partner is there, the receipt is not (or came after the expiry)
  bool receipts_checked = false;        // false: the receiver's key was not given
  std::uint64_t receipts_unjudged = 0;  // signed by a key from before the one given, which only the log names
  std::uint64_t cosigned = 0;           // checkpoints of the sender that the receiver's log quotes, compared
  Findings findings;                    // LOG_TAMPERED: contradiction; LOG_INCOMPLETE: without a partner
};

// A log, and its keys as verify() followed them; none: signatures are not looked at.
struct Side {
  const LogReader& log;
  const ledger::VerifyKeys& keys;
  const ledger::VerifyKeys& earlier;  // that only the log itself names
};
PairReport pair(const Side& sender, const Side& receiver);

}  // namespace chuanyu::audit
