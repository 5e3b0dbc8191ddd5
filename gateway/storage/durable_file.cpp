#include "gateway/storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gateway/storage/durable_folder.h"

namespace chuanyu::storage {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

Error file_error(const char* what, const std::string& path) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return error(full ? Code::LOCAL_DISK_FULL : Code::LOCAL_IO, std::string(what) + "：" + std::strerror(number), path);
}

Status write_all(int descriptor, BytesView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("不能写文件", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Status write_durable_file(const std::string& folder, const std::string& name, BytesView bytes) {
  static std::atomic<std::uint64_t> counter{0};
  CHUANYU_CHECK(make_durable_folder(folder));
  const std::string path = folder + "/" + name;
  const std::string temporary = path + ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  const auto write = [&]() -> Status {
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return file_error("不能创建文件", temporary);
    CHUANYU_CHECK(write_all(file.get(), bytes, temporary));
    if (::fsync(file.get()) != 0) return file_error("不能刷写文件", temporary);
    if (!file.close()) return file_error("不能关闭文件", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return file_error("不能改名", path);
    return flush_names(folder);
  };
  Status status = write();
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

Result<std::optional<Bytes>> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::optional<Bytes>{};
    return file_error("不能打开文件", path);
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return file_error("不能读取文件", path);
  Bytes bytes(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("不能读取文件", path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return std::optional<Bytes>(std::move(bytes));
}

}  // namespace chuanyu::storage
