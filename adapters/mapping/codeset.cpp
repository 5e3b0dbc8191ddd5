#include "adapters/mapping/codeset.h"

#include <algorithm>
#include <bit>

namespace chuanyu::adapters {

std::size_t CodeSet::hash(std::string_view text) {
  std::uint64_t h = 1469598103934665603u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return static_cast<std::size_t>(h ^ h >> 32);
}

void CodeSet::build() {
  const std::size_t size = std::bit_ceil(pairs.size() * 2 + 1);
  native_table_.assign(size, -1);
  canonical_table_.assign(size, -1);
  int top = 0;
  for (const auto& pair : pairs) top = std::max(top, pair.number);
  number_table_.assign(static_cast<std::size_t>(std::min(top, 4096)) + 1, -1);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& pair = pairs[i];
    std::size_t at = hash(pair.native) & (size - 1);
    while (native_table_[at] >= 0) at = (at + 1) & (size - 1);
    native_table_[at] = static_cast<int>(i);
    if (pair.native.empty()) empty_ = &pairs[i];
    if (!pair.preferred) continue;
    at = hash(pair.canonical) & (size - 1);
    while (canonical_table_[at] >= 0) at = (at + 1) & (size - 1);
    canonical_table_[at] = static_cast<int>(i);
    if (pair.number >= 0 && pair.number < static_cast<int>(number_table_.size())) {
      number_table_[static_cast<std::size_t>(pair.number)] = static_cast<int>(i);
    }
  }
}

const CodeSet::Pair* CodeSet::find(const std::vector<int>& table, std::string_view text, bool native) const {
  const std::size_t mask = table.size() - 1;
  for (std::size_t at = hash(text) & mask; table[at] >= 0; at = (at + 1) & mask) {
    const Pair& pair = pairs[static_cast<std::size_t>(table[at])];
    if ((native ? pair.native : pair.canonical) == text) return &pair;
  }
  return nullptr;
}

const CodeSet::Pair* CodeSet::by_native(std::string_view native) const { return find(native_table_, native, true); }

const CodeSet::Pair* CodeSet::by_canonical(std::string_view text) const { return find(canonical_table_, text, false); }

const CodeSet::Pair* CodeSet::by_number(int number) const {
  if (number < 0 || number >= static_cast<int>(number_table_.size())) return nullptr;
  const int at = number_table_[static_cast<std::size_t>(number)];
  return at < 0 ? nullptr : &pairs[static_cast<std::size_t>(at)];
}

bool CodeSet::looks_like_code(std::string_view text) const {
  const auto first = std::find_if(pairs.begin(), pairs.end(), [](const Pair& p) { return !p.native.empty(); });
  if (first == pairs.end() || text.size() != first->native.size()) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

}  // namespace chuanyu::adapters
