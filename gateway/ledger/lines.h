// Private to gateway/ledger: the lines that C2SP's text formats are made of. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/crypto/digest.h"

namespace chuanyu::ledger {

// Takes a line off the front, without its line feed; nothing when there is no line feed left.
std::optional<std::string_view> take_line(std::string_view& text);
// ASCII decimal without leading zeroes that fits.
std::optional<std::uint64_t> decimal(std::string_view digits);
// Base64 of exactly 32 bytes.
std::optional<crypto::Digest> base64_digest(std::string_view text);
// Hash lines up to the empty line, which is taken too; nothing when another line stands among them or it is missing.
std::optional<std::vector<crypto::Digest>> take_hashes(std::string_view& text, std::size_t at_most);

}  // namespace chuanyu::ledger
