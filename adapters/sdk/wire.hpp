// adapters/sdk/wire.hpp: Protobuf wire bytes for plug-ins, without linking protobuf (two of them in one process do not
// go together).
//
//   WireWriter w; w.text(1, "id"); w.message(8, [&](WireWriter& m) { m.text(1, name); });
//   for (WireReader r(bytes); r.next();) switch (r.field()) { case 1: id = r.text(); break; ... }
//
// Write fields in the order of their numbers and leave out what is empty: that is the canonical form. A reader throws
// std::runtime_error for bytes that are not a message; adapter.hpp catches it at the edge.
// Threads: plain values. Ownership: texts of a reader point into the bytes it was given.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace chuanyu::sdk {

class WireWriter {
 public:
  const std::string& bytes() const { return bytes_; }

  void varint(std::uint32_t field, std::uint64_t value) {
    key(field, 0);
    raw(value);
  }
  // proto3: a field without presence is left out when it is 0 or "".
  void number(std::uint32_t field, std::uint64_t value) {
    if (value != 0) varint(field, value);
  }
  void text(std::uint32_t field, std::string_view value) {
    if (!value.empty()) block(field, value);
  }
  void block(std::uint32_t field, std::string_view value) {
    key(field, 2);
    raw(value.size());
    bytes_.append(value);
  }
  template <typename Fill>
  void message(std::uint32_t field, Fill fill) {
    WireWriter inner;
    fill(inner);
    block(field, inner.bytes());
  }

 private:
  void key(std::uint32_t field, std::uint32_t type) { raw(std::uint64_t{field} << 3 | type); }
  void raw(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t key = raw();
    field_ = static_cast<std::uint32_t>(key >> 3);
    text_ = {};
    switch (key & 7) {
      case 0: number_ = raw(); break;
      case 1: text_ = take(8); break;
      case 2: text_ = take(raw()); break;
      case 5: text_ = take(4); break;
      default: throw std::runtime_error("wire type");
    }
    return true;
  }
  std::uint32_t field() const { return field_; }
  std::uint64_t number() const { return number_; }
  std::string_view text() const { return text_; }  // of a string or a message

 private:
  std::uint64_t raw() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) throw std::runtime_error("truncated");
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("varint");
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::runtime_error("truncated");
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  std::string_view rest_;
  std::string_view text_;
  std::uint64_t number_ = 0;
  std::uint32_t field_ = 0;
};

}  // namespace chuanyu::sdk
