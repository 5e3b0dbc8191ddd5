#include "gateway/audit/mismatches.h"

#include <algorithm>

#include "gateway/audit/log_reader.h"

namespace chuanyu::audit {
namespace {

constexpr std::size_t kLeastRun = 2;  // pairs that agree: one could be a swap

}  // namespace

void Mismatches::add(std::uint64_t index, BytesView computed, BytesView stored) {
  if (kept_.size() == kKept) {
    ++more_;
  } else {
    kept_.push_back({index, Bytes(computed), Bytes(stored)});
  }
}

std::size_t Mismatches::moved_run(std::size_t at, bool to_front) const {
  std::size_t run = 0;
  for (; at + run + 1 < kept_.size(); ++run) {
    const One& a = kept_[at + run];
    const One& b = kept_[at + run + 1];
    if (b.index != a.index + 1 || (to_front ? a.computed != b.stored : b.computed != a.stored)) break;
  }
  return run;
}

const Mismatches::One* Mismatches::partner(const One& one) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const One& other) {
    return other.computed == one.stored && other.stored == one.computed;
  });
  return found == kept_.end() ? nullptr : &*found;
}

void Mismatches::tell(std::uint64_t base, std::uint64_t signed_size, const std::function<void(Error)>& find) const {
  const auto say = [&](std::uint64_t index, std::string what) {
    find(error(Code::LOG_TAMPERED, "第 " + std::to_string(base + index) + " 条" + std::move(what),
               place_of(base + index)));
  };
  for (std::size_t at = 0; at < kept_.size(); ++at) {
    const One& one = kept_[at];
    if (one.index < signed_size) {
      say(one.index, "与已签名的检查点相符，哈希块中它的哈希被改动");
    } else if (const One* other = partner(one)) {
      if (other->index > one.index) say(one.index, "与第 " + std::to_string(base + other->index) + " 条互换了位置");
    } else if (const std::size_t removed = moved_run(at, true); removed >= kLeastRun) {
      say(one.index, "被删去，其后各条前移");
      at += removed;
    } else if (const std::size_t inserted = moved_run(at, false); inserted >= kLeastRun) {
      say(one.index, "是插入的，其后各条后移");
      at += inserted;
    } else {
      say(one.index, "被改动：与日志所记的哈希不符");
    }
  }
  if (more_ > 0) find(error(Code::LOG_TAMPERED, "另有 " + std::to_string(more_) + " 条与日志所记的哈希不符"));
}

}  // namespace chuanyu::audit
