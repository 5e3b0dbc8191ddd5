// gateway/ledger/payload.h: how the body of an entry is sealed, and how the keys for it are kept.
//
// Every payload has a random key of its own (its slot), used once. The slot keys stand in keys/, wrapped under the
// key-encryption key of an epoch; destroying a slot's row destroys the payload (erasure) and nothing else.
// Formats: FORMAT.md §5. Pure but for the operating system's random numbers; threads: any.
// Failure: LOCAL_CRYPTO when key, place or bytes do not belong together; LOG_VERSION for an unknown row.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"
#include "gateway/base/uuid.h"

namespace chuanyu::ledger {

// Which algorithms protect a key and what it seals. Values stand in rows: never renumber.
enum class Profile : std::uint8_t {
  international = 1,  // AES-256-GCM
  sm = 2              // 国密: SM4-CTR with HMAC-SM3
};

// 32 random bytes, and what they are for: the row says it, so a payload needs no mark of its own.
struct DataKey {
  Secret secret;
  Profile profile = Profile::international;
};

// A row of keys/: the key, wrapped by the algorithms of its own profile. `name` ties it to its place: slot_name(7),
// "token".
Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const DataKey& key);
// The same with the nonce given: 12 random bytes, for who wraps thousands and fetches randomness in bulk.
constexpr std::size_t kWrapNonceBytes = 12;
Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const DataKey& key,
               BytesView nonce);
Result<DataKey> unwrap_key(const Secret& key_encryption_key, std::string_view name, BytesView row);
std::string slot_name(std::uint64_t slot);

Bytes seal_payload(const DataKey& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView body);
Result<Bytes> open_payload(const DataKey& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView sealed);

}  // namespace chuanyu::ledger
