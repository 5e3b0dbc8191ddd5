// Private to gateway/audit: finds entries and shows them as people read them, or as JSON.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <vector>

#include "gateway/audit/body.h"
#include "gateway/audit/erasures.h"
#include "gateway/audit/log_reader.h"
#include "gateway/base/uuid.h"

namespace chuanyu::audit {

// As people read them.
std::string_view kind_zh(ledger::EntryKind kind);
std::string what_zh(std::string_view what);
// An error code, or that there was none; empty for entries of the log's own.
std::string result_of(const ledger::Entry& entry);

struct Shown {
  const LogReader* log = nullptr;
  const BodyOpener* opener = nullptr;  // nullptr: no key was given
  std::uint64_t index = 0;
  ledger::Entry entry;
  crypto::Digest leaf{};
  Fate fate{};
};

// Every entry of the exchange, by reading the whole log: an index could leave something out.
Result<std::vector<Shown>> find_exchange(const LogReader& log, const BodyOpener* opener, const Uuid& exchange);
Result<std::vector<Shown>> find_range(const LogReader& log, const BodyOpener* opener, std::uint64_t from,
                                      std::uint64_t to);

// What became of their payloads. True when one is gone and no entry accounts for it.
Result<bool> trace_payloads(std::vector<Shown>& entries);

struct ShowStyle {
  bool json = false;
  bool details = true;  // below the table, every field of every entry
  bool reveal = false;
};
void show(std::vector<Shown> entries, const ShowStyle& style, std::ostream& out);

}  // namespace chuanyu::audit
