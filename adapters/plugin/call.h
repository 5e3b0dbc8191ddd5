// adapters/plugin/call.h: one call of a plug-in, as the plug-in sees it: alloc, emit, diag, cancelled.
//
// Lives on both sides: in the worker `out` is the shared response area, in process it is memory of the runner. What the
// plug-in does against the rules becomes a frame of kind fault, or is refused; nothing here trusts a length it is
// given. Threads: one call, one thread. Ownership: `out` must outlive the call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "adapters/plugin/channel.h"
#include "adapters/sdk/chuanyu_adapter.h"

namespace chuanyu::adapters::plugin {

struct CallLimits {
  std::uint64_t result = 0;      // bytes of one result
  std::uint64_t memory = 0;      // bytes of alloc()
  std::int64_t deadline_ns = 0;  // CLOCK_MONOTONIC
};

class Call {
 public:
  Call(std::uint8_t* out, std::uint64_t capacity, std::uint32_t count, const CallLimits& limits)
      : out_(out), capacity_(capacity), count_(count), limits_(limits) {}

  std::uint64_t used() const { return used_; }

  void* alloc(std::uint64_t size, std::uint64_t align);
  int emit(std::uint32_t record, chuanyu_view bytes);
  int diag(std::uint32_t record, const chuanyu_diag* diag);
  int cancelled() const;

 private:
  int fault(std::uint32_t record, Fault what);
  // Where the body of a new frame goes; nullptr when there is no room.
  std::uint8_t* frame(FrameKind kind, std::uint32_t record, std::uint64_t size);

  std::uint8_t* out_;
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint32_t count_;
  CallLimits limits_;
  std::uint64_t allocated_ = 0;
  std::vector<std::unique_ptr<char[]>> memory_;
  std::array<bool, CHUANYU_MAX_BATCH> emitted_{};
  std::array<std::uint32_t, CHUANYU_MAX_BATCH> diags_{};
};

// The host's functions; their `call` is a Call*. `charset` is the only extension, and must live as long as the host.
chuanyu_host make_host(const chuanyu_charset* charset);

std::int64_t monotonic_ns();

}  // namespace chuanyu::adapters::plugin
