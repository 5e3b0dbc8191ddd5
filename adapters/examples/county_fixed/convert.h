// adapters/examples/county_fixed/convert.h: the texts of the columns <-> chuanyu.v1.EnforcementCase as wire bytes.
//
// Both say through the Record what does not fit; when they refused it, the result is not to be used. Threads: pure.
#pragma once

#include <string>
#include <string_view>

#include "adapters/examples/county_fixed/layout.h"

namespace county {

// `texts` are what `cells` say. `ext_prefix`: the profile id, under which the remark is kept.
std::string to_canonical(const Cells& cells, const Texts& texts, const std::string& ext_prefix,
                         chuanyu::sdk::Record& record);
Texts from_canonical(std::string_view wire, const std::string& ext_prefix, chuanyu::sdk::Record& record);

}  // namespace county
