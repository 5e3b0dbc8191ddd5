// gateway/storage/durable_file.h: files that are there whole or not at all, also after a power cut.
//
// Threads: any. Failure: LOCAL_IO or LOCAL_DISK_FULL with the path.
#pragma once

#include <optional>
#include <string>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::storage {

// tmp + fsync + rename + fsync of the folder. The folder and those above it are made (and made durable) when missing.
Status write_durable_file(const std::string& folder, const std::string& name, BytesView bytes);
// Nothing when there is no such file.
Result<std::optional<Bytes>> read_file(const std::string& path);

}  // namespace chuanyu::storage
