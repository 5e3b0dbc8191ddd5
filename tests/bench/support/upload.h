// tests/bench/support/upload.h: one import: a document of generated records sent over mutual TLS as it is made.
//
// Threads: blocks its caller. Failure: give_up().
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/bench/support/load.h"
#include "tests/bench/support/records.h"

namespace chuanyu::bench {

struct Uploaded {
  double seconds = 0;
  std::uint64_t accepted = 0;
  std::string answer;
};

// Records [first, first + count). `meanwhile` is called now and then while the document is sent.
Uploaded upload(const Target& target, const Records& records, std::uint64_t first, std::uint64_t count,
                const std::function<void()>& meanwhile);

}  // namespace chuanyu::bench
