// adapters/goldens.h: what a mapping makes of sample documents, written down beside it.
//
// Beside sc.case.v1.mapping.json lie the inputs: fixtures/sc_case.* and goldens/sc.case.v1/NAME.in.* (documents of the
// format, in its character set) and goldens/sc.case.v1/NAME.canonical.json (canonical records, for create alone). What
// comes of NAME stands in goldens/sc.case.v1/NAME.golden.json: for each record the canonical JSON and the notes of get,
// the native text and the notes of create and whether get reads the same record from it, or the error's code and place.
// Threads: pure functions over files. Failure: an Error when a file cannot be read or a canonical record is none.
#pragma once

#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters {

struct GoldenInput {
  std::string file;    // what is converted
  std::string golden;  // where the result stands
  bool canonical = false;
};

// The inputs of the mapping in `mapping_file`, in the order of their names; none is no error.
std::vector<GoldenInput> golden_inputs(const std::string& mapping_file, const std::string& profile);

// The text of the golden as the adapter makes it now.
Result<std::string> make_golden(const Adapter& adapter, const GoldenInput& input);

}  // namespace chuanyu::adapters
