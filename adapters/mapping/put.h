// adapters/mapping/put.h: the two halves of put around the text: what to write into the old record, and whether what
// was written reads back as what was meant.
//
// Threads: one, with its workspaces. Failure: an error of the record, or RECORD_LAW_PUTGET.
#pragma once

#include <string>
#include <string_view>

#include "adapters/mapping/splice.h"
#include "gateway/base/result.h"

namespace chuanyu::adapters {

// `was` was read from `source`, `now` was decoded from the canonical record: what to write, in the order of the text.
// What found no place is in now.notes.
Result<Edits> edits_of(const Plan& plan, const Workspace& was, Workspace& now, std::string_view source);

// The law PutGet: `read` is what was read from the written record, `meant` what should be in it. A difference must be
// one that the notes of either direction name. Entries of ext that are in `before` (the old record's) may be missing in
// one of the two: they stay with the source.
Status check_put_get(const Plan& plan, const Workspace& read, const Workspace& meant,
                     const std::vector<std::pair<std::string, std::string>>& before);

}  // namespace chuanyu::adapters
