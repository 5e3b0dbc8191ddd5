// adapters/tool/verbs.h: the verbs of chuanyu-map, one file each, and what they share. Only for adapters/tool.
//
// add_*() describes a verb to CLI11; `run` is called when it was asked for and returns the exit code. Threads: one.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace chuanyu::adapters::tool {

// Documented in --help and held by tests.
enum Exit { kOk = 0, kRejected = 1, kUsage = 2, kInvalid = 3, kIo = 4 };

struct Verb {
  CLI::App* command = nullptr;
  std::function<int()> run;
};

Verb add_check(CLI::App& app);
Verb add_convert(CLI::App& app);
Verb add_bless(CLI::App& app);
Verb add_diff(CLI::App& app);
Verb add_explain(CLI::App& app);
Verb add_gaps(CLI::App& app);

// --plugins-in-process, for a verb that loads plug-ins too.
void add_plugins(CLI::App& verb, PluginOptions& plugins);

nlohmann::json to_json(const Error& error);
std::string hex(std::uint64_t value);

// The adapter of a folder; nullptr with the exit code when there is none, and why on stderr.
struct Found {
  std::shared_ptr<const Adapter> adapter;
  int exit = kOk;
};
Found find_adapter(const std::string& folder, const PluginOptions& plugins, const std::string& profile, bool as_json);
// Each record of a document ("-": standard input), also the ones that cannot be cut. False: the file cannot be read.
bool each_record(const Adapter& adapter, const std::string& file,
                 const std::function<void(std::uint64_t number, std::uint64_t line, const Result<Bytes>& record)>& use);

// The mistakes of mappings, to stdout as JSON or to stderr as text; the exit code.
int report_invalid(const std::vector<Error>& errors, bool as_json);

}  // namespace chuanyu::adapters::tool
