// Private to gateway/audit: the decision of an entry, taken again under the policy and the directory that it names.
//
// What a policy sees is in the entry: who, for whom, what, under which matter and grant, on which day. Two things the
// entry may leave open are tried: which gateway a refused query was for, and, without its body, whether an arrival
// asked or brought something.
#pragma once

#include "gateway/audit/versions.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::audit {

// True: the same decision; false: the entry records none (a receipt, an answer that came). LOG_DIFFERS: another one.
// `body`: nullptr when it cannot be read. Otherwise why it cannot be taken again, as Versions says it.
Result<bool> redecide(Versions& versions, const ledger::Entry& entry, const v1::LogBody* body);

}  // namespace chuanyu::audit
