// Private to gateway/audit: are the keyed digests of an entry those of what its body holds?
//
// An entry says HMAC-SHA256 of the native bytes that came, of the canonical records and of the native bytes that were
// delivered, under the log's digest key (FORMAT.md §1, tags 22 to 24): equal contents can be told without opening them.
// Of several records the digest is over all, each behind its length. Threads: any.
#pragma once

#include <vector>

#include "gateway/audit/body.h"
#include "gateway/base/secret.h"
#include "gateway/ledger/entry.h"
#include "schemas/canonical/log.pb.h"

namespace chuanyu::audit {

class Digests {
 public:
  // LOG_INCOMPLETE when the digest key is not there, LOG_TAMPERED when it does not open.
  static Result<Digests> open(const BodyOpener& bodies);
  // The fields that say something else, by their names in FORMAT.md. What a body does not hold is not looked at.
  std::vector<const char*> differing(const ledger::Entry& entry, const v1::LogBody& body) const;

 private:
  explicit Digests(Secret key) : key_(std::move(key)) {}
  // Of one part a digest may be of the part itself, or of the list of one: `listed` is tried first.
  template <typename List>
  bool is_of(const crypto::Digest& said, const List& parts, bool listed) const;

  Secret key_;
};

}  // namespace chuanyu::audit
