#include "gateway/audit/digests.h"

#include "gateway/crypto/digest.h"

namespace chuanyu::audit {

Result<Digests> Digests::open(const BodyOpener& bodies) {
  CHUANYU_TRY(Secret key, bodies.named_key("digest"));
  return Digests(std::move(key));
}

template <typename List>
bool Digests::is_of(const crypto::Digest& said, const List& parts, bool listed) const {
  const auto alone = [&] { return parts.size() == 1 && said == crypto::hmac_sha256(key_, *parts.begin()); };
  const auto together = [&] {
    Bytes joined;
    for (const Bytes& part : parts) {
      append_u64(joined, part.size());
      joined += part;
    }
    return said == crypto::hmac_sha256(key_, joined);
  };
  return listed ? together() || alone() : alone() || together();
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
    const bool listed = entry.kind == ledger::EntryKind::answered || !entry.mapping_out.id.empty();
    held("canonical", entry.canonical, is_of(entry.canonical, body.canonical(), listed));
  } else if (!body.message().empty()) {
    held("canonical", entry.canonical, entry.canonical == crypto::hmac_sha256(key_, body.message()));
  }
  if (body.native_out_size() > 0) {
    held("native_out", entry.native_out, is_of(entry.native_out, body.native_out(), /*listed=*/true));
  }
  return fields;
}

}  // namespace chuanyu::audit
