// gateway/exchange/conversion.h: canonical records into the format of the agency that gets them, written into entry and
// body.
//
// Threads: any. Failure: RECORD_* of the adapter.
#pragma once

#include "gateway/exchange/desk.h"

namespace chuanyu::v1 {
class RecordQuery;
}

namespace chuanyu::exchange {

// What a record does that cannot be put into the format: fail the whole (a push), or stay out with a note that says so
// (an answer: one agency's odd record must not hide every other record of that subject). All of them out is a failure.
enum class Fit : std::uint8_t { all_or_nothing, as_many_as_fit };

// body.canonical -> body.native_out with entry.mapping_out, digests, count and notes.
Status to_native(const Desk& desk, const adapters::Adapter& adapter, Fit fit, ledger::Entry& entry, v1::LogBody& body);
// The same for a record that is pushed to `receiver`: when it comes back from an exchange (body.in_reply_to) that
// brought it, it is written into the receiver's own native bytes (residual.h).
Status to_receiver(const Desk& desk, const World& world, const identity::Party& receiver, ledger::Entry& entry,
                   v1::LogBody& body);

// Whether a credit record stands in one of the lists asked for; other kinds and an empty list: yes.
bool in_lists(adapters::Kind kind, BytesView canonical, const v1::RecordQuery& query);

}  // namespace chuanyu::exchange
