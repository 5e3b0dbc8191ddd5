// gateway/exchange/departures.h: the outbox of a peer: envelopes made from the log, and what the peer's receipts say of
// them.
//
// The outbox is a cursor over the log: an envelope leaves only after its entry is durable, and stays until a signed
// receipt, a signed refusal or its own expiry is in the log. Threads: one sender per peer (federation). Failure:
// LOCAL_* of the journal, PEER_SIGNATURE and PEER_PROTOCOL for receipts that do not belong to what was sent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

// What a peer must be able to take in one request. One envelope may be larger than a parcel is meant to be; an answer
// is the largest of them.
constexpr std::size_t kParcelBytesMax = std::size_t{64} << 20;
constexpr std::size_t kAnswerBytes = std::size_t{16} << 20;  // of canonical records; the rest is not answered

class Departures {
 public:
  Departures(Desk& desk, std::string peer) : desk_(desk), peer_(std::move(peer)) {}

  struct Parcel {
    Bytes batch;                        // v1::EnvelopeBatch; empty: nothing to send
    std::vector<State::Outgoing> rows;  // in the order of the envelopes
  };
  // Expires what is past its time, then packs the next envelopes.
  Result<Parcel> next(std::size_t limit);
  // Expires what is past its time in the whole outbox: for while the peer is away, when nothing else looks at it.
  Status sweep();
  // Logs the receipts (v1::ReceiptBatch) of a parcel: delivered or refused, one entry each.
  Status settle(const Parcel& parcel, BytesView receipts);

  const std::string& peer() const { return peer_; }

 private:
  // Logs those that are past their time; the others are returned.
  Result<std::vector<State::Outgoing>> expire(const std::vector<State::Outgoing>& rows);
  Result<Bytes> envelope(const State::Outgoing& row) const;
  ledger::Entry about(const journal::Stored& sent, ledger::EntryKind kind, std::uint64_t position) const;
  Desk& desk_;
  std::string peer_;
};

}  // namespace chuanyu::exchange
