// A plug-in that converts a line which begins with "good", and for one that begins with "bad" does what its config
// says. Against the C interface, without the helper that would catch its mistakes.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "adapters/sdk/canonical.h"
#include "adapters/sdk/chuanyu_adapter.h"

namespace {

const chuanyu_host* host = nullptr;
std::string config;

chuanyu_view view(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

void say(void* call, std::uint32_t i, std::uint8_t severity, const std::string& message) {
  chuanyu_diag diag{};
  diag.struct_size = sizeof diag;
  diag.severity = severity;
  diag.message = view(message);
  host->diag(call, i, &diag);
}

// caseId = the line
void convert(void* call, std::uint32_t i, chuanyu_view line) {
  const std::string text(reinterpret_cast<const char*>(line.ptr), line.len);
  host->emit(call, i, view(std::string("\x0A") + static_cast<char>(text.size()) + text));
}

// Behind a volatile pointer, or an optimising compiler sees through it.
void write_nowhere() {
  int* volatile nowhere = reinterpret_cast<int*>(8);
  *nowhere = 1;
}

[[gnu::noinline]] void crash() {
  if (config == "segv") write_nowhere();
  if (config == "wild_write") std::memset(reinterpret_cast<void*>(&say), 0, 64);
  if (config == "stack") {
    volatile char big[1 << 16];
    big[0] = 1;
    crash();
    big[1] = big[0];
  }
  if (config == "abort") std::abort();
  if (config == "exit") std::exit(0);
  if (config == "throw") throw std::runtime_error("no");
}

void exhaust() {
  if (config == "hang") {
    volatile bool forever = true;
    while (forever) {
    }
  }
  static std::vector<char*> kept;
  while (config == "leak") std::memset(kept.emplace_back(new char[1 << 20]), 1, 1 << 20);
}

void break_out() {
  if (config == "fork") fork();
  if (config == "thread") std::thread([] {}).join();
  if (config == "socket") socket(AF_INET, SOCK_STREAM, 0);
  if (config == "open") open("/etc/passwd", O_RDONLY);
  if (config == "exec") execl("/bin/true", "true", nullptr);
  if (config == "kill") kill(getppid(), SIGKILL);
  if (config == "new_code") mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (config == "sleep") sleep(1000);
}

chuanyu_status lie(void* call, std::uint32_t i, chuanyu_view line, std::uint32_t n) {
  const std::string some(128, 'x');
  if (config == "huge") host->emit(call, i, {line.ptr, std::uint64_t{1} << 40});
  if (config == "negative") host->emit(call, i, {line.ptr, static_cast<std::uint64_t>(-1)});
  if (config == "no_such_record") host->emit(call, n, line);
  if (config == "far_record") host->emit(call, 0xFFFFFFFF, line);
  if (config == "not_canonical") host->emit(call, i, view("\xFF\xFF\xFF"));
  if (config == "empty") host->emit(call, i, {nullptr, 0});
  if (config == "not_utf8") host->emit(call, i, view("\x0A\x02\xFF\xFE"));
  if (config == "unknown_field") host->emit(call, i, view("\x0A\x01x\xF8\x3F\x01"));
  if (config == "silent") return CHUANYU_OK;
  if (config == "fatal") return CHUANYU_FATAL;
  if (config == "retry") return CHUANYU_RETRY;
  if (config == "bad_status") return 77;
  if (config == "bad_severity") say(call, i, 200, some);
  if (config == "many_diags") {
    for (int k = 0; k < 100'000; ++k) say(call, i, CHUANYU_LOSS, some);
    convert(call, i, line);
  }
  if (config == "alloc" &&
      (host->alloc(call, std::uint64_t{1} << 62, 8) != nullptr || host->alloc(call, 8, 3) != nullptr)) {
    convert(call, i, line);
  }
  if (config == "short_diag") {
    chuanyu_diag diag{};
    diag.struct_size = 4;
    host->diag(call, i, &diag);
  }
  if (config == "twice") {
    convert(call, i, line);
    convert(call, i, line);
  }
  if (config == "forged_reply") {
    const std::uint64_t reply[3] = {12345, 1u << 30, 0};
    if (write(3, reply, sizeof reply) < 0) return CHUANYU_FATAL;
  }
  if (config == "scribble") {
    convert(call, i, line);
    std::memset(const_cast<std::uint8_t*>(line.ptr), 0xFF, 12 << 20);
  }
  if (config == "personal") {
    say(call, i, CHUANYU_ERROR, "证件 510903199001011234 有误\n第二行\x01" + std::string(1000, 'x'));
  }
  return CHUANYU_OK;
}

chuanyu_status get(chuanyu_adapter*, void* call, const chuanyu_view* native, std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) {
    if (native[i].len >= 4 && std::memcmp(native[i].ptr, "good", 4) == 0) {
      convert(call, i, native[i]);
      continue;
    }
    crash();
    exhaust();
    break_out();
    if (const chuanyu_status status = lie(call, i, native[i], n); status != CHUANYU_OK) return status;
  }
  return CHUANYU_OK;
}

chuanyu_status put(chuanyu_adapter*, void* call, const chuanyu_view*, const chuanyu_view*, std::uint32_t n) {
  const std::string text = config == "put_not_utf8" ? "\xFF" : config == "put_lines" ? "good\ngood" : "good other";
  for (std::uint32_t i = 0; i < n; ++i) host->emit(call, i, view(text));
  return CHUANYU_OK;
}

const chuanyu_descriptor kDescriptor = {sizeof(chuanyu_descriptor),
                                        "hostile",
                                        "",
                                        "0",
                                        CHUANYU_TYPE_CASE,
                                        "text",
                                        "",
                                        CHUANYU_FP_CASE,
                                        CHUANYU_CAP_GET | CHUANYU_CAP_PUT | CHUANYU_CAP_CREATE,
                                        0};

chuanyu_adapter adapter = {sizeof adapter, nullptr, get, put, nullptr, nullptr};

chuanyu_adapter* create(const chuanyu_host* given, const char*, chuanyu_view json) {
  host = given;
  config.assign(reinterpret_cast<const char*>(json.ptr), json.len);  // {"do":"segv"}
  if (config.size() > 9) config = config.substr(7, config.size() - 9);
  if (config == "start_segv") write_nowhere();
  if (config == "start_throw") throw std::runtime_error("no");
  if (config == "start_null") return nullptr;
  return &adapter;
}

#ifdef HOSTILE_CONSTRUCTOR
[[gnu::constructor]] void before_anything() { socket(AF_INET, SOCK_STREAM, 0); }
#endif

}  // namespace

extern "C" const chuanyu_entry chuanyu_adapter_entry = {sizeof(chuanyu_entry),
                                                        CHUANYU_ABI_MAJOR,
                                                        CHUANYU_ABI_MINOR,
                                                        [](const chuanyu_host*, const char*) { return 0; },
                                                        [] {},
                                                        [] { return std::uint32_t{1}; },
                                                        [](std::uint32_t) { return &kDescriptor; },
                                                        create};
