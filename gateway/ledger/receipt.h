// gateway/ledger/receipt.h: proof that an entry is in a log, for someone who has not the log (回执): C2SP tlog-proof.
//
// `extra` carries the entry itself: its leaf hash is what the proof is about, so nothing of it has to be believed.
// With the log's key (and a witness policy) a receipt can be verified for as long as the hash function stands, without
// the log and without a network. Pure, threads: plain values. Failure: CONFIG_VALUE for a text that is no receipt,
// LOG_INCOMPLETE for one that is cut or a checkpoint that the entry is not under, LOG_TAMPERED when entry and proof do
// not belong together, LOG_SIGNATURE.
#pragma once

#include <string>
#include <string_view>

#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/merkle.h"

namespace chuanyu::ledger {

struct ProvenEntry {
  Bytes entry;  // canonical bytes, gateway/ledger/entry.h
  std::uint64_t index = 0;
  Proof proof;             // inclusion in the checkpoint's tree
  std::string checkpoint;  // signed note, with cosignatures when there are any
};

std::string to_text(const ProvenEntry& receipt);
Result<ProvenEntry> parse_receipt(std::string_view text);
// The checkpoint, when the entry is in its tree and one of `keys` signed it as `log`.
Result<Checkpoint> open_receipt(const ProvenEntry& receipt, std::string_view log, const VerifyKeys& keys);

}  // namespace chuanyu::ledger
