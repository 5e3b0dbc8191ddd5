#include <unistd.h>

#include <csignal>
#include <iostream>

#include "gateway/audit/audit.h"

namespace {

// LMDB maps the file: pages that a cut copy no longer has are a signal, not an error code.
void on_missing_page(int) {
  constexpr char kText[] = "LOG_INCOMPLETE: 日志不完整：数据文件比其内容短（副本被截断），请取得完整副本\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(4);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGBUS, on_missing_page);
  return chuanyu::audit::run(argc, argv, std::cout, std::cerr, isatty(STDERR_FILENO) != 0);
}
