// Private to gateway/audit: what verify() and pair() found, for people and as JSON.
#pragma once

#include <iosfwd>
#include <vector>

#include "gateway/audit/audit.h"
#include "gateway/audit/pairing.h"
#include "gateway/audit/verify.h"

namespace chuanyu::audit {

struct Verification {
  std::vector<LogReport> logs;
  std::vector<PairReport> pairs;
  Findings unreadable;  // folders that could not be opened
};

ExitCode exit_code(const Verification& verification);
void print(const Verification& verification, std::ostream& out);
void print_json(const Verification& verification, std::ostream& out);

}  // namespace chuanyu::audit
