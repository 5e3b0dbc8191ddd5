// adapters/plugin/canonical.h: what the host does to canonical bytes that a plug-in made.
//
// Threads: pure functions. Failure: LOCAL_PLUGIN_INVALID for bytes that are no such message; RECORD_CHECK_DIGIT and
// RECORD_IDENTIFIER for identifiers, as the mapping engine says it of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace google::protobuf {
class Message;
}

namespace chuanyu::adapters::plugin {

std::string message_name(Kind kind);  // "chuanyu.v1.EnforcementCase"
// Of every field of the message and the messages in it: name, number, type. CHUANYU_FP_* of adapters/sdk/canonical.h.
std::uint64_t message_fingerprint(Kind kind);

// `wire` must be such a message.
std::unique_ptr<google::protobuf::Message> parsed(Kind kind, BytesView wire);

// The one form that equal records have. RECORD_PARSE when it is not such a message.
Result<Bytes> normal_form(Kind kind, BytesView wire);

// True when everything that `part` says is said by `whole` as well; entries of ext that `whole` does not have are
// passed over. Both must be such messages.
bool is_part(Kind kind, BytesView part, BytesView whole);

// `base` with what changed from `before` to `after`. Lists of one length are taken item by item, others as a whole.
Bytes merge_edit(Kind kind, BytesView base, BytesView before, BytesView after);

// As it comes from a plug-in: without fields that the message does not have; identifiers checked.
Result<Converted> accept(Kind kind, BytesView wire, const GetOptions& options);

}  // namespace chuanyu::adapters::plugin
