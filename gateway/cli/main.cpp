#include <csignal>
#include <iostream>

#include "gateway/cli/cli.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return chuanyu::cli::run(argc, argv, std::cout, std::cerr);
}
