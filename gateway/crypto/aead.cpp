#include "gateway/crypto/aead.h"

#include <openssl/rand.h>

#include <limits>

#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kMaxBytes = std::numeric_limits<int>::max() - kAeadTagBytes;

// One context a thread and a direction. The cipher is named only once: naming it again would tear the context down.
template <int (*Init)(EVP_CIPHER_CTX*, const EVP_CIPHER*, const unsigned char*, const unsigned char*,
                      const OSSL_PARAM*)>
EVP_CIPHER_CTX* start(BytesView key, const Nonce& nonce) {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  thread_local CipherCtxPtr ctx;
  const bool first = ctx == nullptr;
  if (first) ctx.reset(EVP_CIPHER_CTX_new());
  must(ctx != nullptr && Init(ctx.get(), first ? kCipher : nullptr, octets(key), nonce.data(), nullptr) == 1,
       "AES-256-GCM");
  return ctx.get();
}

}  // namespace

Bytes seal(BytesView key, const Nonce& nonce, BytesView associated, BytesView plain) {
  must(key.size() == kAeadKeyBytes, "AES-256-GCM: the key is not 32 bytes");
  must(plain.size() <= kMaxBytes && associated.size() <= kMaxBytes, "AES-256-GCM: more than 2 GiB");
  EVP_CIPHER_CTX* ctx = start<EVP_EncryptInit_ex2>(key, nonce);
  Bytes out(plain.size() + kAeadTagBytes, '\0');
  int n = 0;
  if (!associated.empty()) {
    must(EVP_EncryptUpdate(ctx, nullptr, &n, octets(associated), static_cast<int>(associated.size())) == 1, "GCM");
  }
  if (!plain.empty()) {
    must(EVP_EncryptUpdate(ctx, octets(out), &n, octets(plain), static_cast<int>(plain.size())) == 1, "GCM");
  }
  must(EVP_EncryptFinal_ex(ctx, octets(out) + plain.size(), &n) == 1, "GCM");
  must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, octets(out) + plain.size()) == 1, "GCM");
  return out;
}

Result<Bytes> open(BytesView key, const Nonce& nonce, BytesView associated, BytesView sealed) {
  if (key.size() != kAeadKeyBytes) return error(Code::LOCAL_CRYPTO, "密钥不是 32 字节");
  if (sealed.size() < kAeadTagBytes || sealed.size() > kMaxBytes || associated.size() > kMaxBytes) {
    return error(Code::LOCAL_CRYPTO, "密文长度有误");
  }
  const BytesView body = sealed.substr(0, sealed.size() - kAeadTagBytes);
  Bytes tag(sealed.substr(body.size()));
  EVP_CIPHER_CTX* ctx = start<EVP_DecryptInit_ex2>(key, nonce);
  Bytes out(body.size(), '\0');
  int n = 0;
  if (!associated.empty()) {
    must(EVP_DecryptUpdate(ctx, nullptr, &n, octets(associated), static_cast<int>(associated.size())) == 1, "GCM");
  }
  if (!body.empty()) {
    must(EVP_DecryptUpdate(ctx, octets(out), &n, octets(body), static_cast<int>(body.size())) == 1, "GCM");
  }
  must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, octets(tag)) == 1, "GCM");
  unsigned char none[kAeadTagBytes];  // GCM has no last block, but the call wants room for one
  if (EVP_DecryptFinal_ex(ctx, none, &n) != 1) {
    ERR_clear_error();
    return error(Code::LOCAL_CRYPTO, "密钥、附加数据或密文不符");
  }
  return out;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count, '\0');
  must(count <= kMaxBytes && RAND_bytes(octets(out), static_cast<int>(count)) == 1, "random bytes");
  return out;
}

}  // namespace chuanyu::crypto
