// A plug-in in a worker process: whatever it does ends that process and never this one.
#include <cstring>
#include <mutex>

#include "adapters/plugin/call.h"
#include "adapters/plugin/process.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {
namespace {

constexpr std::int64_t kStartNs = 10'000'000'000;  // to load the library
constexpr std::int64_t kGraceNs = 50'000'000;      // after the plug-in was told that the time is up
// So many records converted make up for one failure.
constexpr std::uint64_t kRecordsPerRestart = 10'000;

class WorkerRunner final : public Runner {
 public:
  WorkerRunner(Start start, std::string program)
      : start_(std::move(start)), program_(std::move(program)), setup_(make_setup(start_)) {}

  const Description& description() const override { return description_; }

  // The first start: what is wrong here is wrong with the library.
  Status open() { return launch(description_); }

  Result<Batch> run(Op op, const std::vector<Input>& inputs) override {
    const std::lock_guard lock(mutex_);
    // Somebody else ended it, so the batch at hand is not to blame.
    if (process_ != nullptr && process_->gone()) failed();
    if (failures_ > start_.limits.restarts) {
      return error(Code::LOCAL_PLUGIN_STOPPED, "插件 " + start_.plugin + " 连续失败，已停用；重新载入配置后再启用");
    }
    auto batch = process_ == nullptr ? relaunch(op, inputs) : attempt(op, inputs);
    if (!batch.ok() || batch->status == CHUANYU_FATAL) {
      failed();
      return batch;
    }
    good_ += inputs.size();
    if (good_ >= kRecordsPerRestart && failures_ > 0) {
      --failures_;
      good_ = 0;
    }
    return batch;
  }

 private:
  void failed() {
    process_.reset();
    ++failures_;
    good_ = 0;
  }

  Status launch(Description& description) {
    const std::int64_t until = monotonic_ns() + kStartNs;
    CHUANYU_TRY(process_, Process::start(program_, start_.library->fd(), setup_, charset_table(start_.charset).bmp));
    CHUANYU_TRY(description, process_->describe(until));
    if (description.error[0] == 0) return {};
    process_.reset();
    return error(Code::LOCAL_PLUGIN_ABI, description.error);
  }

  Result<Batch> relaunch(Op op, const std::vector<Input>& inputs) {
    Description same;  // the library is sealed, so it says what it said before
    CHUANYU_CHECK(launch(same));
    return attempt(op, inputs);
  }

  Result<Batch> attempt(Op op, const std::vector<Input>& inputs) {
    Ask ask;
    ask.sequence = ++sequence_;
    ask.op = op;
    ask.count = static_cast<std::uint32_t>(inputs.size());
    ask.deadline_ns = monotonic_ns() + std::int64_t{start_.limits.deadline_ms} * 1'000'000;
    write_request(inputs);
    CHUANYU_TRY(const Reply reply, process_->ask(ask, ask.deadline_ns + kGraceNs));
    if (reply.used > setup_.response_size) {
      return error(Code::LOCAL_PLUGIN_INVALID, "插件的应答超出共享内存");
    }
    Batch batch;
    batch.status = reply.status;
    batch.late = monotonic_ns() >= ask.deadline_ns;
    CHUANYU_TRY(batch.outcomes, read_frames(process_->response(), reply.used, inputs.size(), setup_.result_limit));
    return batch;
  }

  // There is room: each record is within Limits::result().
  void write_request(const std::vector<Input>& inputs) const {
    std::uint8_t* area = process_->request();
    std::uint64_t at = inputs.size() * sizeof(Slot);
    const auto put = [&](std::string_view bytes) {
      if (!bytes.empty()) std::memcpy(area + at, bytes.data(), bytes.size());
      const std::uint64_t place = at;
      at += bytes.size();
      return place;
    };
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Slot slot;
      slot.at = put(inputs[i].record);
      slot.size = inputs[i].record.size();
      if (inputs[i].old) {
        slot.old_at = put(*inputs[i].old);
        slot.old_size = inputs[i].old->size();
      }
      std::memcpy(area + i * sizeof slot, &slot, sizeof slot);
    }
  }

  const Start start_;
  const std::string program_;
  const Setup setup_;
  Description description_;
  std::mutex mutex_;  // guards all below
  std::unique_ptr<Process> process_;
  std::uint64_t sequence_ = 0;
  std::uint32_t failures_ = 0;
  std::uint64_t good_ = 0;
};

}  // namespace

Result<std::unique_ptr<Runner>> start_worker(const Start& start, const std::string& program) {
  auto runner = std::make_unique<WorkerRunner>(start, program);
  CHUANYU_CHECK(runner->open());
  return std::unique_ptr<Runner>(std::move(runner));
}

}  // namespace chuanyu::adapters::plugin
