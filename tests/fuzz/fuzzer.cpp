// libFuzzer's entry: the target is the one that CHUANYU_FUZZ_TARGET names.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace {
const chuanyu::fuzz::Target* target = nullptr;
}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const name = std::getenv("CHUANYU_FUZZ_TARGET");
  target = chuanyu::fuzz::find_target(name == nullptr ? "" : name);
  if (target != nullptr) return 0;
  std::fprintf(stderr, "CHUANYU_FUZZ_TARGET 应为:");
  for (const auto& one : chuanyu::fuzz::targets()) std::fprintf(stderr, " %s", one.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
