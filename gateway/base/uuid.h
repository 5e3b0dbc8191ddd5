// gateway/base/uuid.h: exchange ids: UUID version 7 (RFC 9562), 16 bytes, ordered by time of making.
//
// Threads: make() may be called on any thread; ids made in one process never decrease.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace chuanyu {

class Uuid {
 public:
  Uuid() = default;  // the nil UUID
  static Uuid make(TimeUs now);
  static std::optional<Uuid> parse(std::string_view text);  // 8-4-4-4-12, either case, any version
  static std::optional<Uuid> from_bytes(std::string_view sixteen);

  std::string to_string() const;  // lower case
  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  bool is_nil() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy's own mistake

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace chuanyu
