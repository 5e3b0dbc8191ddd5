#include "gateway/audit/digests.h"

#include "gateway/crypto/digest.h"

namespace chuanyu::audit {

Result<Digests> Digests::open(const BodyOpener& bodies) {
  CHUANYU_TRY(Secret key, bodies.named_key("digest"));
  return Digests(std::move(key));
}

// Of one part the digest may be of the part itself, or of the list of one.
template <typename List>
bool Digests::is_of(const crypto::Digest& said, const List& parts) const {
  const auto count = static_cast<std::size_t>(parts.size());
  if (count == 1 && said == crypto::hmac_sha256(key_, *parts.begin())) return true;
  Bytes joined;
  for (const Bytes& part : parts) {
    append_u64(joined, part.size());
    joined += part;
  }
  return said == crypto::hmac_sha256(key_, joined);
}

std::vector<const char*> Digests::differing(const ledger::Entry& entry, const v1::LogBody& body) const {
  constexpr crypto::Digest kNone{};
  std::vector<const char*> fields;
  const auto held = [&](const char* field, const crypto::Digest& said, bool same) {
    if (said != kNone && !same) fields.push_back(field);
  };
  if (!body.native_in().empty()) {
    held("native_in", entry.native_in, entry.native_in == crypto::hmac_sha256(key_, body.native_in()));
  }
  if (body.canonical_size() > 0) {
    held("canonical", entry.canonical, is_of(entry.canonical, body.canonical()));
  } else if (!body.message().empty()) {
    held("canonical", entry.canonical, entry.canonical == crypto::hmac_sha256(key_, body.message()));
  }
  if (body.native_out_size() > 0) held("native_out", entry.native_out, is_of(entry.native_out, body.native_out()));
  return fields;
}

}  // namespace chuanyu::audit
