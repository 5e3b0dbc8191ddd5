#include "gateway/ledger/lines.h"

#include <algorithm>
#include <charconv>

namespace chuanyu::ledger {

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> decimal(std::string_view digits) {
  if (digits.empty() || (digits != "0" && digits[0] == '0')) return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

std::optional<crypto::Digest> base64_digest(std::string_view text) {
  const auto bytes = from_base64(text);
  crypto::Digest digest{};
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::optional<std::vector<crypto::Digest>> take_hashes(std::string_view& text, std::size_t at_most) {
  std::vector<crypto::Digest> hashes;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    if (line->empty()) return hashes;
    const auto hash = base64_digest(*line);
    if (!hash || hashes.size() == at_most) return std::nullopt;
    hashes.push_back(*hash);
  }
}

}  // namespace chuanyu::ledger
