#include "gateway/crypto/sm4.h"

#include <openssl/crypto.h>

#include <limits>

#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kMaxSm4Bytes = std::numeric_limits<int>::max() - kSm4TagBytes;

// One key must not serve two algorithms, so each gets one of its own.
struct Keys {
  explicit Keys(BytesView key)
      : cipher(hmac_sm3(key, {"chuanyu-sm4-ctr-v1"})), mac(hmac_sm3(key, {"chuanyu-hmac-sm3-v1"})) {}
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  ~Keys() {
    OPENSSL_cleanse(cipher.data(), cipher.size());
    OPENSSL_cleanse(mac.data(), mac.size());
  }
  Digest cipher;  // its first 16 bytes
  Digest mac;
};

Bytes encrypted(const Keys& keys, const Nonce& nonce, BytesView bytes) {
  Bytes counter(nonce.begin(), nonce.end());
  counter.resize(kBlockBytes, '\0');
  return sm4_ctr(view(keys.cipher).substr(0, kBlockBytes), counter, bytes);
}

// The length says where the associated data end, so that no byte can change sides.
Digest tag_of(const Keys& keys, const Nonce& nonce, BytesView associated, BytesView ciphertext) {
  Bytes head;
  append_u64(head, associated.size());
  head += associated;
  head.append(nonce.begin(), nonce.end());
  return hmac_sm3(view(keys.mac), {head, ciphertext});
}

}  // namespace

Bytes sm4_ctr(BytesView key, BytesView counter, BytesView bytes) {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "SM4-CTR", nullptr);
  thread_local CipherCtxPtr ctx;
  must(key.size() == kBlockBytes && counter.size() == kBlockBytes, "SM4: key and counter are of 16 bytes");
  must(bytes.size() <= kMaxSm4Bytes, "SM4: more than 2 GiB");
  const bool first = ctx == nullptr;
  if (first) ctx.reset(EVP_CIPHER_CTX_new());
  must(ctx != nullptr &&
           EVP_EncryptInit_ex2(ctx.get(), first ? kCipher : nullptr, octets(key), octets(counter), nullptr) == 1,
       "SM4-CTR");
  Bytes out(bytes.size(), '\0');
  int n = 0;
  if (!bytes.empty()) {
    must(EVP_EncryptUpdate(ctx.get(), octets(out), &n, octets(bytes), static_cast<int>(bytes.size())) == 1, "SM4-CTR");
  }
  return out;
}

Bytes sm4_seal(BytesView key, const Nonce& nonce, BytesView associated, BytesView plain) {
  must(key.size() == kAeadKeyBytes, "SM4: the key is not 32 bytes");
  const Keys keys(key);
  Bytes out = encrypted(keys, nonce, plain);
  out += view(tag_of(keys, nonce, associated, out));
  return out;
}

Result<Bytes> sm4_open(BytesView key, const Nonce& nonce, BytesView associated, BytesView sealed) {
  if (key.size() != kAeadKeyBytes) return error(Code::LOCAL_CRYPTO, "密钥不是 32 字节");
  if (sealed.size() < kSm4TagBytes || sealed.size() > kMaxSm4Bytes) return error(Code::LOCAL_CRYPTO, "密文长度有误");
  const Keys keys(key);
  const BytesView ciphertext = sealed.substr(0, sealed.size() - kSm4TagBytes);
  const Digest tag = tag_of(keys, nonce, associated, ciphertext);
  if (CRYPTO_memcmp(tag.data(), sealed.data() + ciphertext.size(), tag.size()) != 0) {
    return error(Code::LOCAL_CRYPTO, "密钥、附加数据或密文不符");
  }
  return encrypted(keys, nonce, ciphertext);
}

}  // namespace chuanyu::crypto
