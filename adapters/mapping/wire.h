// adapters/mapping/wire.h: canonical cells <-> Protobuf wire bytes, by the plan's field numbers.
//
// Deterministic: fields in the order of their numbers, implicit defaults left out, ext sorted by key; equal records
// give equal bytes. Threads: each call works in the Workspace it is given.
#pragma once

#include <string_view>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// Appends ws.canonical, ws.extras (with the profile's prefix) and ws.foreign to `out`.
void encode_wire(const Plan& plan, const Workspace& ws, Bytes& out);

// Fills ws.canonical, ws.extras and ws.foreign. False with ws.failure (RECORD_PARSE, RECORD_CHARSET) when the bytes are
// not of the message; a field the plan's descriptor does not know is noted as a loss.
bool decode_wire(const Plan& plan, std::string_view bytes, Workspace& ws);

}  // namespace chuanyu::adapters
