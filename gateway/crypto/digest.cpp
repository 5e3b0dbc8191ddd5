#include "gateway/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

// Looking an algorithm up by name costs more than digesting 2 KB does, so each is fetched once in the life of the
// process and each thread keeps a context that is only wound back.
struct Sha256 {
  static constexpr const char* kName = "SHA256";
};
struct Sm3 {
  static constexpr const char* kName = "SM3";
};

template <typename Algorithm>
EVP_MD_CTX* start() {
  static const EVP_MD* const kMd = EVP_MD_fetch(nullptr, Algorithm::kName, nullptr);
  thread_local MdCtxPtr ctx;
  const bool first = ctx == nullptr;
  if (first) ctx.reset(EVP_MD_CTX_new());
  must(ctx != nullptr && EVP_DigestInit_ex2(ctx.get(), first ? kMd : nullptr, nullptr) == 1, Algorithm::kName);
  return ctx.get();
}

template <typename Algorithm>
Digest digest(std::initializer_list<BytesView> parts) {
  EVP_MD_CTX* ctx = start<Algorithm>();
  for (const BytesView part : parts) {
    must(EVP_DigestUpdate(ctx, part.data(), part.size()) == 1, Algorithm::kName);
  }
  Digest out{};
  must(EVP_DigestFinal_ex(ctx, out.data(), nullptr) == 1, Algorithm::kName);
  return out;
}

// A context that remembers its key: used again, the key costs nothing (its two padded blocks are digested already).
struct KeyedContext {
  Secret key;
  MacCtxPtr ctx;
};

MacCtxPtr make_hmac_context(std::string name) {
  static EVP_MAC* const kMac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
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
  keyed.ctx = make_hmac_context(Sha256::kName);
  must(EVP_MAC_init(keyed.ctx.get(), octets(secret), secret.size(), nullptr) == 1, "HMAC");
  keyed.key = key.clone();
  return keyed.ctx.get();
}

Digest finish_hmac(EVP_MAC_CTX* ctx) {
  Digest out{};
  std::size_t size = 0;
  must(EVP_MAC_final(ctx, out.data(), &size, out.size()) == 1, "HMAC");
  return out;
}

}  // namespace

Digest sha256(BytesView bytes) { return digest<Sha256>({bytes}); }
Digest sha256(std::initializer_list<BytesView> parts) { return digest<Sha256>(parts); }
Digest sm3(BytesView bytes) { return digest<Sm3>({bytes}); }
Digest sm3(std::initializer_list<BytesView> parts) { return digest<Sm3>(parts); }

Digest hmac_sha256(const Secret& key, BytesView bytes) {
  EVP_MAC_CTX* ctx = start_hmac(key);
  must(EVP_MAC_update(ctx, octets(bytes), bytes.size()) == 1, "HMAC");
  return finish_hmac(ctx);
}

Digest hmac_sm3(BytesView key, std::initializer_list<BytesView> parts) {
  thread_local const MacCtxPtr ctx = make_hmac_context(Sm3::kName);
  const BytesView secret = key.data() == nullptr ? BytesView("", 0) : key;  // null: "the same key as last time"
  must(EVP_MAC_init(ctx.get(), octets(secret), secret.size(), nullptr) == 1, "HMAC");
  for (const BytesView part : parts) must(EVP_MAC_update(ctx.get(), octets(part), part.size()) == 1, "HMAC");
  return finish_hmac(ctx.get());
}

}  // namespace chuanyu::crypto
