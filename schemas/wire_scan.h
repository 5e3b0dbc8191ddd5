// schemas/wire_scan.h: walks the fields of a Protobuf message without unpacking it.
//
// Inside the room; record.h is what others use. Accepts what a Protobuf parser accepts, except groups. Threads: pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace chuanyu::schemas {

// A field of another wire type than expected is an unknown field, as for every Protobuf parser: so compare whole tags.
constexpr std::uint64_t varint_tag(int number) { return static_cast<std::uint64_t>(number) << 3; }
constexpr std::uint64_t bytes_tag(int number) { return varint_tag(number) | 2; }

struct WireField {
  std::uint64_t tag = 0;           // field number and wire type
  std::uint64_t number_value = 0;  // of a varint
  std::string_view bytes;          // of a length-delimited field
};

// A varint of at most ten bytes off the front of `wire`; false when there is none.
inline bool take_varint(std::string_view& wire, std::uint64_t& value) {
  value = 0;
  for (unsigned i = 0; i < 10 && i < wire.size(); ++i) {
    const auto byte = static_cast<unsigned char>(wire[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) {
      wire.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

inline bool take_bytes(std::string_view& wire, std::uint64_t length, std::string_view& bytes) {
  if (length > wire.size()) return false;
  bytes = wire.substr(0, static_cast<std::size_t>(length));
  wire.remove_prefix(static_cast<std::size_t>(length));
  return true;
}

inline bool take_field(std::string_view& wire, WireField& field) {
  field = {};
  if (!take_varint(wire, field.tag) || field.tag >> 3 == 0 || field.tag >> 32 != 0) return false;
  switch (field.tag & 7) {
    case 0: return take_varint(wire, field.number_value);
    case 1: return take_bytes(wire, 8, field.bytes);
    case 2: {
      std::uint64_t length = 0;
      return take_varint(wire, length) && take_bytes(wire, length, field.bytes);
    }
    case 5: return take_bytes(wire, 4, field.bytes);
    default: return false;
  }
}

// Calls visit(field) for each field in order; false when the bytes are no message or visit says false.
template <typename Visit>
bool scan_wire(std::string_view wire, Visit visit) {
  WireField field;
  while (!wire.empty()) {
    if (!take_field(wire, field)) return false;
    if (!visit(field)) return false;
  }
  return true;
}

}  // namespace chuanyu::schemas
