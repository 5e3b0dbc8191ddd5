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

// A row of keys/: the key, wrapped. `name` ties it to its place: slot_name(7), "token".
Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const Secret& key);
// The same with the nonce given: 12 random bytes, for who wraps thousands and fetches randomness in bulk.
constexpr std::size_t kWrapNonceBytes = 12;
Bytes wrap_key(const Secret& key_encryption_key, std::uint32_t epoch, std::string_view name, const Secret& key,
               BytesView nonce);
Result<Secret> unwrap_key(const Secret& key_encryption_key, std::string_view name, BytesView row);
std::string slot_name(std::uint64_t slot);

Bytes seal_payload(const Secret& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView body);
Result<Bytes> open_payload(const Secret& slot_key, const Uuid& exchange, std::uint64_t slot, BytesView sealed);

}  // namespace chuanyu::ledger
