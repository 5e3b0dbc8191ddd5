// Private to gateway/journal: seals bodies on the way into the log and opens them on the way out.
//
// Threads: any. Failure: seal() leaves the reason in Sealed::status; open() gives LOCAL_CORRUPT when a payload or blob
// is not what the entry says.
#pragma once

#include <memory>
#include <string>

#include "gateway/journal/key_store.h"
#include "gateway/ledger/entry.h"

namespace chuanyu::journal {

// A draft with its payload in place, encoded and hashed.
struct Sealed {
  Status status;
  ledger::Entry entry;
  Bytes body;
  Bytes encoded;
  crypto::Digest leaf{};
};

struct Opened {
  Bytes body;
  bool erased = false;
};

class Vault {
 public:
  Vault(std::string folder, std::unique_ptr<KeyStore> keys) : folder_(std::move(folder)), keys_(std::move(keys)) {}

  Sealed seal(ledger::Entry entry, Bytes body) const;
  Result<Opened> open(const ledger::Entry& entry) const;
  KeyStore& keys() const { return *keys_; }

 private:
  Status seal_body(ledger::Entry& entry, BytesView body) const;

  std::string folder_;
  std::unique_ptr<KeyStore> keys_;
};

}  // namespace chuanyu::journal
