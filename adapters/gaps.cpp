#include "adapters/gaps.h"

#include <algorithm>

#include "adapters/mapping/values.h"

namespace chuanyu::adapters {

std::string masked_sample(std::string_view utf8) {
  const std::size_t length = characters(utf8);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool number = std::all_of(utf8.begin(), utf8.end(), digit);
  const std::size_t kept = number ? std::min<std::size_t>(2, length) : std::min<std::size_t>(2, (length + 1) / 2);
  std::string sample;
  std::size_t begun = 0;
  for (const char c : utf8) {
    begun += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
    if (begun > kept) break;
    sample.push_back(digit(c) ? '9' : c);
  }
  if (kept < length) sample += "…";
  return sample + "（" + std::to_string(length) + " 字）";
}

}  // namespace chuanyu::adapters
