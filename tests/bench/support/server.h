// tests/bench/support/server.h: the servers that are measured, as real processes: a gateway with its own PKI and data
// folder, and nginx beside it.
//
// Threads: one. Ownership: the Workplace is a temporary folder and goes with its object; a Process is killed with its
// object. Failure: the bench ends with a message, because nothing can be measured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/support/load.h"

namespace chuanyu::bench {

[[noreturn]] void give_up(const std::string& why);

struct Usage {
  double cpu_us = 0;         // of the process, all threads, since its start
  double anonymous_mib = 0;  // resident memory of its own: heap and stacks, not the mapped files
  double resident_mib = 0;   // with the pages of mapped files (LMDB's map of the page cache)
};

// A child process, pinned to cores.
class Process {
 public:
  // stdout of the child can be read by line(); stderr goes to `errors`.
  Process(const std::vector<std::string>& command, const std::vector<int>& cores, const std::string& errors);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::string line();  // the next line of its stdout; empty at the end
  void end(int signal);
  pid_t pid() const { return pid_; }
  Usage usage() const;
  std::vector<pid_t> children() const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};
double cpu_us(pid_t process);

// A folder with a PKI for the demo agencies and configurations of both gateways.
class Workplace {
 public:
  // programs: where chuanyu-gateway is; parent: where the folder is made, on the disk to be measured.
  Workplace(std::string programs, const std::string& parent);
  ~Workplace();

  const std::string& folder() const { return folder_; }
  std::string pki(const std::string& path) const { return folder_ + "/pki/" + path; }
  // Command line of a gateway ("sc" or "cq"); `data` names its data folder, a new one is made when there is none.
  std::vector<std::string> gateway(const std::string& id, const std::string& data) const;
  Target target(const std::string& id, const std::string& agency, std::uint16_t port) const;

 private:
  std::string programs_;
  std::string folder_;
};

// Waits for the line that says that the gateway is ready; its port.
std::uint16_t ready_port(Process& gateway);
std::uint16_t free_port();

// What every bench is told on its command line.
struct Arguments {
  bool json = false;
  bool full = false;
  int seconds = 4;
  int rounds = 3;
  std::uint64_t records = 0;
  std::string profile;
  std::string programs;
  std::string folder = "/tmp";
};
Arguments read_arguments(int argc, char** argv, const char* help);
double median(std::vector<double> values);

}  // namespace chuanyu::bench
