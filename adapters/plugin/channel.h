// adapters/plugin/channel.h: what the gateway and a worker process say to each other. Plain structs of one build: the
// two programs are installed together, Setup::version says so.
//
//   control socket (SEQPACKET)   Setup -> Description, then Ask -> Reply for each batch
//   shared memory                charset table | request area: Slot[count], bytes | response area: frames
// A frame is a Frame, its body and zeros up to a multiple of eight; read_frames() takes them apart and believes
// nothing, for a plug-in may write over all of it. The in-process runner uses the same frames, on memory of its own.
// Nothing but libc is needed here, so that the worker carries as little as it can.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chuanyu::adapters::plugin {

constexpr std::uint64_t kChannelVersion = 0x4359504c0002;
constexpr int kControlFd = 3;
constexpr int kMemoryFd = 4;
constexpr int kLibraryFd = 5;
constexpr int kOutOfMemory = 86;  // exit codes of the worker
constexpr int kSandboxFailed = 87;
constexpr std::uint64_t kCharsetTable = 65536;  // bytes; the request area follows

enum class Op : std::uint32_t { get = 1, put = 2 };

struct Setup {
  std::uint64_t version = kChannelVersion;
  std::uint64_t memory_limit = 0;  // address space for the plug-in itself
  std::uint64_t request_size = 0;
  std::uint64_t response_size = 0;
  std::uint64_t result_limit = 0;  // of one record
  std::uint32_t charset_beyond = 0;
  std::uint32_t config_size = 0;
  char plugin[128] = {};
  char library[128] = {};
  char config[8192] = {};
};

struct Description {
  char error[256] = {};  // Chinese; not empty: there is no adapter
  char id[128] = {};
  char version[64] = {};
  char record_type[64] = {};
  char native_format[32] = {};
  char native_charset[32] = {};
  std::uint64_t canonical_fp = 0;
  std::uint64_t caps = 0;
  std::uint32_t max_batch = 0;
  std::uint32_t abi_minor = 0;
};

struct Ask {
  std::uint64_t sequence = 0;
  Op op = Op::get;
  std::uint32_t count = 0;
  std::int64_t deadline_ns = 0;  // CLOCK_MONOTONIC
};

struct Reply {
  std::uint64_t sequence = 0;
  std::uint64_t used = 0;  // bytes of the response area
  std::int32_t status = 0;
  std::uint32_t unused = 0;
};

// One record of a request; places are relative to the request area. old_at 0: there is no old record.
struct Slot {
  std::uint64_t at = 0, size = 0;
  std::uint64_t old_at = 0, old_size = 0;
};

enum class FrameKind : std::uint32_t { emit = 1, diag = 2, fault = 3 };
enum class Fault : std::uint32_t { no_such_record = 1, twice = 2, too_large = 3, bad_diag = 4 };

struct Frame {
  FrameKind kind = FrameKind::emit;
  std::uint32_t record = 0;
  std::uint64_t size = 0;  // of the body: bytes | DiagHead and its texts | Fault
};

struct DiagHead {
  std::uint32_t code = 0;
  std::uint8_t severity = 0, direction = 0;
  std::uint16_t unused = 0;
  std::uint32_t sizes[4] = {};  // rule, native path, canonical path, message
  std::uint64_t offset = 0;     // of what it speaks of, in the record
  std::uint32_t length = 0;     // 0: it does not say
  std::uint32_t unused_too = 0;
};

constexpr std::uint64_t kDiagText = 512;
constexpr std::uint32_t kDiagsPerRecord = 64;

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

}  // namespace chuanyu::adapters::plugin
