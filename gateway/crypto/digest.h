// gateway/crypto/digest.h: SHA-256 and SM3 (GB/T 32905-2016), and HMAC with each.
//
// Threads: functions may run on any thread (per-thread OpenSSL contexts are reused). Failure: OpenSSL cannot fail here
// but for want of memory; that aborts.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/secret.h"

namespace chuanyu::crypto {

using Digest = std::array<std::uint8_t, 32>;
inline BytesView view(const Digest& d) { return {reinterpret_cast<const char*>(d.data()), d.size()}; }

Digest sha256(BytesView bytes);
// The digest of the parts one after another.
Digest sha256(std::initializer_list<BytesView> parts);
Digest hmac_sha256(const Secret& key, BytesView bytes);

Digest sm3(BytesView bytes);
Digest sm3(std::initializer_list<BytesView> parts);
// For keys that are used once: unlike hmac_sha256 it keeps no context for the next call with the same key.
Digest hmac_sm3(BytesView key, std::initializer_list<BytesView> parts);

}  // namespace chuanyu::crypto
