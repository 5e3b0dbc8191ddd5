#include "gateway/storage/durable_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace chuanyu::storage {
namespace {

Error folder_error(const char* what, const std::string& path) {
  const Code code = errno == ENOSPC || errno == EDQUOT ? Code::LOCAL_DISK_FULL : Code::LOCAL_IO;
  return error(code, std::string(what) + "：" + std::strerror(errno), path);
}

}  // namespace

Status flush_names(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return folder_error("不能打开目录", folder);
  const Status flushed = ::fsync(descriptor) == 0 ? Status{} : Status(folder_error("不能刷写目录", folder));
  ::close(descriptor);
  return flushed;
}

Status make_durable_folder(const std::string& folder) {
  std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "a/b/"
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  if (::mkdir(path.c_str(), 0700) == 0) return flush_names(parent);
  if (errno == EEXIST) return {};
  if (errno != ENOENT) return folder_error("不能创建目录", folder);
  CHUANYU_CHECK(make_durable_folder(parent));
  return make_durable_folder(path.string());
}

std::vector<std::string> names_in(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed); !failed && it != fs::directory_iterator(); it.increment(failed)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace chuanyu::storage
