// adapters/plugin/runner.h: batches of UTF-8 and canonical records through a plug-in, in this process or in a worker.
//
// A runner knows nothing of character sets or of Protobuf; PluginAdapter does that. Threads: run() may be called on any
// thread; a worker serves one batch at a time. Failure: of the whole batch LOCAL_PLUGIN_CRASH, _TIMEOUT, _STOPPED,
// _INVALID; of one record in its Outcome.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/plugin/channel.h"
#include "adapters/plugin/library.h"
#include "adapters/sdk/chuanyu_adapter.h"
#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace chuanyu::adapters::plugin {

struct Limits {
  std::uint32_t bytes = 65536;       // of one native record
  std::uint32_t memory_mib = 256;    // of the worker
  std::uint32_t deadline_ms = 2000;  // of one batch
  std::uint32_t restarts = 5;        // after so many failures the plug-in is stopped
  std::uint64_t result() const { return std::uint64_t{bytes} * 2 + 65536; }
};

struct Input {
  std::string_view record;
  std::optional<std::string_view> old;
};

struct Diag {
  std::uint32_t code = 0;
  std::uint8_t severity = 0;
  std::string rule, native, canonical, message;  // as the plug-in gave them
  std::uint64_t offset = 0;                      // where in the record; may be beyond it
  std::uint32_t length = 0;
};

struct Outcome {
  std::optional<Bytes> bytes;
  std::vector<Diag> diags;
  std::optional<Fault> fault;
};

struct Batch {
  chuanyu_status status = CHUANYU_OK;
  bool late = false;  // the time was up when the plug-in returned
  std::vector<Outcome> outcomes;
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual const Description& description() const = 0;
  // At most CHUANYU_MAX_BATCH records, each within the limits.
  virtual Result<Batch> run(Op op, const std::vector<Input>& inputs) = 0;
};

// What a runner is started with.
struct Start {
  std::shared_ptr<const Library> library;
  std::string plugin;
  std::string config;   // JSON
  std::string charset;  // id
  Limits limits;
};

// LOCAL_PLUGIN_ABI when the library does not fit.
Result<std::unique_ptr<Runner>> start_in_process(const Start& start);
// `program`: chuanyu-adapter-worker. Also LOCAL_PLUGIN_CRASH, _TIMEOUT when it fails at the start.
Result<std::unique_ptr<Runner>> start_worker(const Start& start, const std::string& program);

// What both runners have in common.
Setup make_setup(const Start& start);
// Takes frames apart; everything in them may be a lie. LOCAL_PLUGIN_INVALID when they do not even hold together.
Result<std::vector<Outcome>> read_frames(const std::uint8_t* frames, std::uint64_t size, std::size_t count,
                                         std::uint64_t result_limit);
// Widths of all characters, made once for a character set.
const chuanyu_charset& charset_table(const std::string& id);

}  // namespace chuanyu::adapters::plugin
