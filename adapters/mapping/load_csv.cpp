#include "adapters/mapping/load.h"

#include <algorithm>

namespace chuanyu::adapters {
namespace {

// The columns of the header met last on this thread: documents have one header and many rows.
struct CsvHeader {
  std::uint64_t fingerprint = 0;
  std::string text;  // with its line end
  std::vector<std::string> names;
  std::vector<int> nodes;  // -1: no rule names the column
};

class CsvLoader {
 public:
  CsvLoader(const Plan& plan, std::string_view text, Workspace& ws)
      : plan_(plan), ws_(ws), begin_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

  bool run() {
    thread_local CsvHeader header;
    ws_.native.block(plan_.native_scopes[0].slots);
    const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
    if (!header.text.empty() && header.fingerprint == plan_.profile.fingerprint &&
        rest.substr(0, header.text.size()) == header.text) {
      p_ += header.text.size();
    } else if (!read_header(header)) {
      header.text.clear();
      return false;
    }
    if (p_ == end_) {
      header.text.clear();  // perhaps without its line end: then longer headers begin with it
      return ws_.fail(Code::RECORD_TRUNCATED, "表头之后没有数据行", "");
    }
    return row(header);
  }

 private:
  std::string column(const CsvHeader& header, std::size_t i) const {
    return i < header.names.size() ? header.names[i] : "第 " + std::to_string(i + 1) + " 列";
  }

  bool read_header(CsvHeader& header) {
    const char* start = p_;
    header.names.clear();
    header.nodes.clear();
    bool more = true;
    while (more) {
      std::string_view cell;
      if (!next(cell, more, "表头")) return false;
      if (std::find(header.names.begin(), header.names.end(), cell) != header.names.end()) {
        return ws_.fail(Code::RECORD_DUPLICATE_KEY, "表头中列名重复", std::string(cell));
      }
      header.names.emplace_back(cell);
      header.nodes.push_back(root().keys.find(cell));
      if (header.names.size() > 4096) return ws_.fail(Code::RECORD_TOO_LARGE, "列数过多", "");
    }
    header.text.assign(start, static_cast<std::size_t>(p_ - start));
    header.fingerprint = plan_.profile.fingerprint;
    return true;
  }

  const NativeNode& root() const { return plan_.native[static_cast<std::size_t>(plan_.native_scopes[0].root)]; }

  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - begin_); }

  bool row(const CsvHeader& header) {
    const char* const row_start = p_;
    std::size_t i = 0;
    bool more = true;
    while (more) {
      std::string_view cell;
      const std::size_t now = i++;
      const char* const start = p_;
      if (!next(cell, more, now < header.names.size() ? std::string_view(header.names[now]) : "")) return false;
      if (now >= header.names.size()) continue;
      if (const int id = header.nodes[now]; id >= 0) {
        const auto& node = plan_.native[static_cast<std::size_t>(id)];
        ws_.native[node.slot].set_text(cell);
        ws_.native[node.slot].span = {offset(start), offset(cell_end_)};
        if (node.dropped && !cell.empty()) note_dropped(plan_, node, ws_);
      } else if (!cell.empty() && !handle_unknown(plan_, "/" + header.names[now], cell, ws_)) {
        return false;
      }
    }
    if (i != header.names.size()) {
      return ws_.fail(Code::RECORD_RAGGED_ROW,
                      "表头有 " + std::to_string(header.names.size()) + " 列，此行有 " + std::to_string(i) + " 列",
                      column(header, std::min(i, header.names.size())));
    }
    if (p_ != end_) return ws_.fail(Code::RECORD_PARSE, "一条记录只能有一行", "");
    ws_.native[root().slot].span = {offset(row_start), offset(cell_end_)};
    return true;
  }

  // One cell; `more`: a comma followed. The line end is consumed.
  bool next(std::string_view& out, bool& more, std::string_view where) {
    if (p_ < end_ && *p_ == '"') {
      if (!quoted(out, where)) return false;
    } else {
      const char* start = p_;
      while (p_ < end_ && *p_ != ',' && *p_ != '\n' && *p_ != '\r') {
        if (*p_ == '"') return ws_.fail(Code::RECORD_PARSE, "引号只能在单元格开头", std::string(where));
        ++p_;
      }
      out = {start, static_cast<std::size_t>(p_ - start)};
    }
    cell_end_ = p_;
    more = p_ < end_ && *p_ == ',';
    if (p_ == end_) return true;
    if (*p_ == '\r' && end_ - p_ >= 2 && p_[1] == '\n') ++p_;
    if (*p_ != ',' && *p_ != '\n') return ws_.fail(Code::RECORD_PARSE, "单元格之后应为逗号或换行", std::string(where));
    ++p_;
    return true;
  }

  bool quoted(std::string_view& out, std::string_view where) {
    const char* start = ++p_;
    bool doubled = false;
    while (true) {
      while (p_ < end_ && *p_ != '"') ++p_;
      if (p_ == end_) return ws_.fail(Code::RECORD_TRUNCATED, "引号没有结束", std::string(where));
      if (end_ - p_ < 2 || p_[1] != '"') break;
      doubled = true;
      p_ += 2;
    }
    out = {start, static_cast<std::size_t>(p_ - start)};
    ++p_;
    if (!doubled) return true;
    char* const begin = ws_.arena.take(out.size());
    char* to = begin;
    for (std::size_t i = 0; i < out.size(); ++i) {
      *to++ = out[i];
      if (out[i] == '"') ++i;
    }
    out = {begin, static_cast<std::size_t>(to - begin)};
    return true;
  }

  const Plan& plan_;
  Workspace& ws_;
  const char* begin_;
  const char* p_;
  const char* end_;
  const char* cell_end_ = nullptr;  // of the cell read last
};

}  // namespace

bool load_csv(const Plan& plan, std::string_view record, Workspace& ws) { return CsvLoader(plan, record, ws).run(); }

}  // namespace chuanyu::adapters
