// LD_PRELOAD: moves the wall clock of a process by CHUANYU_TEST_CLOCK_SHIFT seconds, for logs that were written years
// ago. Only what asks clock_gettime() (std::chrono, so the product's own times) is moved; TLS asks time() and finds its
// certificates valid.
#include <dlfcn.h>
#include <time.h>

#include <cstdlib>

extern "C" int clock_gettime(clockid_t clock, struct timespec* now) {
  using Real = int (*)(clockid_t, struct timespec*);
  static const Real kReal = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "clock_gettime"));
  static const char* const kShift = std::getenv("CHUANYU_TEST_CLOCK_SHIFT");
  const int result = kReal(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME && kShift != nullptr) now->tv_sec += std::atol(kShift);
  return result;
}
