// gateway/exchange/gaps.h: what the code sets do not know: written into the entries, counted in the state, reported.
//
// An entry says which set, a keyed token that tells one unknown value from another, and a masked sample; the value
// itself stands nowhere but in the sealed native bytes. Threads: any. Failure: LOCAL_*.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

// The notes of a conversion by `profile`, into the body.
void add_notes(const Desk& desk, const std::string& profile, const std::vector<adapters::Note>& notes,
               v1::LogBody& body);
// Why a record was refused by `profile`, when it was for a value that a code set does not know.
void add_gap(const Desk& desk, const std::string& profile, const Error& why, v1::LogBody& body);

// For operators and auditors all, for an agency those of its own profiles; by profile and set.
Result<std::vector<Gap>> gaps(const Desk& desk, const identity::Principal& reader);

}  // namespace chuanyu::exchange
