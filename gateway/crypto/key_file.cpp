#include "gateway/crypto/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chuanyu::crypto {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<Secret> read_private_file(const std::string& path) {
  const Descriptor file(path);
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return error(Code::LOCAL_KEY_FILE, std::string("不能打开：") + std::strerror(errno), path);
  }
  if (!S_ISREG(status.st_mode)) return error(Code::LOCAL_KEY_FILE, "不是普通文件", path);
  if ((status.st_mode & 077) != 0) {
    return error(Code::LOCAL_KEY_FILE, "密钥文件可被他人访问，请执行 chmod 600", path);
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > kMaxFileBytes) return error(Code::LOCAL_KEY_FILE, "文件过大，不像密钥文件", path);
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return error(Code::LOCAL_KEY_FILE, "不能读完", path);
    have += static_cast<std::size_t>(n);
  }
  return Secret(std::move(bytes));
}

Result<Secret> read_raw_key_file(const std::string& path, std::size_t bytes) {
  CHUANYU_TRY(Secret key, read_private_file(path));
  if (key.reveal().size() != bytes) {
    return error(Code::LOCAL_KEY_FILE,
                 "应为 " + std::to_string(bytes) + " 字节，实为 " + std::to_string(key.reveal().size()) + " 字节",
                 path);
  }
  return key;
}

}  // namespace chuanyu::crypto
