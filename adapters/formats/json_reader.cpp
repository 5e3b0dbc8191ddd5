#include "adapters/formats/reader_base.h"
#include "adapters/formats/scan.h"

namespace chuanyu::adapters {
namespace {

class JsonReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;

  Result<Record> next() override {
    if (fatal_ || !skip_bom()) return Record{};
    while (true) {
      switch (phase_) {
        case Phase::begin:
          if (!space()) return Record{};
          if (buffer_[at_] == '[') {
            ++at_;
            phase_ = Phase::first;
          } else {
            start_ = at_;
            scan_ = at_;
            phase_ = Phase::decide;
          }
          break;
        case Phase::decide:
          if (!decide()) return Record{};
          break;
        case Phase::lines: return next_line();
        case Phase::objects:
          if (!space()) return Record{};
          open_value();
          phase_ = Phase::value;
          break;
        case Phase::first:
        case Phase::element:
          if (!space()) return unfinished();
          if (buffer_[at_] == ']' && phase_ == Phase::first) {
            ++at_;
            phase_ = Phase::done;
            break;
          }
          if (buffer_[at_] == ',' || buffer_[at_] == ']') return fail(Code::RECORD_PARSE, "数组中缺少记录", at_, true);
          open_value();
          in_array_ = true;
          phase_ = Phase::value;
          break;
        case Phase::value: {
          const bool whole = scan_value();
          if (at_ - start_ > limits_.bytes) oversize_ = true;
          if (oversize_) start_ = at_;
          if (!whole) return unfinished();
          phase_ = in_array_ ? Phase::after : Phase::objects;
          ++number_;
          if (oversize_) {
            oversize_ = false;
            return fail(Code::RECORD_TOO_LARGE, too_large(), at_, false);
          }
          const Record record{std::string_view(buffer_).substr(start_, at_ - start_), number_, line(start_)};
          start_ = at_;
          return record;
        }
        case Phase::after:
          if (!space()) return unfinished();
          if (buffer_[at_] == ',')
            phase_ = Phase::element;
          else if (buffer_[at_] == ']')
            phase_ = Phase::done;
          else
            return fail(Code::RECORD_PARSE, "两条记录之间应为逗号，或以 ] 结束", at_, true);
          start_ = ++at_;
          break;
        case Phase::done:
          if (!space()) return Record{};
          return fail(Code::RECORD_PARSE, "数组之后还有内容", at_, true);
      }
    }
  }

 private:
  enum class Phase { begin, decide, lines, objects, first, element, value, after, done };

  std::string too_large() const { return "单条记录超过 " + std::to_string(limits_.bytes) + " 字节"; }

  // Moves to the next byte that is not white space; false when there is none yet.
  bool space() {
    while (at_ < buffer_.size() && is_json_space(buffer_[at_])) ++at_;
    start_ = at_;
    return at_ < buffer_.size();
  }

  Result<Record> unfinished() {
    if (!last_) return Record{};
    const bool pending = !(phase_ == Phase::value && !in_array_ && at_ == start_ && !oversize_);
    if (!pending) return Record{};
    return fail(Code::RECORD_TRUNCATED, in_array_ || phase_ != Phase::value ? "数组没有结束" : "记录没有结束", at_,
                true);
  }

  // One object over many lines, or a record a line (NDJSON)? The first line and the first byte after it tell: a line
  // that is whole, or ends in '}', or breaks off in a text, or is followed by another '{', is a record of its own.
  bool decide() {
    auto end = buffer_.find('\n', scan_);
    if (end != std::string::npos && end - start_ > limits_.bytes) end = std::string::npos;
    if (end == std::string::npos && !last_ && buffer_.size() - start_ <= limits_.bytes) {
      scan_ = buffer_.size();
      return false;
    }
    const std::size_t stop = std::min(end, buffer_.size());
    open_value();
    const bool whole = scan_value(stop);
    std::size_t tail = stop;
    while (tail > start_ && is_json_space(buffer_[tail - 1])) --tail;
    const char last_char = tail > start_ ? buffer_[tail - 1] : '\0';
    bool lines = whole || in_string_ || last_char == '}' || end == std::string::npos;
    if (!lines && last_char != '[') {
      std::size_t after = stop;
      const std::size_t far = std::min<std::size_t>(buffer_.size(), start_ + limits_.bytes);
      while (after < far && is_json_space(buffer_[after])) ++after;
      if (after == buffer_.size() && after - start_ < limits_.bytes && !last_) {
        at_ = start_;
        return false;
      }
      lines = after < far && buffer_[after] == '{';
    }
    at_ = start_;
    scan_ = start_;
    phase_ = lines ? Phase::lines : Phase::objects;
    return true;
  }

