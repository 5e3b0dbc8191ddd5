#include "tests/fault/log/file_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <map>
#include <mutex>

namespace chuanyu::fault {
namespace {

using Kind = FileCall::Kind;

struct Opened {
  std::string path;
  bool synchronous = false;
};

struct Watch {
  std::recursive_mutex mutex;  // an observer may look at files itself
  std::string folder;
  Observer* observer = nullptr;
  std::map<int, Opened> descriptors;
};

// Never destroyed: files are closed after main().
Watch& watch() {
  static auto* const kMade = new Watch;
  return *kMade;
}

// The path below the observed folder; empty when it is elsewhere.
std::string below(const char* path) {
  const std::string& folder = watch().folder;
  const std::string_view whole(path);
  if (watch().observer == nullptr || !whole.starts_with(folder)) return {};
  std::string_view rest = whole.substr(folder.size());
  if (rest.empty()) return ".";
  if (rest.front() != '/' || rest.ends_with("/lock.mdb")) return {};
  return std::filesystem::path(rest.substr(1)).lexically_normal().string();
}

const Opened* opened(int descriptor) {
  const auto found = watch().descriptors.find(descriptor);
  return watch().observer == nullptr || found == watch().descriptors.end() ? nullptr : &found->second;
}

// The libc's own function of that name.
template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Makes the call with the observer before and after it.
template <typename Make>
auto observed(FileCall call, Make&& make) -> decltype(make()) {
  if (const int failure = watch().observer->before(call); failure != 0) {
    errno = failure;
    return -1;
  }
  const auto result = make();
  if (result < 0) return result;
  if (call.kind == Kind::write) call.bytes = call.bytes.substr(0, static_cast<std::size_t>(result));
  const int kept = errno;
  watch().observer->after(call);
  errno = kept;
  return result;
}

template <typename Make>
auto on_descriptor(int descriptor, Kind kind, std::uint64_t offset, Make&& make) -> decltype(make()) {
  const std::lock_guard guard(watch().mutex);
  const Opened* file = opened(descriptor);
  if (file == nullptr) return make();
  return observed({kind, file->path, {}, offset, {}, file->synchronous}, make);
}

template <typename Make>
auto on_path(const char* path, Kind kind, Make&& make) -> decltype(make()) {
  const std::lock_guard guard(watch().mutex);
  std::string place = below(path);
  if (place.empty()) return make();
  return observed({kind, std::move(place), {}, 0, {}, false}, make);
}

ssize_t write_observed(int descriptor, std::uint64_t offset, BytesView bytes, const auto& make) {
  const std::lock_guard guard(watch().mutex);
  const Opened* file = opened(descriptor);
  if (file == nullptr) return make();
  return observed({Kind::write, file->path, {}, offset, bytes, file->synchronous}, make);
}

bool is_watched(int descriptor) {
  const std::lock_guard guard(watch().mutex);
  return opened(descriptor) != nullptr;
}

std::uint64_t position(int descriptor) { return static_cast<std::uint64_t>(::lseek(descriptor, 0, SEEK_CUR)); }

int open_observed(const char* path, int flags, mode_t mode) {
  static auto* const kReal = real<int(const char*, int, ...)>("open");
  const std::lock_guard guard(watch().mutex);
  std::string place = below(path);
  if (place.empty()) return kReal(path, flags, mode);
  struct stat found {};
  const bool creates = (flags & O_CREAT) != 0 && ::stat(path, &found) != 0;
  const auto make = [&] { return kReal(path, flags, mode); };
  const int descriptor = creates ? observed({Kind::create, place, {}, 0, {}, false}, make) : make();
  if (descriptor >= 0) watch().descriptors[descriptor] = {std::move(place), (flags & O_DSYNC) != 0};
  return descriptor;
}

}  // namespace

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::create: return "create";
    case Kind::make_folder: return "mkdir";
    case Kind::write: return "write";
    case Kind::truncate: return "truncate";
    case Kind::flush: return "flush";
    case Kind::rename: return "rename";
    case Kind::remove: return "remove";
  }
  return "";
}

void observe(std::string folder, Observer* observer) {
  const std::lock_guard guard(watch().mutex);
  watch().folder = std::move(folder);
  watch().observer = observer;
  watch().descriptors.clear();
}

}  // namespace chuanyu::fault

// --- the calls themselves, under their libc names -------------------------------------------------------------------

using namespace chuanyu::fault;

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    std::va_list rest;
    va_start(rest, flags);
    mode = static_cast<mode_t>(va_arg(rest, unsigned));
    va_end(rest);
  }
  return open_observed(path, flags, mode);
}

int close(int descriptor) {
  static auto* const kReal = real<int(int)>("close");
  const std::lock_guard guard(watch().mutex);
  watch().descriptors.erase(descriptor);
  return kReal(descriptor);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  static auto* const kReal = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return write_observed(descriptor, static_cast<std::uint64_t>(offset), {static_cast<const char*>(bytes), size},
                        [&] { return kReal(descriptor, bytes, size, offset); });
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static auto* const kReal = real<ssize_t(int, const void*, size_t)>("write");
  if (!is_watched(descriptor)) return kReal(descriptor, bytes, size);
  return write_observed(descriptor, position(descriptor), {static_cast<const char*>(bytes), size},
                        [&] { return kReal(descriptor, bytes, size); });
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  static auto* const kReal = real<ssize_t(int, const iovec*, int)>("writev");
  if (!is_watched(descriptor)) return kReal(descriptor, parts, count);
  chuanyu::Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return write_observed(descriptor, position(descriptor), bytes, [&] { return kReal(descriptor, parts, count); });
}

int fdatasync(int descriptor) {
  static auto* const kReal = real<int(int)>("fdatasync");
  return on_descriptor(descriptor, FileCall::Kind::flush, 0, [&] { return kReal(descriptor); });
}

int fsync(int descriptor) {
  static auto* const kReal = real<int(int)>("fsync");
  return on_descriptor(descriptor, FileCall::Kind::flush, 0, [&] { return kReal(descriptor); });
}

int ftruncate(int descriptor, off_t length) noexcept {
  static auto* const kReal = real<int(int, off_t)>("ftruncate");
  return on_descriptor(descriptor, FileCall::Kind::truncate, static_cast<std::uint64_t>(length),
                       [&] { return kReal(descriptor, length); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const kReal = real<int(const char*, mode_t)>("mkdir");
  struct stat found {};
  if (::stat(path, &found) == 0) return kReal(path, mode);  // nothing changes
  return on_path(path, FileCall::Kind::make_folder, [&] { return kReal(path, mode); });
}

int rename(const char* from, const char* to) noexcept {
  static auto* const kReal = real<int(const char*, const char*)>("rename");
  const std::lock_guard guard(watch().mutex);
  std::string place = below(from);
  if (place.empty()) return kReal(from, to);
  return observed({FileCall::Kind::rename, std::move(place), below(to), 0, {}, false}, [&] { return kReal(from, to); });
}

int unlink(const char* path) noexcept {
  static auto* const kReal = real<int(const char*)>("unlink");
  return on_path(path, FileCall::Kind::remove, [&] { return kReal(path); });
}

int remove(const char* path) noexcept {
  static auto* const kReal = real<int(const char*)>("remove");
  return on_path(path, FileCall::Kind::remove, [&] { return kReal(path); });
}

}  // extern "C"
