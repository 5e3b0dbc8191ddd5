#include "adapters/plugin/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "adapters/plugin/call.h"

namespace chuanyu::adapters::plugin {
namespace {

// Closes what it holds. Above the numbers that the worker's own descriptors get, so that dup2 in the child never
// overwrites one that is still to be copied.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10)) {
    if (fd >= 0) close(fd);
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error no_start(const char* what) { return error(Code::LOCAL_IO, std::string("不能启动插件工作进程：") + what); }

// With no environment, no signal blocked, and no descriptor but its three.
pid_t spawn(const std::string& program, int control, int memory, int library) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (const int standard : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, control, kControlFd);
  posix_spawn_file_actions_adddup2(&actions, memory, kMemoryFd);
  posix_spawn_file_actions_adddup2(&actions, library, kLibraryFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, kLibraryFd + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = "chuanyu-adapter-worker";
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data()) != 0) pid = -1;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

std::string how_it_ended(int status) {
  if (WIFEXITED(status)) {
    if (WEXITSTATUS(status) == kOutOfMemory) return "超过内存上限";
    if (WEXITSTATUS(status) == kSandboxFailed) return "工作进程不能建立隔离";
    return "自行退出，退出码 " + std::to_string(WEXITSTATUS(status));
  }
  switch (WTERMSIG(status)) {
    case SIGSEGV:
    case SIGBUS: return "访问了不属于它的内存";
    case SIGABRT: return "异常中止";
    case SIGSYS: return "试图调用隔离所禁止的系统功能";
    case SIGXCPU: return "超过处理器时间上限";
    default: return "被信号 " + std::to_string(WTERMSIG(status)) + " 终止";
  }
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(const std::string& program, int library, const Setup& setup,
                                                const std::uint8_t* charset) {
  std::unique_ptr<Process> process(new Process());
  process->request_size_ = setup.request_size;
  process->memory_size_ = kCharsetTable + setup.request_size + setup.response_size;
  const Descriptor memory(memfd_create("chuanyu-adapter", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // Sealed: a worker that made it shorter would have the gateway die of SIGBUS.
  if (memory.get() < 0 || ftruncate(memory.get(), static_cast<off_t>(process->memory_size_)) != 0 ||
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return no_start("没有共享内存");
  }
  void* at = mmap(nullptr, process->memory_size_, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (at == MAP_FAILED) return no_start("没有共享内存");
  process->memory_ = static_cast<std::uint8_t*>(at);
  std::memcpy(process->memory_, charset, kCharsetTable);

  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return no_start("没有套接字");
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  const Descriptor code(fcntl(library, F_DUPFD_CLOEXEC, 10));
  if (ours.get() < 0 || theirs.get() < 0 || code.get() < 0) return no_start("描述符已用完");
  process->pid_ = spawn(program, theirs.get(), memory.get(), code.get());
  if (process->pid_ < 0) return no_start("程序 chuanyu-adapter-worker 不能执行");
  process->socket_ = ours.release();
  if (send(process->socket_, &setup, sizeof setup, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof setup)) {
    return error(Code::LOCAL_PLUGIN_CRASH, process->end());
  }
  return process;
}

Process::~Process() {
  end();
  if (memory_ != nullptr) munmap(memory_, memory_size_);
}

std::string Process::end() {
  if (socket_ >= 0) close(std::exchange(socket_, -1));
  if (pid_ < 0) return "已结束";
  int status = 0;
  kill(pid_, SIGKILL);  // no effect on how it ended when it has ended already
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return how_it_ended(status);
}

Status Process::receive(void* message, std::size_t size, std::int64_t until_ns) {
  for (;;) {
    const std::int64_t left_ms = (until_ns - monotonic_ns() + 999'999) / 1'000'000;
    pollfd wait{socket_, POLLIN, 0};
    const int ready = poll(&wait, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      end();
      return error(Code::LOCAL_PLUGIN_TIMEOUT, "插件未在限定时间内完成，已终止");
    }
    const ssize_t got = ready < 0 ? -1 : recv(socket_, message, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got == static_cast<ssize_t>(size)) return {};
    return error(Code::LOCAL_PLUGIN_CRASH, "插件" + end());
  }
}

bool Process::gone() const {
  pollfd wait{socket_, POLLIN, 0};
  return poll(&wait, 1, 0) > 0;
}

// Should the gateway itself be gone before it can kill a plug-in that hangs, the kernel does it. Two system calls, so
// not for every batch: the one thread that it has cannot use more than the time that goes by.
void Process::allow_cpu(std::int64_t until_ns) {
  constexpr std::int64_t kAheadNs = 10'000'000'000;
  if (until_ns <= cpu_until_ns_) return;
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return;
  const std::int64_t more = (until_ns + kAheadNs - monotonic_ns()) / 1'000'000'000 + 2;
  const rlimit limit{static_cast<rlim_t>(used.tv_sec + more), RLIM_INFINITY};
  if (prlimit(pid_, RLIMIT_CPU, &limit, nullptr) == 0) cpu_until_ns_ = until_ns + kAheadNs;
}

Result<Description> Process::describe(std::int64_t until_ns) {
  allow_cpu(until_ns);
  Description description;
  CHUANYU_CHECK(receive(&description, sizeof description, until_ns));
  // It may have come from the plug-in: no text without an end.
  for (char* last :
       {std::end(description.error), std::end(description.id), std::end(description.version),
        std::end(description.record_type), std::end(description.native_format), std::end(description.native_charset)}) {
    last[-1] = 0;
  }
  return description;
}

Result<Reply> Process::ask(const Ask& ask, std::int64_t until_ns) {
  allow_cpu(until_ns);
  if (send(socket_, &ask, sizeof ask, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof ask)) {
    return error(Code::LOCAL_PLUGIN_CRASH, "插件" + end());
  }
  Reply reply;
  CHUANYU_CHECK(receive(&reply, sizeof reply, until_ns));
  if (reply.sequence == ask.sequence) return reply;
  end();
  return error(Code::LOCAL_PLUGIN_INVALID, "插件的应答不对应所问的批次");
}

}  // namespace chuanyu::adapters::plugin
