#include "gateway/crypto/signature.h"

#include "gateway/crypto/pem.h"

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

Bytes signed_bytes(std::string_view context, BytesView message) {
  Bytes out;
  out.reserve(context.size() + 1 + message.size());
  if (!context.empty()) {
    out.append(context);
    out.push_back('\0');
  }
  out.append(message);
  return out;
}

Bytes raw_public_key(EVP_PKEY* key) {
  Bytes raw(kKeyBytes, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, octets(raw), &size) == 1 && size == kKeyBytes, "Ed25519");
  return raw;
}

Result<PkeyPtr> only_ed25519(PkeyPtr key, const std::string& path) {
  if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return error(Code::LOCAL_KEY_FILE, "不是 Ed25519 密钥", path);
  return key;
}

}  // namespace

struct VerifyKey::Impl {
  PkeyPtr key;
};

struct SigningKey::Impl {
  PkeyPtr key;
};

Result<VerifyKey> VerifyKey::from_raw(BytesView thirty_two) {
  PkeyPtr key;
  if (thirty_two.size() == kKeyBytes) {
    key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(thirty_two), thirty_two.size()));
  }
  if (key == nullptr) return error(Code::LOCAL_CRYPTO, "Ed25519 公钥应为 32 字节");
  VerifyKey out;
  out.raw_ = Bytes(thirty_two);
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Result<VerifyKey> VerifyKey::from_pem_file(const std::string& path) {
  CHUANYU_TRY(PkeyPtr read, read_public_pem(path));
  CHUANYU_TRY(const PkeyPtr key, only_ed25519(std::move(read), path));
  return from_raw(raw_public_key(key.get()));
}

Result<std::vector<VerifyKey>> VerifyKey::all_from_pem_file(const std::string& path) {
  CHUANYU_TRY(std::vector<PkeyPtr> read, read_public_pems(path));
  std::vector<VerifyKey> keys;
  for (PkeyPtr& one : read) {
    CHUANYU_TRY(const PkeyPtr key, only_ed25519(std::move(one), path));
    CHUANYU_TRY(VerifyKey made, from_raw(raw_public_key(key.get())));
    keys.push_back(std::move(made));
  }
  return keys;
}

bool VerifyKey::verify(std::string_view context, BytesView message, BytesView signature) const {
  if (impl_ == nullptr || signature.size() != kSignatureBytes) return false;
  const Bytes bytes = signed_bytes(context, message);
  const MdCtxPtr ctx = new_signature_context();
  must(EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1, "Ed25519");
  const bool good = EVP_DigestVerify(ctx.get(), octets(signature), signature.size(), octets(bytes), bytes.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string VerifyKey::to_pem() const { return impl_ == nullptr ? std::string() : public_pem(impl_->key.get()); }

SigningKey SigningKey::generate() {
  SigningKey out;
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(key != nullptr, "Ed25519");
  out.verify_key_ = VerifyKey::from_raw(raw_public_key(key.get())).value();
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Result<SigningKey> SigningKey::from_pem_file(const std::string& path) {
  CHUANYU_TRY(PkeyPtr read, read_private_pem(path));
  CHUANYU_TRY(PkeyPtr key, only_ed25519(std::move(read), path));
  SigningKey out;
  out.verify_key_ = VerifyKey::from_raw(raw_public_key(key.get())).value();
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Bytes SigningKey::sign(std::string_view context, BytesView message) const {
  const Bytes bytes = signed_bytes(context, message);
  const MdCtxPtr ctx = new_signature_context();
  Bytes out(kSignatureBytes, '\0');
  std::size_t size = out.size();
  must(EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1, "Ed25519");
  must(EVP_DigestSign(ctx.get(), octets(out), &size, octets(bytes), bytes.size()) == 1, "Ed25519");
  return out;
}

Status SigningKey::write_pem_file(const std::string& path) const { return write_private_pem(impl_->key.get(), path); }

}  // namespace chuanyu::crypto
