// gateway/exchange/arrivals.h: envelopes of the other gateway take effect here, each exactly once.
//
// Every envelope of a batch is checked, turned into one log entry (received, answered, acknowledged, or denied/failed
// for a refusal) and answered with a signed receipt that carries this log's position. A repeated envelope gets the
// receipt of its first coming. The reply comes when every entry is durable. Threads: any. Failure: PEER_PROTOCOL,
// PEER_SIGNATURE for a batch that cannot be trusted: nothing of it takes effect. LOCAL_* when this gateway cannot take
// it now: the sender tries again.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::v1 {
class Envelope;
}

namespace chuanyu::exchange {

class Arrivals {
 public:
  explicit Arrivals(Desk& desk) : desk_(desk) {}
  // `batch`: v1::EnvelopeBatch bytes; the reply: v1::ReceiptBatch bytes.
  void receive(std::shared_ptr<const identity::Principal> gateway, BytesView batch, Reply<Bytes> reply);

 private:
  struct Arrival;
  struct Batch;
  Result<v1::Envelope> open(const identity::Principal& gateway, BytesView envelope, BytesView signature) const;
  void take(const std::shared_ptr<Batch>& batch, const std::vector<std::size_t>& open, int attempts);
  Arrival arrive(const Batch& batch, const v1::Envelope& envelope) const;
  bool came_before(const storage::ReadTxn& state, const v1::Envelope& envelope) const;
  Status push(const World& world, const v1::Envelope& envelope, Arrival& arrival) const;
  Status query(const World& world, const v1::Envelope& envelope, Arrival& arrival) const;
  Status answer(const World& world, const v1::Envelope& envelope, Arrival& arrival) const;
  Status acknowledgement(const v1::Envelope& envelope, Arrival& arrival) const;
  Status parties(const World& world, const v1::Envelope& envelope, const identity::Party*& from,
                 const identity::Party*& to) const;
  void finish(const std::shared_ptr<Batch>& batch) const;
  Result<Bytes> receipt(std::string_view peer, const v1::Envelope& envelope) const;
  Desk& desk_;
};

}  // namespace chuanyu::exchange
