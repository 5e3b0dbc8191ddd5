// gateway/audit/body.h: opens the sealed body of an entry for who holds the key-encryption key, and says what is in it.
//
// Without `reveal` only what names no person is said: sizes, codes, the operator's name with all but its first
// character hidden. Threads: any. Failure: open() gives LOCAL_KEY_FILE or LOCAL_CRYPTO; body() gives
// LOCAL_PAYLOAD_ERASED when the key was destroyed, LOG_INCOMPLETE without the blob, LOG_TAMPERED when it does not open.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/audit/log_reader.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::audit {

class BodyOpener {
 public:
  // The log's wrapped keys and the file with the 32-byte key-encryption key. `log` outlives the opener.
  static Result<BodyOpener> open(const LogReader& log, const std::string& key_file);
  Result<Bytes> body(const ledger::Entry& entry) const;
  // "token", "digest": LOG_INCOMPLETE when it is not there, LOG_TAMPERED when it does not open.
  Result<Secret> named_key(const char* name) const;

 private:
  BodyOpener(const LogReader& log, Secret key) : log_(&log), key_(std::move(key)) {}
  const LogReader* log_;
  Secret key_;
};

using Lines = std::vector<std::pair<std::string, std::string>>;  // label, value; a value may have several lines
// `log`: where the entry stands, and the entries that it names.
Lines describe_body(const LogReader& log, const ledger::Entry& entry, BytesView body, bool reveal);

}  // namespace chuanyu::audit
