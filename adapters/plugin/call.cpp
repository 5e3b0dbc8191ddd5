#include "adapters/plugin/call.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <new>

namespace chuanyu::adapters::plugin {

void* Call::alloc(std::uint64_t size, std::uint64_t align) {
  if (!std::has_single_bit(align) || align > 4096) return nullptr;
  if (size > limits_.memory || size + align > limits_.memory - allocated_) return nullptr;
  std::unique_ptr<char[]> block(new (std::nothrow) char[size + align]);
  if (block == nullptr) return nullptr;
  allocated_ += size + align;
  void* at = block.get();
  std::size_t space = size + align;
  memory_.push_back(std::move(block));
  return std::align(align, size, at, space);
}

std::uint8_t* Call::frame(FrameKind kind, std::uint32_t record, std::uint64_t size) {
  const std::uint64_t whole = sizeof(Frame) + padded(size);
  if (whole > capacity_ - used_) return nullptr;
  const Frame head{kind, record, size};
  std::uint8_t* at = out_ + used_;
  std::memcpy(at, &head, sizeof head);
  std::memset(at + sizeof head + size, 0, padded(size) - size);
  used_ += whole;
  return at + sizeof head;
}

int Call::fault(std::uint32_t record, Fault what) {
  if (std::uint8_t* body = frame(FrameKind::fault, record, sizeof what)) std::memcpy(body, &what, sizeof what);
  return 1;
}

int Call::emit(std::uint32_t record, chuanyu_view bytes) {
  if (record >= count_) return fault(record, Fault::no_such_record);
  if (emitted_[record]) return fault(record, Fault::twice);
  if (bytes.len > limits_.result) return fault(record, Fault::too_large);
  std::uint8_t* body = frame(FrameKind::emit, record, bytes.len);
  if (body == nullptr) return fault(record, Fault::too_large);
  if (bytes.len > 0) std::memcpy(body, bytes.ptr, bytes.len);
  emitted_[record] = true;
  return 0;
}

int Call::diag(std::uint32_t record, const chuanyu_diag* diag) {
  if (record >= count_) return fault(record, Fault::no_such_record);
  if (diag == nullptr || diag->struct_size < offsetof(chuanyu_diag, offset)) return fault(record, Fault::bad_diag);
  // The last place is kept for the reason why the record is refused.
  const std::uint32_t room = diag->severity >= CHUANYU_ERROR ? kDiagsPerRecord : kDiagsPerRecord - 1;
  if (diags_[record] >= room) return 1;
  const chuanyu_view* texts[] = {&diag->rule_id, &diag->native_path, &diag->canonical_path, &diag->message};
  DiagHead head;
  head.code = diag->code;
  head.severity = diag->severity;
  head.direction = diag->direction;
  if (diag->struct_size >= offsetof(chuanyu_diag, length) + sizeof diag->length) {
    head.offset = diag->offset;
    head.length = diag->length;
  }
  std::uint64_t size = sizeof head;
  for (std::size_t i = 0; i < 4; ++i) {
    head.sizes[i] = static_cast<std::uint32_t>(std::min(texts[i]->len, kDiagText));
    size += head.sizes[i];
  }
  std::uint8_t* body = frame(FrameKind::diag, record, size);
  if (body == nullptr) return 1;
  ++diags_[record];
  std::memcpy(body, &head, sizeof head);
  body += sizeof head;
  for (std::size_t i = 0; i < 4; ++i) {
    if (head.sizes[i] > 0) std::memcpy(body, texts[i]->ptr, head.sizes[i]);
    body += head.sizes[i];
  }
  return 0;
}

int Call::cancelled() const { return monotonic_ns() >= limits_.deadline_ns ? 1 : 0; }

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

chuanyu_host make_host(const chuanyu_charset* charset) {
  chuanyu_host host{};
  host.struct_size = sizeof host;
  host.abi_major = CHUANYU_ABI_MAJOR;
  host.abi_minor = CHUANYU_ABI_MINOR;
  host.ctx = const_cast<chuanyu_charset*>(charset);
  host.alloc = [](void* call, std::uint64_t n, std::uint64_t align) {
    return static_cast<Call*>(call)->alloc(n, align);
  };
  host.emit = [](void* call, std::uint32_t record, chuanyu_view bytes) {
    return static_cast<Call*>(call)->emit(record, bytes);
  };
  host.diag = [](void* call, std::uint32_t record, const chuanyu_diag* diag) {
    return static_cast<Call*>(call)->diag(record, diag);
  };
  host.cancelled = [](void* call) { return static_cast<Call*>(call)->cancelled(); };
  host.get_extension = [](void* ctx, const char* id) -> const void* {
    return std::strcmp(id, CHUANYU_EXT_CHARSET) == 0 ? ctx : nullptr;
  };
  return host;
}

}  // namespace chuanyu::adapters::plugin
