// adapters/explain.h: what an adapter did with one record, rule by rule, for the person who writes the mapping.
//
// Made after the conversion from what it left behind, so that the fast path carries no trace of it. Offsets are bytes
// of the native record as it was given. Values are shown in full; mask() is for those who may not see them. Threads:
// plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

// One rule at one place. A list written as one text (split, zip) is one step for each of its columns. Of a plug-in one
// field that came ("plugin"), or what the host did ("host.charset", …); it has no native place.
struct Step {
  std::string rule;
  std::string as;      // "text", "code(sc.state)", "date", "dec(wan,6)", "const", ...
  std::string native;  // place
  bool there = false;  // the native record has the field
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string lexeme;     // what stands there, as it is spelled
  std::string canonical;  // field path; empty: nothing is taken over (const, a derived field that is only compared)
  std::string value;      // what the field got; empty: it is not set
  bool open = false;      // a code, date, amount, number or region: says nothing of a person
};

// Bytes that put would write over others.
struct Splice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string before;
  std::string after;
};

struct Explanation {
  std::vector<Step> steps;
  std::vector<Splice> splices;  // explain_put of a mapping only, in the order of the bytes
  Converted converted;          // what get, put would have returned
};

// Everything but open values becomes its length: 〔12 字〕. In the notes nothing is hidden: they never hold a value.
void mask(Explanation& explanation);

}  // namespace chuanyu::adapters
