// tests/fuzz/records.h: canonical records as messages: compared, and edited as bytes of an input say.
#pragma once

#include <string>
#include <string_view>

#include "adapters/adapter.h"

namespace chuanyu::fuzz {

// The deterministic form without `ext` and without messages that say nothing; "" when it is no such record.
std::string comparable(adapters::Kind kind, std::string_view wire);

// `wire` after the edits that the bytes spell: which field, what becomes of it. Any bytes are edits.
std::string edited(adapters::Kind kind, std::string_view wire, std::string_view edits);

}  // namespace chuanyu::fuzz