  Result<Record> next_line() {
    while (true) {
      const auto end = buffer_.find('\n', scan_);
      if (end == std::string::npos && !last_) {
        pending_line();
        return Record{};
      }
      const std::size_t stop = std::min(end, buffer_.size());
      std::size_t from = start_;
      std::size_t to = stop;
      while (from < to && is_json_space(buffer_[from])) ++from;
      while (to > from && is_json_space(buffer_[to - 1])) --to;
      const bool large = oversize_ || to - from > limits_.bytes;
      start_ = scan_ = at_ = end == std::string::npos ? buffer_.size() : end + 1;
      if (large) {
        oversize_ = false;
        ++number_;
        return fail(Code::RECORD_TOO_LARGE, too_large(), stop, false);
      }
      if (from < to) return Record{std::string_view(buffer_).substr(from, to - from), ++number_, line(from)};
      if (start_ >= buffer_.size()) return Record{};
    }
  }

  // The line has no end yet. White space around a record does not count, whether it has come with the record or later.
  void pending_line() {
    while (start_ < buffer_.size() && is_json_space(buffer_[start_])) ++start_;
    if (buffer_.size() - start_ > limits_.bytes) {
      std::size_t to = buffer_.size();
      while (to > start_ && is_json_space(buffer_[to - 1])) --to;
      if (to - start_ > limits_.bytes) {
        oversize_ = true;
        start_ = buffer_.size();
      } else {
        buffer_.resize(start_ + limits_.bytes + 1);  // white space beyond the limit: one of it says all
      }
    }
    at_ = start_;
    scan_ = buffer_.size();
  }

  void open_value() {
    start_ = at_;
    depth_ = 0;
    in_string_ = false;
    scalar_ = false;
  }

  // Scans on from at_; true when the value is whole (at_ is behind it).
  bool scan_value() { return scan_value(buffer_.size()); }
  bool scan_value(std::size_t stop) {
    const bool multibyte = !charset_.is_utf8();
    while (at_ < stop) {
      const char c = buffer_[at_];
      if (multibyte &&
          static_cast<unsigned char>(c) >= 0x81) {  // the byte after a lead byte may look like a quote or brace
        if (at_ + 1 >= stop) return false;
        at_ += 2;
        if (depth_ == 0 && !in_string_) scalar_ = true;
        continue;
      }
      if (in_string_) {
        if (!multibyte) {
          const char* const from = buffer_.data() + at_;
          at_ += static_cast<std::size_t>(find_json_special(from, buffer_.data() + stop) - from);
          if (at_ >= stop) return false;
        }
        if (buffer_[at_] == '\\') {
          if (at_ + 1 >= stop) return false;
          at_ += 2;
          continue;
        }
        if (buffer_[at_] == '"') {
          in_string_ = false;
          if (depth_ == 0) return ++at_, true;
        }
        ++at_;
        continue;
      }
      if (scalar_ && (c == ',' || c == ']' || c == '}' || is_json_space(c))) return true;
      switch (c) {
        case '"': in_string_ = true; break;
        case '{':
        case '[': ++depth_; break;
        case '}':
        case ']':
          if (depth_ > 0) --depth_;
          if (depth_ == 0) return ++at_, true;
          break;
        default:
          if (depth_ == 0) scalar_ = true;
      }
      ++at_;
    }
    return scalar_ && last_ && stop == buffer_.size() && !in_array_;
  }

  Phase phase_ = Phase::begin;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool scalar_ = false;
  bool in_array_ = false;
  bool oversize_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> make_json_reader(const Charset& charset, ReaderLimits limits) {
  return std::make_unique<JsonReader>(charset, limits);
}

}  // namespace chuanyu::adapters
