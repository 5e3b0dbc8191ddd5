#include "gateway/crypto/sm2.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include "gateway/crypto/pem.h"

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kPointBytes = 65;
constexpr std::size_t kHalfBytes = 32;
constexpr char kUncompressed = '\x04';

using KeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

struct DistinguishingId {
  std::string id = "1234567812345678";
  OSSL_PARAM params[2] = {OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, id.data(), id.size()),
                          OSSL_PARAM_construct_end()};
};

// OpenSSL speaks DER; ours is r ‖ s, which has one spelling only.
Bytes from_der(BytesView der) {
  const unsigned char* at = octets(der);
  const SignaturePtr both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  must(both != nullptr, "SM2");
  Bytes out(2 * kHalfBytes, '\0');
  must(BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), octets(out), kHalfBytes) == kHalfBytes, "SM2");
  must(BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), octets(out) + kHalfBytes, kHalfBytes) == kHalfBytes, "SM2");
  return out;
}

Bytes to_der(BytesView signature) {
  NumberPtr r(BN_bin2bn(octets(signature), kHalfBytes, nullptr));
  NumberPtr s(BN_bin2bn(octets(signature) + kHalfBytes, kHalfBytes, nullptr));
  const SignaturePtr both(ECDSA_SIG_new());
  must(r != nullptr && s != nullptr && both != nullptr, "SM2");
  must(ECDSA_SIG_set0(both.get(), r.release(), s.release()) == 1, "SM2");
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  must(size > 0, "SM2");
  Bytes out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

// Empty for a key that is not on the curve or has its point compressed.
Bytes raw_point(EVP_PKEY* key) {
  Bytes raw(kPointBytes, '\0');
  std::size_t size = 0;
  const bool got =
      EVP_PKEY_is_a(key, "SM2") == 1 &&
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, octets(raw), raw.size(), &size) == 1;
  if (got && size == kPointBytes && raw.front() == kUncompressed) return raw;
  ERR_clear_error();
  return {};
}

PkeyPtr key_of(BytesView point) {
  const KeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  must(ctx != nullptr && EVP_PKEY_fromdata_init(ctx.get()) == 1, "SM2");
  std::string group = "SM2";
  Bytes bytes(point);
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) ERR_clear_error();
  return PkeyPtr(key);
}

Error not_sm2(const std::string& path) {
  return error(Code::LOCAL_KEY_FILE, "不是 SM2 密钥（公钥应为未压缩点）", path);
}

}  // namespace

struct Sm2VerifyKey::Impl {
  PkeyPtr key;
};

struct Sm2SigningKey::Impl {
  PkeyPtr key;
};

Result<Sm2VerifyKey> Sm2VerifyKey::from_raw(BytesView point) {
  PkeyPtr key;
  if (point.size() == kPointBytes && point.front() == kUncompressed) key = key_of(point);
  if (key == nullptr) return error(Code::LOCAL_CRYPTO, "SM2 公钥应为曲线上的未压缩点，65 字节");
  Sm2VerifyKey out;
  out.raw_ = Bytes(point);
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Result<Sm2VerifyKey> Sm2VerifyKey::from_pem_file(const std::string& path) {
  CHUANYU_TRY(const PkeyPtr key, read_public_pem(path));
  const Bytes raw = raw_point(key.get());
  if (raw.empty()) return not_sm2(path);
  return from_raw(raw);
}

bool Sm2VerifyKey::verify(BytesView message, BytesView signature) const {
  if (impl_ == nullptr || signature.size() != 2 * kHalfBytes) return false;
  const Bytes der = to_der(signature);
  DistinguishingId signer;
  const MdCtxPtr ctx = new_signature_context();
  must(EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SM3", nullptr, nullptr, impl_->key.get(), signer.params) == 1,
       "SM2");
  const bool good = EVP_DigestVerify(ctx.get(), octets(der), der.size(), octets(message), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string Sm2VerifyKey::to_pem() const { return impl_ == nullptr ? std::string() : public_pem(impl_->key.get()); }

Sm2SigningKey Sm2SigningKey::generate() {
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2"));
  must(key != nullptr, "SM2");
  Sm2SigningKey out;
  out.verify_key_ = Sm2VerifyKey::from_raw(raw_point(key.get())).value();
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Result<Sm2SigningKey> Sm2SigningKey::from_pem_file(const std::string& path) {
  CHUANYU_TRY(PkeyPtr key, read_private_pem(path));
  const Bytes raw = raw_point(key.get());
  if (raw.empty()) return not_sm2(path);
  Sm2SigningKey out;
  CHUANYU_TRY(out.verify_key_, Sm2VerifyKey::from_raw(raw));
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Bytes Sm2SigningKey::sign(BytesView message) const {
  DistinguishingId signer;
  const MdCtxPtr ctx = new_signature_context();
  must(EVP_DigestSignInit_ex(ctx.get(), nullptr, "SM3", nullptr, nullptr, impl_->key.get(), signer.params) == 1, "SM2");
  std::size_t size = 0;
  must(EVP_DigestSign(ctx.get(), nullptr, &size, octets(message), message.size()) == 1, "SM2");
  Bytes der(size, '\0');
  must(EVP_DigestSign(ctx.get(), octets(der), &size, octets(message), message.size()) == 1, "SM2");
  return from_der(BytesView(der).substr(0, size));
}

Status Sm2SigningKey::write_pem_file(const std::string& path) const {
  return write_private_pem(impl_->key.get(), path);
}

}  // namespace chuanyu::crypto
