#include "adapters/plugin/library.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "gateway/crypto/digest.h"

namespace chuanyu::adapters::plugin {
namespace {

constexpr std::uintmax_t kLargest = 64 << 20;

bool write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

Result<std::shared_ptr<const Library>> Library::read(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::ifstream file(path, std::ios::binary);
  if (failed || !file) return error(Code::CONFIG_UNREADABLE, "不能读取插件库", path);
  if (size > kLargest) return error(Code::CONFIG_VALUE, "插件库大于 64 MiB", path);
  const Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string name = std::filesystem::path(path).filename().string();
  const int fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return error(Code::LOCAL_IO, "不能为插件库分配内存文件", path);
  std::shared_ptr<const Library> library(new Library(name, to_hex(crypto::view(crypto::sha256(bytes))), fd));
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (!write_all(fd, bytes) || fcntl(fd, F_ADD_SEALS, kSeals) != 0) {
    return error(Code::LOCAL_IO, "不能为插件库分配内存文件", path);
  }
  return library;
}

Library::~Library() { close(fd_); }

}  // namespace chuanyu::adapters::plugin
