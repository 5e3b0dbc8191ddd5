// adapters/mapping/values.h: one value, native text <-> canonical cell; and how places are shown.
//
// Failure: read_value/print_value return false with ws.failure; what merely did not fit is noted in ws.notes.
#pragma once

#include <string>
#include <string_view>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// Where a value stands: for notes and errors, built only when one is written.
struct Spot {
  const Plan& plan;
  const std::string& rule;
  const NativeNode* native;
  int canonical;
  std::uint32_t n_base;
  std::uint32_t c_base;
};

// Reads the native cell (which holds something) into the canonical cells.
bool read_value(const Spot& spot, const Convert& convert, const Target& target, const Cell& native,
                const GetOptions& options, Workspace& ws);
// The native text of the canonical cells into `out`; an empty view when there is nothing to print.
bool print_value(const Spot& spot, const Convert& convert, const Target& target, Workspace& ws, std::string_view& out);
// True when the canonical field holds something.
bool is_set(const Target& target, std::uint32_t c_base, const Cells& cells);

// Parses and prints without a record, for tests and the tool.
bool parse_money(std::string_view text, unsigned scale, std::int64_t max, std::int64_t& fen);
std::string_view print_money(std::int64_t fen, unsigned scale, unsigned frac, char* buffer);  // at least 32 bytes
bool match_date(const DatePattern& pattern, std::string_view text, int& year, int& month, int& day, bool& exact);

std::size_t characters(std::string_view utf8);

// ws.fail() with the place of the native, the canonical field.
bool fail_native(const Spot& spot, Workspace& ws, Code code, std::string detail);
bool fail_canonical(const Spot& spot, Workspace& ws, Code code, std::string detail);

// ws.fail() for a value that the code set does not know.
bool fail_gap(const Spot& spot, Workspace& ws, Code code, std::string detail, CodeGap gap);
void add_gap(const Spot& spot, Workspace& ws, CodeGap gap);

void add_note(const Spot& spot, Workspace& ws, Note::Kind kind, std::string message, Code code = Code::RECORD_VALUE);
// Keeps `text` in ext at the place of the native field.
void keep_in_ext(const Spot& spot, Workspace& ws, std::string_view text);
// The kept text of the native field, marked as used; nullptr when there is none.
Extra* kept_in_ext(const Spot& spot, Workspace& ws);
// An entry of ext is of a value, or of an item's position, that the record no longer has: it is not written back, which
// is noted.
void outdate(Workspace& ws, Extra& entry);

}  // namespace chuanyu::adapters
