#include <csignal>
#include <iostream>

#include "gateway/base/log.h"
#include "gateway/cli/cli.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  chuanyu::log::set_level("error");  // a person reads stderr: what the log's warnings say, the commands say in words
  return chuanyu::cli::run(argc, argv, std::cout, std::cerr);
}
