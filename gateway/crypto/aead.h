// gateway/crypto/aead.h: AES-256-GCM (NIST SP 800-38D).
//
// Threads: any. Failure: open() gives LOCAL_CRYPTO when key, nonce, associated data or bytes are not those of seal().
// The caller answers for it that a nonce is never used twice with one key.
#pragma once

#include <array>
#include <cstdint>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/base/secret.h"

namespace chuanyu::crypto {

constexpr std::size_t kAeadKeyBytes = 32;
constexpr std::size_t kAeadTagBytes = 16;
using Nonce = std::array<std::uint8_t, 12>;

// ciphertext ‖ 16-byte tag
Bytes seal(BytesView key, const Nonce& nonce, BytesView associated, BytesView plain);
Result<Bytes> open(BytesView key, const Nonce& nonce, BytesView associated, BytesView sealed);

Bytes random_bytes(std::size_t count);  // from the operating system's generator by OpenSSL

}  // namespace chuanyu::crypto
