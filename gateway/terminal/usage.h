// gateway/terminal/usage.h: what the programs' command lines say about themselves: help and usage errors, in Chinese.
//
// CLI11's own sentences are English, and its help counts bytes where a terminal counts columns. Every program calls
// begin() before its options and sub-commands are added, and parse() after. Threads: one. Failure: the sentence on
// `err`, and the exit code.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
class Validator;
}  // namespace CLI

namespace chuanyu::terminal {

constexpr int kUsage = 2;  // the exit code for wrong use, of every program

// Layout and words of the help, and --help and --version.
void begin(CLI::App& app);
// Nothing when the program is to go on; otherwise its exit code: 0 after --help or --version, which are answered on
// `out`; kUsage when the words are not what the command line takes.
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv, std::ostream& out, std::ostream& err);
// Says what is wrong and where help is; kUsage. For what a program finds after parse().
int misused(const CLI::App& app, const std::string& what, std::ostream& err);

// What an option takes. A callback of a sub-command that finds a mistake throws CLI::ValidationError with the sentence.
CLI::Validator one_of(std::vector<std::string> words);
CLI::Validator between(std::int64_t least, std::int64_t most);
CLI::Validator count();  // 0 or more

}  // namespace chuanyu::terminal
