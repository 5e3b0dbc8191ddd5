// adapters/worker/main.cpp: chuanyu-adapter-worker, the process a plug-in runs in when it is not trusted.
//
// Started by the gateway only, with a control socket, shared memory and the library as descriptors 3, 4 and 5. Serves
// batches until the socket is closed. It is not part of what the gateway trusts: whatever the plug-in makes of this
// process, the gateway believes nothing that comes back (adapters/plugin/frames.cpp).
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "adapters/plugin/call.h"
#include "adapters/plugin/channel.h"
#include "adapters/plugin/entry.h"
#include "adapters/worker/sandbox.h"

namespace {

using namespace chuanyu::adapters;
using namespace chuanyu::adapters::plugin;

// What the process itself needs beside the plug-in: libraries, stack, heap.
constexpr std::uint64_t kOwnAddressSpace = 96 << 20;

template <typename T>
bool receive(T& message) {
  return read(kControlFd, &message, sizeof message) == static_cast<ssize_t>(sizeof message);
}
template <typename T>
bool send(const T& message) {
  return write(kControlFd, &message, sizeof message) == static_cast<ssize_t>(sizeof message);
}

struct Worker {
  Setup setup;
  std::uint8_t* memory = nullptr;
  chuanyu_charset charset{};
  chuanyu_host host{};
  chuanyu_adapter* adapter = nullptr;

  std::uint8_t* request() const { return memory + kCharsetTable; }
  std::uint8_t* response() const { return request() + setup.request_size; }

  std::string load(Description& description) {
    const chuanyu_entry* entry = nullptr;
    const std::string path = "/proc/self/fd/" + std::to_string(kLibraryFd);
    if (auto wrong = open_entry(path.c_str(), entry); !wrong.empty()) return wrong;
    close(kLibraryFd);
    if (!worker::after_load()) _exit(kSandboxFailed);
    return start_adapter(*entry, host, setup, adapter, description);
  }

  Reply serve(const Ask& ask) const {
    std::array<chuanyu_view, CHUANYU_MAX_BATCH> first{};
    std::array<chuanyu_view, CHUANYU_MAX_BATCH> old{};
    for (std::uint32_t i = 0; i < ask.count && i < CHUANYU_MAX_BATCH; ++i) {
      Slot slot;
      std::memcpy(&slot, request() + i * sizeof slot, sizeof slot);
      first[i] = {request() + slot.at, slot.size};
      if (slot.old_at != 0) old[i] = {request() + slot.old_at, slot.old_size};
    }
    Call call(response(), setup.response_size, ask.count, {setup.result_limit, setup.memory_limit, ask.deadline_ns});
    Reply reply;
    reply.sequence = ask.sequence;
    reply.status = call_adapter(*adapter, ask.op, &call, first.data(), old.data(), ask.count);
    reply.used = call.used();
    return reply;
  }
};

}  // namespace

int main() {
  Worker worker;
  if (!receive(worker.setup) || worker.setup.version != kChannelVersion) {
    std::fputs("chuanyu-adapter-worker 由网关启动，不单独使用\n", stderr);
    return 2;
  }
  const std::uint64_t size = kCharsetTable + worker.setup.request_size + worker.setup.response_size;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, kMemoryFd, 0);
  if (memory == MAP_FAILED) return 1;
  close(kMemoryFd);
  worker.memory = static_cast<std::uint8_t*>(memory);
  worker.charset = {sizeof worker.charset, worker.setup.charset_beyond, worker.memory};
  worker.host = make_host(&worker.charset);

  std::set_new_handler([] { _exit(kOutOfMemory); });
  const std::uint64_t address_space = worker.setup.memory_limit + size + kOwnAddressSpace;
  if (!worker::limit_process(address_space) || !worker::before_load()) return kSandboxFailed;

  Description description;
  const std::string wrong = worker.load(description);
  std::snprintf(description.error, sizeof description.error, "%s", wrong.c_str());
  if (!send(description) || !wrong.empty()) _exit(0);
  for (Ask ask; receive(ask);) {
    if (!send(worker.serve(ask))) break;
  }
  // Not exit(): what the plug-in wants done at the end is not wanted here.
  _exit(0);
}
