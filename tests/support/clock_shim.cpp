// LD_PRELOAD: moves the wall clock of a process, for logs that were written years ago (CHUANYU_TEST_CLOCK_SHIFT,
// seconds) and for clocks that jump while it runs (CHUANYU_TEST_CLOCK_FILE: eight bytes, the seconds at this moment).
// Only what asks clock_gettime() (std::chrono, so the product's own times) is moved; TLS asks time() and finds its
// certificates valid.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

const std::int64_t* shift() {
  static std::int64_t fixed = 0;
  if (const char* path = std::getenv("CHUANYU_TEST_CLOCK_FILE")) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    void* shared = mmap(nullptr, sizeof fixed, PROT_READ, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) std::abort();
    close(file);
    return static_cast<const std::int64_t*>(shared);
  }
  if (const char* seconds = std::getenv("CHUANYU_TEST_CLOCK_SHIFT")) fixed = std::atol(seconds);
  return &fixed;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* now) {
  using Real = int (*)(clockid_t, struct timespec*);
  static const Real kReal = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "clock_gettime"));
  static const std::int64_t* const kShift = shift();
  const int result = kReal(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += __atomic_load_n(kShift, __ATOMIC_RELAXED);
  return result;
}
