// tests/fuzz/laws.h: the laws of adapters/README.md, on records that no one meant well. A broken law aborts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::fuzz {

// Prints what should have held, and aborts, when it does not.
void must(bool holds, std::string_view law, std::string_view detail = {});

// The six profiles of the repository.
const std::vector<std::shared_ptr<const adapters::Adapter>>& profiles();
const adapters::Adapter& profile(unsigned char picked);
const adapters::Adapter& partner(const adapters::Adapter& adapter);  // the other province's, of the same kind
const std::vector<std::string>& fixtures(const adapters::Adapter& adapter);
// Byte 0, and the rest.
unsigned char first(std::string_view& input);

void must_be_record_error(const Error& error);
// What get makes of it, when it takes it: the same each time, canonical, and put back unchanged it is the same bytes.
Result<adapters::Converted> lawful_get(const adapters::Adapter& adapter, std::string_view native);
// What was read from some province's record can be created in this format and read again: equal, or noted.
void lawful_create(const adapters::Adapter& adapter, std::string_view canonical);
void lawful_put(const adapters::Adapter& adapter, std::string_view canonical, std::string_view old);

}  // namespace chuanyu::fuzz
