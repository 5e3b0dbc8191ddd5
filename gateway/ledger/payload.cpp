#include "gateway/ledger/payload.h"

#include <algorithm>

#include "gateway/crypto/aead.h"
#include "gateway/crypto/sm4.h"

namespace chuanyu::ledger {
namespace {

constexpr std::size_t kEpochAt = 1;
constexpr std::size_t kNonceAt = 5;
constexpr std::size_t kSealedAt = kNonceAt + kWrapNonceBytes;

// Names the profile, so that nobody can have a row opened, or a payload, as one of the other profile.
Bytes wrap_context(Profile profile, std::uint32_t epoch, std::string_view name) {
  Bytes context(profile == Profile::sm ? "chuanyu-key-v2" : "chuanyu-key-v1");
  append_u32(context, epoch);
  context += name;
  return context;
}

Bytes payload_context(const Uuid& exchange, std::uint64_t slot) {
  Bytes context(exchange.bytes());
  append_u64(context, slot);
  return context;
}

Bytes seal(Profile profile, const Secret& key, const crypto::Nonce& nonce, BytesView associated, BytesView plain) {
  const auto by = profile == Profile::sm ? crypto::sm4_seal : crypto::seal;
  return by(key.reveal(), nonce, associated, plain);
}

Result<Bytes> open(Profile profile, const Secret& key, const crypto::Nonce& nonce, BytesView associated,
                   BytesView sealed) {
  const auto by = profile == Profile::sm ? crypto::sm4_open : crypto::open;
  return by(key.reveal(), nonce, associated, sealed);
}

}  // namespace

Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const DataKey& key) {
  return wrap_key(key_encryption_key, epoch, name, key, crypto::random_bytes(kWrapNonceBytes));
}

Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const DataKey& key,
               BytesView random) {
  crypto::Nonce nonce{};
  std::copy_n(random.begin(), nonce.size(), nonce.begin());
  Bytes row(1, static_cast<char>(key.profile));
  append_u32(row, epoch);
  row += random.substr(0, kWrapNonceBytes);
  row += seal(key.profile, key_encryption_key, nonce, wrap_context(key.profile, epoch, name), key.secret.reveal());
  return row;
}

Result<DataKey> unwrap_key(const Secret& key_encryption_key, std::string_view name, BytesView row) {
  const Profile profile = row.empty() ? Profile() : static_cast<Profile>(row[0]);
  if (profile != Profile::international && profile != Profile::sm) {
    return error(Code::LOG_VERSION, "未知的密钥行版本");
  }
  if (row.size() < kSealedAt) return error(Code::LOCAL_CRYPTO, "密钥行不完整");
  crypto::Nonce nonce{};
  std::copy_n(row.begin() + kNonceAt, nonce.size(), nonce.begin());
  const std::uint32_t epoch = read_u32(row.substr(kEpochAt));
  CHUANYU_TRY(Bytes key,
              open(profile, key_encryption_key, nonce, wrap_context(profile, epoch, name), row.substr(kSealedAt)));
  return DataKey{Secret(std::move(key)), profile};
}

std::string slot_name(std::uint64_t slot) {
  std::string name = "slot";
  append_u64(name, slot);
  return name;
}

// The key is used for this one message, so the nonce may stay zero.
Bytes seal_payload(const DataKey& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView body) {
  return seal(slot_key.profile, slot_key.secret, crypto::Nonce{}, payload_context(exchange, slot), body);
}

Result<Bytes> open_payload(const DataKey& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView sealed) {
  return open(slot_key.profile, slot_key.secret, crypto::Nonce{}, payload_context(exchange, slot), sealed);
}

}  // namespace chuanyu::ledger
