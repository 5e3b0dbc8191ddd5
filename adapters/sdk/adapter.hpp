// adapters/sdk/adapter.hpp: a plug-in in C++: derive from Adapter, name it in CHUANYU_ADAPTER_PLUGIN, done.
//
// Header only; needs nothing but the C++ standard library. Exceptions are caught at the edge: the record at hand is
// refused as CHUANYU_CODE_INTERNAL, the others of the batch go on. what() is not passed on, it might hold personal
// data. Threads: one Adapter is used by one thread at a time. Ownership: the host destroys what it created.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "chuanyu_adapter.h"

namespace chuanyu::sdk {

inline chuanyu_view view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text(chuanyu_view v) { return {reinterpret_cast<const char*>(v.ptr), v.len}; }

// Bytes that characters take in the native character set.
class Charset {
 public:
  Charset() = default;
  explicit Charset(const chuanyu_charset* table) : table_(table) {}
  explicit operator bool() const { return table_ != nullptr; }
  unsigned width(char32_t code_point) const { return code_point > 0xFFFF ? table_->beyond : table_->bmp[code_point]; }

 private:
  const chuanyu_charset* table_ = nullptr;
};

// The character at the front of well-formed UTF-8 (the host gives no other), taken away from it.
inline char32_t take_character(std::string_view& utf8) {
  const auto lead = static_cast<unsigned char>(utf8.front());
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  auto code_point = static_cast<char32_t>(size == 1 ? lead : lead & (0x7F >> size));
  for (std::size_t i = 1; i < size && i < utf8.size(); ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3F);
  }
  utf8.remove_prefix(size < utf8.size() ? size : utf8.size());
  return code_point;
}

// One record of a batch: where its result and what is to be said of it go.
class Record {
 public:
  Record(const chuanyu_host& host, void* call, std::uint32_t index, std::uint8_t direction, std::string_view source)
      : host_(host), call_(call), index_(index), direction_(direction), source_(source) {}

  void emit(std::string_view bytes) { host_.emit(call_, index_, view(bytes)); }
  // `part`: the part of the record that it speaks of, as a view into it; of an unknown code the host counts the text.
  void note(std::uint8_t severity, std::string_view native, std::string_view canonical, std::string_view message,
            std::uint32_t code = CHUANYU_CODE_VALUE, std::string_view part = {}) {
    chuanyu_diag diag{};
    diag.struct_size = sizeof diag;
    diag.code = code;
    diag.severity = severity;
    diag.direction = direction_;
    diag.native_path = view(native);
    diag.canonical_path = view(canonical);
    diag.message = view(message);
    const auto from = reinterpret_cast<std::uintptr_t>(part.data());
    const auto begin = reinterpret_cast<std::uintptr_t>(source_.data());
    if (from >= begin && from + part.size() <= begin + source_.size()) {
      diag.offset = from - begin;
      diag.length = static_cast<std::uint32_t>(part.size());
    }
    host_.diag(call_, index_, &diag);
    refused_ = refused_ || severity >= CHUANYU_ERROR;
    lossy_ = lossy_ || severity == CHUANYU_LOSS;
  }
  // The record is not converted. Do not emit() after it.
  void refuse(std::uint32_t code, std::string_view native, std::string_view canonical, std::string_view message,
              std::string_view part = {}) {
    note(CHUANYU_ERROR, native, canonical, message, code, part);
  }
  bool refused() const { return refused_; }
  bool lossy() const { return lossy_; }

 private:
  const chuanyu_host& host_;
  void* call_;
  std::uint32_t index_;
  std::uint8_t direction_;
  std::string_view source_;
  bool refused_ = false;
  bool lossy_ = false;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // Emits canonical wire bytes, or refuses.
  virtual void get(Record& record, std::string_view native) = 0;
  // Emits a native record, or refuses. old == nullptr: a new record.
  virtual void put(Record& record, std::string_view canonical, const std::string_view* old) = 0;

