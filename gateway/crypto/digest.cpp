#include "gateway/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

// Looking an algorithm up by name costs more than digesting 2 KB does, so each is fetched once in the life of the
// process and each thread keeps a context that is only wound back.
EVP_MD_CTX* start_sha256() {
  static const EVP_MD* const kMd = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local MdCtxPtr ctx;
  if (ctx == nullptr) {
    ctx.reset(EVP_MD_CTX_new());
    must(ctx != nullptr && EVP_DigestInit_ex2(ctx.get(), kMd, nullptr) == 1, "SHA-256");
  } else {
    must(EVP_DigestInit_ex2(ctx.get(), nullptr, nullptr) == 1, "SHA-256");
  }
  return ctx.get();
}

Digest finish(EVP_MD_CTX* ctx) {
  Digest out{};
  must(EVP_DigestFinal_ex(ctx, out.data(), nullptr) == 1, "SHA-256");
  return out;
}

// A context that remembers its key: used again, the key costs nothing (its two padded blocks are digested already).
struct KeyedContext {
  Secret key;
  MacCtxPtr ctx;
};

MacCtxPtr make_hmac_context() {
  static EVP_MAC* const kMac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  MacCtxPtr ctx(EVP_MAC_CTX_new(kMac));
  must(ctx != nullptr && EVP_MAC_CTX_set_params(ctx.get(), params) == 1, "HMAC");
  return ctx;
}

// Ready for a message under `key`. A thread uses two keys in turn (tokens, digests), so two contexts are kept.
EVP_MAC_CTX* start_hmac(const Secret& key) {
  thread_local std::array<KeyedContext, 2> kept;
  thread_local std::size_t next = 0;
  for (KeyedContext& keyed : kept) {
    if (keyed.ctx == nullptr || keyed.key.reveal() != key.reveal()) continue;
    must(EVP_MAC_init(keyed.ctx.get(), nullptr, 0, nullptr) == 1, "HMAC");
    return keyed.ctx.get();
  }
  KeyedContext& keyed = kept[next++ % kept.size()];
  // An empty key must still be a key: a null pointer would mean "the same key as last time".
  const std::string_view secret = key.empty() ? std::string_view("") : key.reveal();
  keyed.ctx = make_hmac_context();
  must(EVP_MAC_init(keyed.ctx.get(), octets(secret), secret.size(), nullptr) == 1, "HMAC");
  keyed.key = key.clone();
  return keyed.ctx.get();
}

}  // namespace

Digest sha256(BytesView bytes) {
  EVP_MD_CTX* ctx = start_sha256();
  must(EVP_DigestUpdate(ctx, bytes.data(), bytes.size()) == 1, "SHA-256");
  return finish(ctx);
}

Digest sha256(std::initializer_list<BytesView> parts) {
  EVP_MD_CTX* ctx = start_sha256();
  for (const BytesView part : parts) must(EVP_DigestUpdate(ctx, part.data(), part.size()) == 1, "SHA-256");
  return finish(ctx);
}

Digest hmac_sha256(const Secret& key, BytesView bytes) {
  EVP_MAC_CTX* ctx = start_hmac(key);
  Digest out{};
  std::size_t size = 0;
  must(EVP_MAC_update(ctx, octets(bytes), bytes.size()) == 1, "HMAC");
  must(EVP_MAC_final(ctx, out.data(), &size, out.size()) == 1, "HMAC");
  return out;
}

}  // namespace chuanyu::crypto
