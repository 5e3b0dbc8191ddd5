// adapters/mapping/codeset.h: native codes or words <-> canonical values.
//
// Threads: immutable after build. Lookups are one hash of the text; canonical enum values are found by number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chuanyu::adapters {

class CodeSet {
 public:
  enum class Gap : std::uint8_t { reject, quarantine, other };
  enum class BackText : std::uint8_t { never, code, always };
  enum class BackGap : std::uint8_t { refuse, code, omit };

  struct Pair {
    std::string native;
    std::string canonical;
    int number = 0;         // enum number, or 0/1 for booleans
    bool preferred = true;  // what create writes for this canonical value
  };

  std::string name;
  std::vector<Pair> pairs;
  Gap gap = Gap::reject;
  std::string other;  // canonical value for an unknown native one; may be ""
  int other_number = 0;
  bool has_other = false;
  BackText back_text = BackText::never;
  BackGap back_gap = BackGap::refuse;
  std::string back_gap_code;

  // Builds the tables; call once after the pairs are complete.
  void build();
  const Pair* by_native(std::string_view native) const;   // nullptr: not in the set
  const Pair* by_canonical(std::string_view text) const;  // the preferred pair
  const Pair* by_number(int number) const;                // the preferred pair
  const Pair* empty() const { return empty_; }            // the pair with native ""
  // True when `text` looks like one of this set's codes: ASCII letters and digits, as long as the first.
  bool looks_like_code(std::string_view text) const;

 private:
  static std::size_t hash(std::string_view text);
  const Pair* find(const std::vector<int>& table, std::string_view text, bool native) const;
  std::vector<int> native_table_;
  std::vector<int> canonical_table_;
  std::vector<int> number_table_;  // enum number -> pair
  const Pair* empty_ = nullptr;
};

}  // namespace chuanyu::adapters
