// gateway/exchange/conversion.h: canonical records into the format of the agency that gets them, written into entry and
// body.
//
// Threads: any. Failure: RECORD_* of the adapter: nothing is delivered rather than a part.
#pragma once

#include "gateway/exchange/desk.h"

namespace chuanyu::v1 {
class RecordQuery;
}

namespace chuanyu::exchange {

// body.canonical -> body.native_out with entry.mapping_out, digests, count and notes.
Status to_native(const Desk& desk, const adapters::Adapter& adapter, ledger::Entry& entry, v1::LogBody& body);

// Whether a credit record stands in one of the lists asked for; other kinds and an empty list: yes.
bool in_lists(adapters::Kind kind, BytesView canonical, const v1::RecordQuery& query);

}  // namespace chuanyu::exchange
