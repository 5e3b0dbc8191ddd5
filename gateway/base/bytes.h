// gateway/base/bytes.h: byte strings and their text forms.
//
// Bytes are held in std::string (owned) and std::string_view (borrowed): that is what Protobuf, LMDB and HTTP speak.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chuanyu {

using Bytes = std::string;           // owned, may hold any byte
using BytesView = std::string_view;  // borrowed

std::string to_hex(BytesView bytes);                      // lower case
std::optional<Bytes> from_hex(std::string_view text);     // either case; nothing when odd or not hex
std::string to_base64(BytesView bytes);                   // RFC 4648 §4, padded
std::optional<Bytes> from_base64(std::string_view text);  // strict: padding needed, no white space

// Percent-decoding of RFC 3986 (no '+'); nothing when a % is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);
// Leaves unreserved characters (A-Z a-z 0-9 - . _ ~) as they are.
std::string percent_encode(std::string_view text);

// Big-endian integers, as keys are ordered.
void append_u32(Bytes& out, std::uint32_t value);
void append_u64(Bytes& out, std::uint64_t value);
std::uint32_t read_u32(BytesView at_least_four);
std::uint64_t read_u64(BytesView at_least_eight);

// True for well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

}  // namespace chuanyu
