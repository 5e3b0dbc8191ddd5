// gateway/cli/cli.h: the command line `chuanyu`, for agencies and operators (命令行工具).
//
// It talks to a gateway as any agency system would: HTTP over mutual TLS, nothing else. Tables for people on `out`,
// --json for machines (the gateway's answer as it is); problems on `err` with code, place and advice (with --json on
// `out`). Threads: one. Failure: an ExitCode; never an exception.
#pragma once

#include <iosfwd>

namespace chuanyu::cli {

// Documented in --help and README.md; scripts depend on them.
enum ExitCode : int {
  kOk = 0,
  kUsage = 2,        // wrong arguments, or a file that cannot be read
  kRefused = 3,      // the gateway refused: 4xx, or rows of an import
  kTrouble = 4,      // the gateway or the other gateway is in trouble: 5xx
  kUnreachable = 5,  // no connection, or TLS failed
  kDeferred = 6      // a query that will be answered in the inbox
};

int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace chuanyu::cli
