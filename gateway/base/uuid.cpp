#include "gateway/base/uuid.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>

#include "gateway/base/bytes.h"

namespace chuanyu {
namespace {

// 48 bits of milliseconds and 12 bits of counter (RFC 9562 §6.2, method 1): never decreases, whatever the clock does.
std::uint64_t next_tick(TimeUs now) {
  static std::mutex mutex;
  static std::uint64_t last = 0;
  const std::uint64_t wanted = static_cast<std::uint64_t>(std::max<TimeUs>(now, 0) / 1000) << 12;
  const std::lock_guard lock(mutex);
  last = std::max(wanted, last + 1);
  return last;
}

// Eight random bytes; fetched many at a time, for a call of the generator costs more than the bytes.
void random_8(std::uint8_t* out) {
  thread_local std::array<std::uint8_t, 512> pool;
  thread_local std::size_t used = pool.size();
  if (used == pool.size()) {
    if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1) std::abort();
    used = 0;
  }
  std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(used), 8, out);
  used += 8;
}

}  // namespace

Uuid Uuid::make(TimeUs now) {
  Uuid id;
  random_8(id.bytes_.data() + 8);
  const std::uint64_t tick = next_tick(now);
  const std::uint64_t millis = tick >> 12;
  for (int i = 0; i < 6; ++i)
    id.bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
  id.bytes_[6] = static_cast<std::uint8_t>(0x70U | (tick >> 8 & 0x0FU));
  id.bytes_[7] = static_cast<std::uint8_t>(tick);
  id.bytes_[8] = static_cast<std::uint8_t>(0x80U | (id.bytes_[8] & 0x3FU));
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  std::string hex;
  for (const char c : text) {
    if (c != '-') hex.push_back(c);
  }
  const auto bytes = from_hex(hex);
  if (!bytes) return std::nullopt;
  return from_bytes(*bytes);
}

std::optional<Uuid> Uuid::from_bytes(std::string_view sixteen) {
  if (sixteen.size() != 16) return std::nullopt;
  Uuid id;
  std::copy(sixteen.begin(), sixteen.end(), id.bytes_.begin());
  return id;
}

std::string Uuid::to_string() const {
  const std::string hex = to_hex(bytes());
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

}  // namespace chuanyu
