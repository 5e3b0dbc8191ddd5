// Private to gateway/audit: the verbs of the command line, a file each.
//
// add_…() declares options under a sub-command and gives what runs when it was called.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "gateway/audit/body.h"
#include "gateway/audit/log_reader.h"
#include "gateway/audit/verify.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace chuanyu::audit {

struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool progress = false;
};

struct Command {
  const CLI::App* app = nullptr;
  std::function<int()> run;
};
Command add_verify(CLI::App& app, const Streams& streams);
Command add_export(CLI::App& app, const Streams& streams);
Command add_rederive(CLI::App& app, const Streams& streams);
Command add_replay(CLI::App& app, const Streams& streams);
Command add_witness(CLI::App& app, const Streams& streams);
Command add_vkey(CLI::App& app, const Streams& streams);
Command add_receipt(CLI::App& app, const Streams& streams);
Command add_timeline(CLI::App& app, const Streams& streams);

// Says on `err` what went wrong and what to do; the exit code.
int fail(std::ostream& err, const Error& found);
// A PEM file with one or more keys, or NAME+ID+BASE64.
Result<ledger::VerifyKeys> read_keys(const std::string& text);
Result<crypto::Sm2VerifyKey> read_sm2_key(const std::string& text);  // the same forms
// A witness policy from its file; errors name file and line.
Result<ledger::WitnessPolicy> read_policy(const std::string& path);
// Shows how far a pass over `folder` is, when anybody is to see it.
Progress progress_on(const Streams& streams, const std::string& folder);

// A folder, and its bodies when a key-encryption key was given.
struct Source {
  std::unique_ptr<LogReader> log;
  std::optional<BodyOpener> opener;
  const BodyOpener* body_opener() const { return opener ? &*opener : nullptr; }
};
Result<Source> open_source(const std::string& folder, const std::string& kek);

}  // namespace chuanyu::audit
