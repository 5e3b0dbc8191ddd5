// gateway/crypto/sm4.h: SM4 (GB/T 32907-2016) in counter mode, and sealing with it: SM4-CTR, then HMAC-SM3 over what it
// made (encrypt-then-MAC). The SM profile's counterpart of gateway/crypto/aead.h.
//
// Threads: any. Failure: sm4_open() gives LOCAL_CRYPTO when key, nonce, associated data or bytes are not those of
// sm4_seal(). The caller answers for it that a nonce is never used twice with one key.
#pragma once

#include "gateway/crypto/aead.h"

namespace chuanyu::crypto {

constexpr std::size_t kSm4TagBytes = 32;

// ciphertext ‖ 32-byte tag, under a key of kAeadKeyBytes. Two keys are derived from it: FORMAT.md §5 of gateway/ledger.
Bytes sm4_seal(BytesView key, const Nonce& nonce, BytesView associated, BytesView plain);
Result<Bytes> sm4_open(BytesView key, const Nonce& nonce, BytesView associated, BytesView sealed);

// The cipher itself, both directions: key and first counter block of 16 bytes each.
Bytes sm4_ctr(BytesView key, BytesView counter, BytesView bytes);

}  // namespace chuanyu::crypto
