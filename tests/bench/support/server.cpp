#include "tests/bench/support/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace chuanyu::bench {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The child: from fork to exec.
[[noreturn]] void become(const std::vector<std::string>& command, const std::vector<int>& cores, int output,
                         const std::string& errors) {
  if (!cores.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int core : cores) CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive a bench that is stopped
  raise_descriptor_limit();
  const int log = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(output, STDOUT_FILENO);
  if (log >= 0) dup2(log, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

Process::Process(const std::vector<std::string>& command, const std::vector<int>& cores, const std::string& errors) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
  pid_ = fork();
  if (pid_ == 0) become(command, cores, ends[1], errors);
  ::close(ends[1]);
  output_ = ends[0];
}

Process::~Process() {
  end(SIGKILL);
  ::close(output_);
}

std::string Process::line() {
  std::string line;
  char byte = 0;
  while (::read(output_, &byte, 1) == 1 && byte != '\n') line.push_back(byte);
  return line;
}

void Process::end(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Usage Process::usage() const {
  Usage usage;
  usage.cpu_us = cpu_us(pid_);
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    if (word == "RssAnon:") status >> usage.anonymous_mib;
    if (word == "VmRSS:") status >> usage.resident_mib;
  }
  usage.anonymous_mib /= 1024;
  usage.resident_mib /= 1024;
  return usage;
}

std::vector<pid_t> Process::children() const {
  std::vector<pid_t> found;
  std::ifstream in("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
  for (pid_t child = 0; in >> child;) found.push_back(child);
  return found;
}

double cpu_us(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

Workplace::Workplace(std::string programs, const std::string& parent) : programs_(std::move(programs)) {
  std::string made = parent + "/chuanyu-bench-XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) give_up("cannot make a folder in " + parent);
  folder_ = made;
  const std::string source = CHUANYU_SOURCE_DIR;
  const std::string command = "'" + source + "/certs/make-dev-pki' --out '" + folder_ + "/pki' --ids '" + source +
                              "/schemas/fixtures/ids.json' >'" + folder_ + "/pki.log' 2>&1";
  if (std::system(command.c_str()) != 0) give_up("certs/make-dev-pki failed:\n" + read_file(folder_ + "/pki.log"));
}

Workplace::~Workplace() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> Workplace::gateway(const std::string& id, const std::string& data) const {
  const std::string source = CHUANYU_SOURCE_DIR;
  std::string config = read_file(source + "/deploy/config/gateway.template.json");
  const bool sichuan = id == "sc";
  const std::pair<const char*, std::string> values[] = {
      {"@ID@", id},
      {"@USCC@", sichuan ? "12510000MCDEM0019R" : "11500000MCDEM0027K"},
      {"@NAME@", id},
      {"@REGION@", sichuan ? "510000" : "500000"},
      {"@PORT@", "0"},
      {"@ADMIN_PORT@", "0"},
      {"@PKI@", folder_ + "/pki"},
      {"@POLICY@", source + "/deploy/config/policy.demo.json"},
      {"@ADAPTERS@", source + "/adapters"},
      {"\"data\": \"data\"", "\"data\": \"" + data + "\", \"log_level\": \"warn\""}};
  for (const auto& [name, value] : values) replace_all(config, name, value);
  // No other province here: nothing is to be sent there, and nobody is to be asked whether it is up again, or to
  // witness.
  const auto emptied = [&config](const std::string& name, const std::string& last, const std::string& empty) {
    const std::size_t at = config.find("\"" + name + "\"");
    const std::size_t end = at == std::string::npos ? at : config.find(last, at);
    if (end == std::string::npos) give_up("deploy/config/gateway.template.json has no " + name);
    config.replace(at, end + 1 - at, "\"" + name + "\": " + empty);
  };
  emptied("peers", "]", "[]");
  emptied("witness", "}", "{}");
  const std::string path = folder_ + "/" + data + ".json";
  std::ofstream(path) << config;
  return {programs_ + "/chuanyu-gateway", "--config", path};
}

Target Workplace::target(const std::string& id, const std::string& agency, std::uint16_t port) const {
  const std::string base = pki(id + "/agency/" + agency);
  return {.port = port, .chain = base + ".chain.crt", .key = base + ".key", .trust = pki("trust.pem")};
}

std::uint16_t ready_port(Process& gateway) {
  unsigned port = 0;
  const std::string line = gateway.line();
  if (std::sscanf(line.c_str(), "ready https=%u", &port) != 1) give_up("the gateway did not start: " + line);
  return static_cast<std::uint16_t>(port);
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&where), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    give_up("no free port");
  ::close(fd);
  return ntohs(where.sin_port);
}

Arguments read_arguments(int argc, char** argv, const char* help) {
  Arguments out;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  out.programs = CHUANYU_BIN_DIR;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--json") {
      out.json = true;
    } else if (option == "--full") {
      out.full = true;
    } else if (option == "--seconds") {
      out.seconds = std::max(1, std::atoi(value)), ++i;
    } else if (option == "--rounds") {
      out.rounds = std::max(1, std::atoi(value)), ++i;
    } else if (option == "--records") {
      out.records = std::strtoull(value, nullptr, 10), ++i;
    } else if (option == "--profile") {
      out.profile = value, ++i;
    } else if (option == "--programs") {
      out.programs = value, ++i;
    } else if (option == "--dir") {
      out.folder = value, ++i;
    } else {
      std::printf("%s\n", help);
      std::exit(option == "--help" ? 0 : 2);
    }
  }
  return out;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace chuanyu::bench
