#include "adapters/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "adapters/plugin/channel.h"

namespace chuanyu::adapters::worker {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the worker's system call filter is not written for this machine"
#endif

constexpr std::uint32_t kErrno = SECCOMP_RET_ERRNO;

// A list of system calls, each with what is done; everything else ends the process.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, kArchitecture, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
  }
  Filter& allow(long number, std::uint32_t action = SECCOMP_RET_ALLOW) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 1);
    answer(action);
    return *this;
  }
  // Allowed when argument `index` is `value`.
  Filter& allow_equal(long number, int index, std::uint32_t value, std::uint32_t otherwise) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 4);
    argument(index);
    jump(BPF_JEQ, value, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(otherwise);
    return *this;
  }
  // Allowed when argument `index` has none of the bits.
  Filter& allow_without(long number, int index, std::uint32_t bits) {
    jump(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 4);
    argument(index);
    jump(BPF_JSET, bits, 1, 0);
    answer(SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_KILL_PROCESS);
    return *this;
  }
  bool install() {
    answer(SECCOMP_RET_KILL_PROCESS);
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  void load(std::size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  // Low half: no value that is compared here needs the high one.
  void argument(int index) { load(offsetof(seccomp_data, args) + 8 * static_cast<std::size_t>(index)); }
  void jump(int how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    code_.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, yes, no));
  }
  void answer(std::uint32_t action) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

  std::vector<sock_filter> code_;
};

// Memory, time, and dying in good order.
Filter& allow_computing(Filter& filter) {
  for (const long number :
       {SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_clock_gettime, SYS_gettimeofday, SYS_getpid,
        SYS_gettid, SYS_getrandom, SYS_sched_yield, SYS_rt_sigreturn, SYS_exit, SYS_exit_group}) {
    filter.allow(number);
  }
  // A signal to itself is abort(); handlers could be used to outlive SIGXCPU.
  filter.allow_equal(SYS_tgkill, 0, static_cast<std::uint32_t>(getpid()), SECCOMP_RET_KILL_PROCESS);
  filter.allow_equal(SYS_rt_sigaction, 0, SIGABRT, kErrno | EPERM);
  filter.allow(SYS_rt_sigprocmask, kErrno | EPERM);
  return filter;
}

bool limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  return setrlimit(resource, &both) == 0;
}

bool drop_root() {
  constexpr unsigned kNobody = 65534;
  if (geteuid() != 0) return true;
  if (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0) return false;
  if (setresuid(kNobody, kNobody, kNobody) != 0) return false;
  return prctl(PR_SET_DUMPABLE, 1) == 0;  // lost with the user id; /proc/self/fd is not readable without
}

// Not every kernel has it, and the system call filters do not need it once the library is loaded: best effort.
void restrict_files() {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // every right of the first version
  const long ruleset = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (ruleset < 0) return;
  for (const char* folder : {"/usr/lib", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache"}) {
    landlock_path_beneath_attr below{};
    below.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    below.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (below.parent_fd < 0) continue;
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
    close(below.parent_fd);
  }
  syscall(SYS_landlock_restrict_self, ruleset, 0);
  close(static_cast<int>(ruleset));
}

}  // namespace

bool limit_process(std::uint64_t address_space) {
  if (!drop_root() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  restrict_files();
  return limit(RLIMIT_AS, address_space) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 16) &&
         limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_MEMLOCK, 0);
}

bool before_load() {
  Filter filter;
  allow_computing(filter);
  for (const long number : {SYS_read, SYS_write, SYS_pread64, SYS_close, SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_mmap,
                            SYS_mprotect, SYS_prctl, SYS_seccomp, SYS_faccessat, SYS_readlinkat, SYS_getcwd}) {
    filter.allow(number);
  }
#if defined(__x86_64__)
  filter.allow(SYS_access).allow(SYS_readlink).allow(SYS_stat).allow(SYS_arch_prctl);
#endif
  filter.allow_without(SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC);
  return filter.install();
}

bool after_load() {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return false;
  Filter filter;
  allow_computing(filter);
  filter.allow_without(SYS_mmap, 2, PROT_EXEC).allow_without(SYS_mprotect, 2, PROT_EXEC);
  filter.allow_equal(SYS_read, 0, plugin::kControlFd, kErrno | EBADF);
  filter.allow_equal(SYS_write, 0, plugin::kControlFd, kErrno | EBADF);
  filter.allow(SYS_fstat, kErrno | EBADF).allow(SYS_newfstatat, kErrno | EBADF).allow(SYS_ioctl, kErrno | ENOTTY);
  return filter.install();
}

}  // namespace chuanyu::adapters::worker
