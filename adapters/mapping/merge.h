// adapters/mapping/merge.h: an edit made in one format, carried over to the canonical record that the format was made
// from (three-way, field by field): what the format cannot hold, or says with less detail, stays as the record has it.
//
// Threads: one. Ownership: `out` holds views into the other three; encode it before they change.
#pragma once

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// base: the canonical record; before: what its native form reads back as; after: what the edited native form reads as.
// Where `after` says what `before` says, `out` gets the field of `base`, otherwise that of `after`. A date and a code
// with its words are one field; an item of a list is found by the mapping's `align`.
void merge_edit(const Plan& plan, const Workspace& base, const Workspace& before, const Workspace& after,
                Workspace& out);

}  // namespace chuanyu::adapters
