#include "gateway/ledger/payload.h"

#include <algorithm>

#include "gateway/crypto/aead.h"

namespace chuanyu::ledger {
namespace {

constexpr char kRowVersion = '\x01';
constexpr std::size_t kEpochAt = 1;
constexpr std::size_t kNonceAt = 5;
constexpr std::size_t kSealedAt = kNonceAt + kWrapNonceBytes;
constexpr std::string_view kWrapContext = "chuanyu-key-v1";

Bytes wrap_context(std::uint32_t epoch, std::string_view name) {
  Bytes context(kWrapContext);
  append_u32(context, epoch);
  context += name;
  return context;
}

Bytes payload_context(const Uuid& exchange, std::uint64_t slot) {
  Bytes context(exchange.bytes());
  append_u64(context, slot);
  return context;
}

}  // namespace

Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const Secret& key) {
  return wrap_key(key_encryption_key, epoch, name, key, crypto::random_bytes(kWrapNonceBytes));
}

Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const Secret& key,
               BytesView random) {
  crypto::Nonce nonce{};
  std::copy_n(random.begin(), nonce.size(), nonce.begin());
  Bytes row(1, kRowVersion);
  append_u32(row, epoch);
  row += random.substr(0, kWrapNonceBytes);
  row += crypto::seal(key_encryption_key.reveal(), nonce, wrap_context(epoch, name), key.reveal());
  return row;
}

Result<Secret> unwrap_key(const Secret& key_encryption_key, std::string_view name, BytesView row) {
  if (row.empty() || row[0] != kRowVersion) return error(Code::LOG_VERSION, "未知的密钥行版本");
  if (row.size() < kSealedAt) return error(Code::LOCAL_CRYPTO, "密钥行不完整");
  crypto::Nonce nonce{};
  std::copy_n(row.begin() + kNonceAt, nonce.size(), nonce.begin());
  const std::uint32_t epoch = read_u32(row.substr(kEpochAt));
  CHUANYU_TRY(Bytes key,
              crypto::open(key_encryption_key.reveal(), nonce, wrap_context(epoch, name), row.substr(kSealedAt)));
  return Secret(std::move(key));
}

std::string slot_name(std::uint64_t slot) {
  std::string name = "slot";
  append_u64(name, slot);
  return name;
}

// The key is used for this one message, so the nonce may stay zero.
Bytes seal_payload(const Secret& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView body) {
  return crypto::seal(slot_key.reveal(), crypto::Nonce{}, payload_context(exchange, slot), body);
}

Result<Bytes> open_payload(const Secret& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView sealed) {
  return crypto::open(slot_key.reveal(), crypto::Nonce{}, payload_context(exchange, slot), sealed);
}

}  // namespace chuanyu::ledger