  Charset charset;  // empty before the constructor has run; empty on a host that has no such extension
};

// What the C interface calls, for one class of adapters.
template <typename Derived>
class Edge {
 public:
  static chuanyu_adapter* create(const chuanyu_host* host, chuanyu_view config) noexcept {
    try {
      auto edge = std::make_unique<Edge>(*host, text(config));
      return &edge.release()->c_;
    } catch (...) {
      return nullptr;
    }
  }

  Edge(const chuanyu_host& host, std::string_view config) : host_(host), adapter_(config) {
    c_ = {sizeof c_, this, &Edge::get, &Edge::put, &Edge::destroy, nullptr};
    adapter_.charset = Charset(static_cast<const chuanyu_charset*>(host.get_extension(host.ctx, CHUANYU_EXT_CHARSET)));
  }

 private:
  static Edge& self(chuanyu_adapter* c) { return *static_cast<Edge*>(c->self); }
  static void destroy(chuanyu_adapter* c) { delete &self(c); }

  static chuanyu_status get(chuanyu_adapter* c, void* call, const chuanyu_view* native, std::uint32_t n) noexcept {
    return self(c).each(call, n, CHUANYU_DIRECTION_GET, native,
                        [&](Record& record, std::uint32_t i) { self(c).adapter_.get(record, text(native[i])); });
  }
  static chuanyu_status put(chuanyu_adapter* c, void* call, const chuanyu_view* canonical, const chuanyu_view* old,
                            std::uint32_t n) noexcept {
    return self(c).each(call, n, CHUANYU_DIRECTION_PUT, canonical, [&](Record& record, std::uint32_t i) {
      const std::string_view before = text(old[i]);
      self(c).adapter_.put(record, text(canonical[i]), old[i].ptr == nullptr ? nullptr : &before);
    });
  }

  template <typename Convert>
  chuanyu_status each(void* call, std::uint32_t n, std::uint8_t direction, const chuanyu_view* source,
                      Convert convert) {
    chuanyu_status status = CHUANYU_OK;
    for (std::uint32_t i = 0; i < n && host_.cancelled(call) == 0; ++i) {
      Record record(host_, call, i, direction, text(source[i]));
      try {
        convert(record, i);
      } catch (...) {
        record.refuse(CHUANYU_CODE_INTERNAL, "", "", "插件内部异常");
      }
      const chuanyu_status one = record.refused() ? CHUANYU_REJECT : record.lossy() ? CHUANYU_OK_LOSS : CHUANYU_OK;
      status = one > status ? one : status;
    }
    return status;
  }

  chuanyu_adapter c_{};
  const chuanyu_host& host_;
  Derived adapter_;
};

}  // namespace chuanyu::sdk

// The entry of a library with one adapter. `Derived` has a constructor from std::string_view (the declaration's
// config); `descriptor` is a static chuanyu_descriptor.
#define CHUANYU_ADAPTER_PLUGIN(Derived, descriptor)                                                          \
  extern "C" const chuanyu_entry chuanyu_adapter_entry = {                                                   \
      sizeof(chuanyu_entry),                                                                                 \
      CHUANYU_ABI_MAJOR,                                                                                     \
      CHUANYU_ABI_MINOR,                                                                                     \
      [](const chuanyu_host* host, const char*) { return host->abi_major == CHUANYU_ABI_MAJOR ? 0 : 1; },    \
      [] {},                                                                                                 \
      [] { return std::uint32_t{1}; },                                                                       \
      [](std::uint32_t index) -> const chuanyu_descriptor* { return index == 0 ? &(descriptor) : nullptr; }, \
      [](const chuanyu_host* host, const char* id, chuanyu_view config) -> chuanyu_adapter* {                \
        if (std::strcmp(id, (descriptor).id) != 0) return nullptr;                                           \
        return chuanyu::sdk::Edge<Derived>::create(host, config);                                            \
      }}
