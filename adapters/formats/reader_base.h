// adapters/formats/reader_base.h: the buffer and counting that the readers share.
//
// Threads: as RecordReader. A reader scans every byte once: `at_` is how far it got in the buffer, `start_` where the
// present record begins; what is before it is thrown away at the next feed().
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "adapters/formats/readers.h"

namespace chuanyu::adapters {

class ReaderBase : public RecordReader {
 public:
  ReaderBase(const Charset& charset, ReaderLimits limits) : charset_(charset), limits_(limits) {}

  void feed(std::string_view chunk, bool last) final {
    if (start_ > 0) {
      lines_ += static_cast<std::uint64_t>(
          std::count(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_), '\n'));
      lines_ -= counted_lines_;
      counted_ = counted_lines_ = 0;
      buffer_.erase(0, start_);
      at_ -= start_;
      scan_ = scan_ > start_ ? scan_ - start_ : 0;
      start_ = 0;
    }
    buffer_.append(chunk);
    last_ = last_ || last;
  }
  bool fatal() const final { return fatal_; }

 protected:
  // The byte-order mark, once; false when more bytes are needed to tell.
  bool skip_bom() {
    if (bom_done_) return true;
    const auto mark = charset_.byte_order_mark();
    if (buffer_.size() < mark.size() && !last_ && mark.starts_with(buffer_)) return false;
    bom_done_ = true;
    if (buffer_.starts_with(mark)) start_ = at_ = mark.size();
    return true;
  }

  // Line of a position in the buffer; positions must not go back.
  std::uint64_t line(std::size_t position) {
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(counted_);
    const auto to = buffer_.begin() + static_cast<std::ptrdiff_t>(std::max(position, counted_));
    const auto more = static_cast<std::uint64_t>(std::count(from, to, '\n'));
    lines_ += more;
    counted_lines_ += more;
    counted_ = std::max(position, counted_);
    return lines_ + 1;
  }

  Error fail(Code code, std::string detail, std::size_t position, bool ends) {
    fatal_ = fatal_ || ends;
    return error(code, std::move(detail), "第 " + std::to_string(line(position)) + " 行");
  }

  const Charset& charset_;
  ReaderLimits limits_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
  std::size_t scan_ = 0;  // how far beyond at_ was already searched in vain
  std::uint64_t number_ = 0;
  bool last_ = false;
  bool fatal_ = false;

 private:
  bool bom_done_ = false;
  std::uint64_t lines_ = 0;  // line ends before the buffer, and in its first counted_ bytes
  std::size_t counted_ = 0;
  std::uint64_t counted_lines_ = 0;
};

}  // namespace chuanyu::adapters
