// tests/unit/adapters/respell.h: the same native record as somebody else would write it: other white space, quotes,
// escapes, order; and with private members that no mapping knows. Inside a RapidCheck property only.
#pragma once

#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters::testing {

struct Respelled {
  std::string native;                 // in the profile's character set
  std::vector<std::string> privates;  // what must still be there when the record was edited, as bytes of `native`
};

// `with_privates`: false for a mapping that refuses what it does not know.
Respelled respell(const Adapter& adapter, const std::string& native, bool with_privates);

}  // namespace chuanyu::adapters::testing
