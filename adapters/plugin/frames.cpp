#include <array>
#include <cstring>
#include <map>
#include <mutex>

#include "adapters/formats/charset.h"
#include "adapters/plugin/runner.h"

namespace chuanyu::adapters::plugin {
namespace {

Error broken() { return error(Code::LOCAL_PLUGIN_INVALID, "插件的应答不成形"); }

// The area may be written to while it is read: a number is copied once, then checked, then used.
class FrameReader {
 public:
  FrameReader(const std::uint8_t* at, std::uint64_t size) : at_(at), rest_(size) {}

  bool empty() const { return rest_ == 0; }
  template <typename T>
  bool take(T& value) {
    const std::uint8_t* from = bytes(sizeof value);
    if (from != nullptr) std::memcpy(&value, from, sizeof value);
    return from != nullptr;
  }
  const std::uint8_t* bytes(std::uint64_t size) {
    if (size > rest_) return nullptr;
    const std::uint8_t* from = at_;
    at_ += size;
    rest_ -= size;
    return from;
  }

 private:
  const std::uint8_t* at_;
  std::uint64_t rest_;
};

bool read_diag(FrameReader body, Diag& diag) {
  DiagHead head;
  if (!body.take(head)) return false;
  diag.code = head.code;
  diag.severity = head.severity;
  diag.offset = head.offset;
  diag.length = head.length;
  std::string* const texts[] = {&diag.rule, &diag.native, &diag.canonical, &diag.message};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint8_t* from = head.sizes[i] > kDiagText ? nullptr : body.bytes(head.sizes[i]);
    if (from == nullptr) return false;
    texts[i]->assign(reinterpret_cast<const char*>(from), head.sizes[i]);
  }
  return true;
}

bool read_frame(const Frame& head, const std::uint8_t* at, Outcome& outcome, std::uint64_t result_limit) {
  switch (head.kind) {
    case FrameKind::emit:
      if (head.size > result_limit || outcome.bytes) return false;
      outcome.bytes.emplace(reinterpret_cast<const char*>(at), head.size);
      return true;
    case FrameKind::diag:
      if (outcome.diags.size() >= kDiagsPerRecord) return false;
      return read_diag(FrameReader(at, head.size), outcome.diags.emplace_back());
    case FrameKind::fault: {
      Fault fault{};
      if (!FrameReader(at, head.size).take(fault)) return false;
      outcome.fault = fault;
      return true;
    }
  }
  return false;
}

chuanyu_charset measure(const Charset& charset) {
  const auto width = [&charset](char32_t code_point) -> std::uint8_t {
    std::string utf8;
    std::string native;
    append_utf8(utf8, code_point);
    return charset.encode(utf8, native).ok() ? static_cast<std::uint8_t>(native.size()) : std::uint8_t{0};
  };
  auto* bmp = new std::array<std::uint8_t, kCharsetTable>{};
  for (char32_t c = 0; c < kCharsetTable; ++c) {
    if (c < 0xD800 || c > 0xDFFF) (*bmp)[c] = width(c);
  }
  return {sizeof(chuanyu_charset), width(0x20000), bmp->data()};
}

}  // namespace

Result<std::vector<Outcome>> read_frames(const std::uint8_t* frames, std::uint64_t size, std::size_t count,
                                         std::uint64_t result_limit) {
  std::vector<Outcome> outcomes(count);
  FrameReader reader(frames, size);
  Frame head;
  while (!reader.empty()) {
    if (!reader.take(head) || head.size > size) return broken();
    const std::uint8_t* body = reader.bytes(padded(head.size));
    if (body == nullptr) return broken();
    // A fault on a record that there is not: the whole answer cannot be trusted to be in order.
    if (head.record >= count) return error(Code::LOCAL_PLUGIN_INVALID, "插件的应答指向批次中没有的记录");
    if (!read_frame(head, body, outcomes[head.record], result_limit)) return broken();
  }
  return outcomes;
}

const chuanyu_charset& charset_table(const std::string& id) {
  // Never freed: plug-ins in this process keep pointers to them.
  static std::mutex mutex;
  static auto* tables = new std::map<std::string, chuanyu_charset>();
  const std::lock_guard lock(mutex);
  auto found = tables->find(id);
  if (found == tables->end()) found = tables->emplace(id, measure(*Charset::find(id))).first;
  return found->second;
}

Setup make_setup(const Start& start) {
  Setup setup;
  const Limits& limits = start.limits;
  setup.memory_limit = std::uint64_t{limits.memory_mib} << 20;
  setup.result_limit = limits.result();
  // Address space, not memory: a page counts once it is written.
  constexpr std::uint64_t kDiags = 32768;
  setup.request_size = padded(CHUANYU_MAX_BATCH * (2 * limits.result() + sizeof(Slot)));
  setup.response_size = padded(CHUANYU_MAX_BATCH * (limits.result() + kDiags));
  setup.charset_beyond = charset_table(start.charset).beyond;
  setup.config_size = static_cast<std::uint32_t>(start.config.copy(setup.config, sizeof setup.config - 1));
  start.plugin.copy(setup.plugin, sizeof setup.plugin - 1);
  start.library->name().copy(setup.library, sizeof setup.library - 1);
  return setup;
}

}  // namespace chuanyu::adapters::plugin
