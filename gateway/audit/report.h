// Private to gateway/audit: what verify() and pair() found, for people and as JSON.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "gateway/audit/audit.h"
#include "gateway/audit/pairing.h"
#include "gateway/audit/verify.h"

namespace chuanyu::audit {

struct Verification {
  std::vector<LogReport> logs;
  std::vector<PairReport> pairs;
  Findings unreadable;                 // folders and shards that could not be opened
  std::uint64_t known_recoveries = 0;  // that the auditor has looked into: so many do not count in the exit code
};

ExitCode exit_code(const Findings& findings);
ExitCode exit_code(const Verification& verification);
const char* word(ExitCode code);     // for machines
const char* word_zh(ExitCode code);  // for people
void print(const Findings& findings, std::ostream& out);
nlohmann::ordered_json to_json(const Findings& findings);
nlohmann::ordered_json to_json(const Erasure& erasure);
void print(const Verification& verification, std::ostream& out);
void print_json(const Verification& verification, std::ostream& out);
// A page that stands alone and prints on A4. `command`: how to do it again.
void print_html(const Verification& verification, const std::string& command, std::ostream& out);
// How far a quorum of witnesses has seen the log, in words.
std::string verdict(const Verification& verification);  // the conclusion of all of it
std::string sent_words(const PairReport& pair);
std::string cosigned_words(const PairReport& pair);
std::string signature_words(const LogReport& log);
std::string checkpoint_words(const LogReport& log);
std::string witnessed(const LogReport& log);
// Which log-signing key named which, a sentence each.
std::vector<std::string> rotation_words(const LogReport& log);
// What was erased by law, a sentence each; none when nothing was.
std::vector<std::string> erased_words(const LogReport& log);
// The SM profile's part: whether there is one, and what to say of it.
bool uses_sm(const LogReport& log);
std::string sm_words(const LogReport& log);
// Of a shard that is not the first: where it begins, and how.
std::string shard_words(const LogReport& log);
std::string conclusion(ExitCode code, bool signatures_checked);
bool signatures_checked(const Verification& verification);
// What the verification does not say, a sentence each.
std::vector<std::string> not_checked(const Verification& verification);

}  // namespace chuanyu::audit
