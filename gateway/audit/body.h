// gateway/audit/body.h: opens the sealed body of an entry for who holds the key-encryption key, and says what is in it.
//
// Without `reveal` only what names no person is said: sizes, codes, the operator's name with all but its first
// character hidden. Threads: one. Failure: open() gives LOCAL_KEY_FILE or LOCAL_CRYPTO; body() gives
// LOCAL_PAYLOAD_ERASED when the key was destroyed, LOG_INCOMPLETE without the blob, LOG_TAMPERED when it does not open.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/audit/log_reader.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"
#include "gateway/ledger/entry.h"
#include "gateway/storage/environment.h"

namespace chuanyu::audit {

class BodyOpener {
 public:
  // FOLDER/keys and the file with the 32-byte key-encryption key.
  static Result<BodyOpener> open(const std::string& folder, const std::string& key_file);
  Result<Bytes> body(const ledger::Entry& entry) const;

 private:
  std::string folder_;
  Secret key_;
  std::unique_ptr<storage::Environment> keys_;
};

using Lines = std::vector<std::pair<std::string, std::string>>;  // label, value; a value may have several lines
// `log`: where the entry stands, and the entries that it names.
Lines describe_body(const LogReader& log, const ledger::Entry& entry, BytesView body, bool reveal);

}  // namespace chuanyu::audit
