// adapters/plugin/process.h: a worker process: started, spoken to, ended.
//
// Threads: one at a time. Ownership: the process is killed and waited for when this goes. Failure: LOCAL_PLUGIN_CRASH
// says how the process ended, LOCAL_PLUGIN_TIMEOUT that it did not answer in time; after either it is gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/plugin/channel.h"
#include "gateway/base/result.h"

namespace chuanyu::adapters::plugin {

class Process {
 public:
  // `library`: descriptor of the sealed library. `charset`: kCharsetTable bytes for the shared memory.
  static Result<std::unique_ptr<Process>> start(const std::string& program, int library, const Setup& setup,
                                                const std::uint8_t* charset);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::uint8_t* request() const { return memory_ + kCharsetTable; }
  const std::uint8_t* response() const { return request() + request_size_; }

  // It ended, or spoke, though nothing was asked of it.
  bool gone() const;
  // Waits until the time given (CLOCK_MONOTONIC).
  Result<Description> describe(std::int64_t until_ns);
  Result<Reply> ask(const Ask& ask, std::int64_t until_ns);

 private:
  Process() = default;
  Status receive(void* message, std::size_t size, std::int64_t until_ns);
  void allow_cpu(std::int64_t until_ns);
  // Kills it when it still lives; how it ended, in Chinese.
  std::string end();

  pid_t pid_ = -1;
  int socket_ = -1;
  std::int64_t cpu_until_ns_ = 0;
  std::uint8_t* memory_ = nullptr;
  std::uint64_t memory_size_ = 0;
  std::uint64_t request_size_ = 0;
};

}  // namespace chuanyu::adapters::plugin
