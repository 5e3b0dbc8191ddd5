#include <unistd.h>

#include <csignal>
#include <iostream>

#include "gateway/audit/audit.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return chuanyu::audit::run(argc, argv, std::cout, std::cerr, isatty(STDERR_FILENO) != 0);
}
