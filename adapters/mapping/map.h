// adapters/mapping/map.h: the rules at work: native cells -> canonical cells and back.
//
// Failure: false with ws.failure. What did not fit is in ws.notes.
#pragma once

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// After load_*(): fills ws.canonical and ws.extras.
bool map_forward(const Plan& plan, const GetOptions& options, Workspace& ws);

// After decode_wire(): fills ws.native.
bool map_backward(const Plan& plan, Workspace& ws);

// The same for a record that was read before (`was`: after load_*() and map_forward()): what stays as it was is
// Is::kept; the first cell of an item that was in the old list holds the old item's native block + 1 as its number.
bool map_changes(const Plan& plan, const Workspace& was, Workspace& ws);

// After map_backward(): appends the native record in UTF-8 to `out` and notes what of ext found no place.
bool print_native(const Plan& plan, Workspace& ws, Bytes& out);

}  // namespace chuanyu::adapters
