// gateway/storage/durable_folder.h: names that survive a power cut.
//
// A flush of a file keeps what is in it, not its name: a file or folder that was just made is there for certain only
// when the folder that holds it was flushed too. Threads: any. Failure: LOCAL_IO with the path.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/result.h"

namespace chuanyu::storage {

// Every level that is missing is made with mode 0700, and its name made durable. What is there already stays as it is.
Status make_durable_folder(const std::string& folder);
// What was made, renamed and removed in the folder so far is durable.
Status flush_names(const std::string& folder);
// What stands in the folder, sorted; nothing when there is no such folder.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace chuanyu::storage
