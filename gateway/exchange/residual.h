// gateway/exchange/residual.h: a record that comes back changed: what it was made from.
//
// An agency that pushes a record back, in reply to the exchange that brought it, edits that record; it does not make a
// new one. Its gateway reads the edit onto the canonical record that it delivered (brought), so that what the
// agency's format cannot hold is not lost on the way; the gateway of the source writes it into the source's own native
// bytes (residual), so that what the source never shared is still there. Those bytes never leave their gateway: the
// exchange id is the handle, the entry's digest says that they are still the same.
// Threads: any but the writer's. Failure: LOCAL_*; residual(): RECORD_RESIDUAL_STALE when the bytes are erased,
// damaged, or no longer the newest version. Never a silent create.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

struct Origin {
  std::uint64_t index = 0;  // the entry
  Bytes bytes;
};

// A record on its way back.
struct ReturnedRecord {
  Uuid exchange;  // that it answers
  adapters::Kind kind = adapters::Kind::credit;
  std::string_view agency;  // USCC: whose edit it is; whose native bytes are looked for
  std::string_view id;      // of the record
};

// The canonical record that the exchange brought to the agency. Nothing: it brought no such record.
Result<std::optional<Origin>> brought(const Desk& desk, const ReturnedRecord& record);

// The native bytes that the agency sent in the exchange, or that were published and then asked for by it. Nothing: the
// exchange carried no such record of this agency.
Result<std::optional<Origin>> residual(const Desk& desk, const ReturnedRecord& record);

}  // namespace chuanyu::exchange
