#include "adapters/formats/reader_base.h"

namespace chuanyu::adapters {
namespace {

// In every character set that there is, a byte 0x0A is a line end and never part of a character.
class LineReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;

  Result<Record> next() override {
    if (!skip_bom()) return Record{};
    while (true) {
      const std::size_t end = buffer_.find('\n', std::max(scan_, start_));
      scan_ = buffer_.size();
      if (end == std::string::npos && !last_) return pending();
      if (end == std::string::npos && start_ == buffer_.size()) return Record{};
      const std::size_t from = start_;
      std::string_view text = std::string_view(buffer_).substr(from, end == std::string::npos ? end : end - from);
      start_ = at_ = scan_ = end == std::string::npos ? buffer_.size() : end + 1;
      const bool too_large = std::exchange(oversize_, false) || text.size() > limits_.bytes;
      if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
      if (text.empty() && !too_large) continue;
      ++number_;
      if (too_large) {
        return fail(Code::RECORD_TOO_LARGE, "单条记录超过 " + std::to_string(limits_.bytes) + " 字节", from, false);
      }
      return Record{text, number_, line(from)};
    }
  }

 private:
  // A line that is already too large is not kept.
  Record pending() {
    if (buffer_.size() - start_ > limits_.bytes) {
      oversize_ = true;
      start_ = at_ = buffer_.size();
    }
    return {};
  }

  bool oversize_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> make_line_reader(const Charset& charset, ReaderLimits limits) {
  return std::make_unique<LineReader>(charset, limits);
}

}  // namespace chuanyu::adapters
