#include "gateway/crypto/signature.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/base/secret.h"
#include "gateway/crypto/key_file.h"
#include "gateway/crypto/openssl.h"

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

// Never asks at a terminal: a key with a passphrase is refused.
int no_passphrase(char*, int, int, void*) { return -1; }

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

MdCtxPtr new_context() {
  MdCtxPtr ctx(EVP_MD_CTX_new());
  must(ctx != nullptr, "Ed25519");
  return ctx;
}

Bytes raw_public_key(EVP_PKEY* key) {
  Bytes raw(kKeyBytes, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, octets(raw), &size) == 1 && size == kKeyBytes, "Ed25519");
  return raw;
}

Result<PkeyPtr> only_ed25519(PkeyPtr key, const std::string& path) {
  ERR_clear_error();
  if (key == nullptr) return error(Code::LOCAL_KEY_FILE, "不是可读的 PEM 密钥（不支持口令保护）", path);
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
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) {
    ERR_clear_error();
    return error(Code::LOCAL_KEY_FILE, "不能打开", path);
  }
  CHUANYU_TRY(PkeyPtr key,
              only_ed25519(PkeyPtr(PEM_read_bio_PUBKEY(file.get(), nullptr, no_passphrase, nullptr)), path));
  return from_raw(raw_public_key(key.get()));
}

bool VerifyKey::verify(std::string_view context, BytesView message, BytesView signature) const {
  if (impl_ == nullptr || signature.size() != kSignatureBytes) return false;
  const Bytes bytes = signed_bytes(context, message);
  const MdCtxPtr ctx = new_context();
  must(EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1, "Ed25519");
  const bool good = EVP_DigestVerify(ctx.get(), octets(signature), signature.size(), octets(bytes), bytes.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string VerifyKey::to_pem() const {
  if (impl_ == nullptr) return {};
  const BioPtr memory(BIO_new(BIO_s_mem()));
  must(memory != nullptr && PEM_write_bio_PUBKEY(memory.get(), impl_->key.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

SigningKey SigningKey::generate() {
  SigningKey out;
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(key != nullptr, "Ed25519");
  out.verify_key_ = VerifyKey::from_raw(raw_public_key(key.get())).value();
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Result<SigningKey> SigningKey::from_pem_file(const std::string& path) {
  CHUANYU_TRY(const Secret pem, read_private_file(path));
  const BioPtr memory(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  must(memory != nullptr, "PEM");
  CHUANYU_TRY(PkeyPtr key,
              only_ed25519(PkeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr)), path));
  SigningKey out;
  out.verify_key_ = VerifyKey::from_raw(raw_public_key(key.get())).value();
  out.impl_ = std::make_shared<const Impl>(Impl{std::move(key)});
  return out;
}

Bytes SigningKey::sign(std::string_view context, BytesView message) const {
  const Bytes bytes = signed_bytes(context, message);
  const MdCtxPtr ctx = new_context();
  Bytes out(kSignatureBytes, '\0');
  std::size_t size = out.size();
  must(EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1, "Ed25519");
  must(EVP_DigestSign(ctx.get(), octets(out), &size, octets(bytes), bytes.size()) == 1, "Ed25519");
  return out;
}

Status SigningKey::write_pem_file(const std::string& path) const {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return error(Code::LOCAL_KEY_FILE, std::string("不能新建：") + std::strerror(errno), path);
  std::FILE* file = ::fdopen(fd, "w");
  must(file != nullptr, "fdopen");
  // Exactly 0600 even under an odd umask, and on disk before anything is signed with it.
  bool written = ::fchmod(fd, 0600) == 0 &&
                 PEM_write_PKCS8PrivateKey(file, impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                 std::fflush(file) == 0 && ::fsync(fd) == 0;
  written = std::fclose(file) == 0 && written;
  if (written) return {};
  ERR_clear_error();
  ::unlink(path.c_str());
  return error(Code::LOCAL_KEY_FILE, "不能写入", path);
}

}  // namespace chuanyu::crypto
