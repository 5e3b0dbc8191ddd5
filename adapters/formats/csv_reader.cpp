#include "adapters/formats/reader_base.h"

namespace chuanyu::adapters {
namespace {

class CsvReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;

  Result<Record> next() override {
    if (fatal_ || !skip_bom()) return Record{};
    while (true) {
      const bool whole = scan();
      if (!whole && oversize_) start_ = at_;
      if (!whole && !last_) return Record{};
      if (at_ == start_ && !whole && !oversize_) return Record{};  // the end
      const std::size_t from = start_;
      const std::string_view row = std::string_view(buffer_).substr(from, at_ - from);
      const bool open_quote = !whole && (state_ == State::quoted);
      start_ = at_;
      state_ = State::cell_start;
      if (oversize_) {
        oversize_ = false;
        ++number_;
        return fail(Code::RECORD_TOO_LARGE, "单条记录超过 " + std::to_string(limits_.bytes) + " 字节", at_,
                    !have_header_);
      }
      if (row.find_first_not_of("\r\n") == std::string_view::npos) continue;  // an empty line
      if (open_quote) {
        ++number_;
        return fail(Code::RECORD_TRUNCATED, "引号没有结束", from, !have_header_);
      }
      if (!have_header_) {
        // Without its line end nobody can tell whether the last column name is whole, and there is no row either.
        if (!whole) return fail(Code::RECORD_TRUNCATED, "文件在表头行中断", from, true);
        have_header_ = true;
        record_.assign(row);
        if (record_.back() != '\n') record_ += "\r\n";
        header_size_ = record_.size();
        continue;
      }
      record_.resize(header_size_);
      record_.append(row);
      return Record{record_, ++number_, line(from)};
    }
  }

 private:
  enum class State { cell_start, plain, quoted, quote_in_quoted };

  // To behind the next line end that ends a row. The bytes it looks for never occur inside a GB18030 character.
  bool scan() {
    while (at_ < buffer_.size()) {
      const char c = buffer_[at_++];
      if (at_ - start_ > limits_.bytes) oversize_ = true;
      if (c == '\n' && (state_ != State::quoted || oversize_)) return true;
      switch (state_) {
        case State::cell_start: state_ = c == '"' ? State::quoted : c == ',' ? State::cell_start : State::plain; break;
        case State::plain:
          if (c == ',') state_ = State::cell_start;
          break;
        case State::quoted:
          if (c == '"') state_ = State::quote_in_quoted;
          break;
        case State::quote_in_quoted:
          state_ = c == '"' ? State::quoted : c == ',' ? State::cell_start : State::plain;
          break;
      }
    }
    return false;
  }

  State state_ = State::cell_start;
  bool have_header_ = false;
  bool oversize_ = false;
  std::string record_;
  std::size_t header_size_ = 0;
};

}  // namespace

std::unique_ptr<RecordReader> make_csv_reader(const Charset& charset, ReaderLimits limits) {
  return std::make_unique<CsvReader>(charset, limits);
}

}  // namespace chuanyu::adapters
