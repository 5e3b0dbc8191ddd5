#include "gateway/crypto/pem.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include "gateway/base/secret.h"
#include "gateway/crypto/key_file.h"

namespace chuanyu::crypto {
namespace {

// Never asks at a terminal: a key with a passphrase is refused.
int no_passphrase(char*, int, int, void*) { return -1; }

Result<PkeyPtr> readable(EVP_PKEY* read, const std::string& path) {
  PkeyPtr key(read);
  ERR_clear_error();
  if (key == nullptr) return error(Code::LOCAL_KEY_FILE, "不是可读的 PEM 密钥（不支持口令保护）", path);
  return key;
}

}  // namespace

Result<PkeyPtr> read_public_pem(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) {
    ERR_clear_error();
    return error(Code::LOCAL_KEY_FILE, "不能打开", path);
  }
  return readable(PEM_read_bio_PUBKEY(file.get(), nullptr, no_passphrase, nullptr), path);
}

Result<std::vector<PkeyPtr>> read_public_pems(const std::string& path) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::LOCAL_KEY_FILE, "不能打开", path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<PkeyPtr> keys;
  // A block each; the first also when there is none, for the error.
  std::size_t at = std::min(text.find(kBegin), text.size());
  do {
    const std::size_t next = std::min(text.find(kBegin, at + 1), text.size());
    const BioPtr memory(BIO_new_mem_buf(text.data() + at, static_cast<int>(next - at)));
    must(memory != nullptr, "PEM");
    CHUANYU_TRY(PkeyPtr key, readable(PEM_read_bio_PUBKEY(memory.get(), nullptr, no_passphrase, nullptr), path));
    keys.push_back(std::move(key));
    at = next;
  } while (at < text.size());
  return keys;
}

Result<PkeyPtr> read_private_pem(const std::string& path) {
  CHUANYU_TRY(const Secret pem, read_private_file(path));
  const BioPtr memory(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  must(memory != nullptr, "PEM");
  return readable(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr), path);
}

Status write_private_pem(EVP_PKEY* key, const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return error(Code::LOCAL_KEY_FILE, std::string("不能新建：") + std::strerror(errno), path);
  std::FILE* file = ::fdopen(fd, "w");
  must(file != nullptr, "fdopen");
  // Exactly 0600 even under an odd umask, and on disk before anything is signed with it.
  bool written = ::fchmod(fd, 0600) == 0 &&
                 PEM_write_PKCS8PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                 std::fflush(file) == 0 && ::fsync(fd) == 0;
  written = std::fclose(file) == 0 && written;
  if (written) return {};
  ERR_clear_error();
  ::unlink(path.c_str());
  return error(Code::LOCAL_KEY_FILE, "不能写入", path);
}

std::string public_pem(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  must(memory != nullptr && PEM_write_bio_PUBKEY(memory.get(), key) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace chuanyu::crypto
