// fuzz_replay FOLDER: every seed, and every file FOLDER/<target>/*, once. A broken law aborts; the input is named
// first. fuzz_replay --seeds FOLDER: writes the seeds as a corpus, FOLDER/<target>/*.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/targets.h"

namespace {

namespace fs = std::filesystem;
using namespace chuanyu::fuzz;

int usage() {
  std::fprintf(stderr, "用法: fuzz_replay [--seeds] FOLDER\n");
  return 2;
}

int write_seeds(const fs::path& folder) {
  std::size_t n = 0;
  for (const auto& target : targets()) fs::create_directories(folder / target.name);
  for (const auto& seed : seeds()) {
    std::ofstream(folder / seed.target / ("seed-" + std::to_string(n++)), std::ios::binary) << seed.bytes;
  }
  return 0;
}

void run(const Target& target, const std::string& name, const std::string& input) {
  std::printf("%s %s\n", target.name, name.c_str());
  std::fflush(stdout);
  target.run(input);
}

int replay(const fs::path& folder) {
  std::size_t n = 0;
  for (const auto& seed : seeds()) run(*find_target(seed.target), "seed-" + std::to_string(n++), seed.bytes);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto* target = find_target(entry.path().parent_path().filename().string());
    if (target == nullptr) return usage();
    std::ifstream in(entry.path(), std::ios::binary);
    run(*target, entry.path().filename().string(), {std::istreambuf_iterator<char>(in), {}});
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--seeds") == 0) return write_seeds(argv[2]);
  return argc == 2 ? replay(argv[1]) : usage();
}
