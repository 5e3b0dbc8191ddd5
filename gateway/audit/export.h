// gateway/audit/export.h: a log as a static folder of files: for archive, backup and other people's tools.
//
// C2SP tlog-tiles with the checkpoint, every stored checkpoint, the blobs and, when asked for, the wrapped keys
// (gateway/ledger/FORMAT.md §6). It reaches to the newest signed checkpoint. Run again, it adds what is new; a full
// tile or bundle is never written twice. Everything is hashed on the way. Threads: one. Failure: LOG_TAMPERED,
// LOG_SIGNATURE, LOG_INCOMPLETE of the source, then `checkpoint` stays as it was; CONFIG_VALUE when the folder is
// another log's or no export; LOCAL_IO, LOCAL_DISK_FULL.
#pragma once

#include <optional>
#include <string>

#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"
#include "gateway/crypto/signature.h"

namespace chuanyu::audit {

struct ExportOptions {
  bool with_keys = false;
  ledger::VerifyKeys keys;  // none: hashes only
  Progress progress;
};

struct ExportReport {
  std::string origin;
  std::uint64_t before = 0;  // entries that were exported already
  std::uint64_t size = 0;
  std::uint64_t not_signed = 0;  // entries beyond the newest checkpoint: not exported
  crypto::Digest root{};
  std::uint64_t files = 0;  // written
  std::uint64_t bytes = 0;
};

// A log that is in one piece.
Result<ExportReport> export_log(const LogReader& log, const std::string& folder, const ExportOptions& options);
// All shards of a log, each an export of its own: the first in `folder`, which has the keys, the others in
// FOLDER/shards/NAME. The report is of all of them; root and origin those of the newest.
Result<ExportReport> export_shards(const LogReader& log, const std::string& folder, const ExportOptions& options);

}  // namespace chuanyu::audit
