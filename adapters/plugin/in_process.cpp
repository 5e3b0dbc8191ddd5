// A plug-in in this process: as fast as can be, and as much trusted as the gateway itself.
#include <map>
#include <mutex>

#include "adapters/plugin/call.h"
#include "adapters/plugin/entry.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {
namespace {

// One library, one dlopen(), however often the folder is loaded again; never closed (entry.h). Its descriptor is kept
// as well: dlopen() goes by the name, and a number that is used again would be another library of the same name.
struct Opened {
  std::shared_ptr<const Library> library;
  const chuanyu_entry* entry = nullptr;
  std::string wrong;
};

Result<const chuanyu_entry*> opened(const std::shared_ptr<const Library>& library) {
  static std::mutex mutex;
  static auto* all = new std::map<std::string, Opened>();
  const std::lock_guard lock(mutex);
  auto [found, is_new] = all->emplace(library->sha256(), Opened{library, nullptr, ""});
  if (is_new) {
    const std::string path = "/proc/self/fd/" + std::to_string(library->fd());
    found->second.wrong = open_entry(path.c_str(), found->second.entry);
  }
  if (!found->second.wrong.empty()) return error(Code::LOCAL_PLUGIN_ABI, found->second.wrong);
  return found->second.entry;
}

// For as long as the process lives: plug-ins keep the pointer.
const chuanyu_host& host_of(const std::string& charset) {
  static std::mutex mutex;
  static auto* hosts = new std::map<std::string, chuanyu_host>();
  const std::lock_guard lock(mutex);
  auto found = hosts->find(charset);
  if (found == hosts->end()) found = hosts->emplace(charset, make_host(&charset_table(charset))).first;
  return found->second;
}

// An adapter and the memory for its answers: what one thread uses at a time.
struct Instance {
  chuanyu_adapter* adapter = nullptr;
  std::unique_ptr<std::uint8_t[]> response;

  Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() {
    if (adapter != nullptr && adapter->destroy != nullptr) adapter->destroy(adapter);
  }
};

class InProcess final : public Runner {
 public:
  InProcess(const Start& start, const chuanyu_entry& entry)
      : limits_(start.limits), setup_(make_setup(start)), host_(host_of(start.charset)), entry_(entry) {}

  const Description& description() const override { return description_; }

  Status open() {
    auto first = make(description_);
    if (!first.ok()) return std::move(first).error();
    idle_.push_back(*std::move(first));
    return {};
  }

  Result<Batch> run(Op op, const std::vector<Input>& inputs) override {
    CHUANYU_TRY(auto instance, borrow());
    std::vector<chuanyu_view> first;
    std::vector<chuanyu_view> old;
    for (const Input& input : inputs) {
      first.push_back(view(input.record));
      old.push_back(input.old ? view(*input.old) : chuanyu_view{});
    }
    const std::int64_t deadline = monotonic_ns() + std::int64_t{limits_.deadline_ms} * 1'000'000;
    Call call(instance->response.get(), setup_.response_size, static_cast<std::uint32_t>(inputs.size()),
              {setup_.result_limit, setup_.memory_limit, deadline});
    Batch batch;
    batch.status = call_adapter(*instance->adapter, op, &call, first.data(), old.data(),
                                static_cast<std::uint32_t>(inputs.size()));
    batch.late = call.cancelled() != 0;
    CHUANYU_TRY(batch.outcomes, read_frames(instance->response.get(), call.used(), inputs.size(), setup_.result_limit));
    if (batch.status != CHUANYU_FATAL) give_back(std::move(instance));
    return batch;
  }

 private:
  // Never a null pointer: that says "no old record".
  static chuanyu_view view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data() == nullptr ? "" : text.data()), text.size()};
  }

  Result<std::unique_ptr<Instance>> make(Description& description) const {
    auto instance = std::make_unique<Instance>();
    if (auto wrong = start_adapter(entry_, host_, setup_, instance->adapter, description); !wrong.empty()) {
      return error(Code::LOCAL_PLUGIN_ABI, wrong);
    }
    instance->response.reset(new std::uint8_t[setup_.response_size]);
    return instance;
  }

  Result<std::unique_ptr<Instance>> borrow() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto instance = std::move(idle_.back());
        idle_.pop_back();
        return instance;
      }
    }
    Description same;
    return make(same);
  }
  void give_back(std::unique_ptr<Instance> instance) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(instance));
  }

  Limits limits_;
  Setup setup_;
  const chuanyu_host& host_;
  const chuanyu_entry& entry_;
  Description description_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Instance>> idle_;  // as many as there were threads at once
};

}  // namespace

Result<std::unique_ptr<Runner>> start_in_process(const Start& start) {
  CHUANYU_TRY(const chuanyu_entry* entry, opened(start.library));
  auto runner = std::make_unique<InProcess>(start, *entry);
  CHUANYU_CHECK(runner->open());
  return std::unique_ptr<Runner>(std::move(runner));
}

}  // namespace chuanyu::adapters::plugin
