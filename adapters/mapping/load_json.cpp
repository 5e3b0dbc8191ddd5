#include "adapters/mapping/load.h"

#include <algorithm>

#include "adapters/formats/scan.h"

namespace chuanyu::adapters {
namespace {

constexpr std::size_t kMostStrangers = 256;  // unknown members of one object

// Where the scanner is, for messages: a chain on the stack, so that no path is built while all is well.
struct JsonFrame {
  const JsonFrame* up = nullptr;
  std::string_view key;
  std::int64_t index = -1;
};

class JsonLoader {
 public:
  JsonLoader(const Plan& plan, std::string_view text, Workspace& ws)
      : plan_(plan), ws_(ws), begin_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

  bool run() {
    const auto& scope = plan_.native_scopes[0];
    ws_.native.block(scope.slots);
    space();
    if (p_ == end_) return fail(Code::RECORD_TRUNCATED, "内容为空", nullptr);
    const bool in_list = *p_ == '[';  // a document of one record
    if (in_list) {
      ++p_;
      space();
      if (p_ < end_ && *p_ == ']') return fail(Code::RECORD_TRUNCATED, "文档中没有记录", nullptr);
    }
    if (p_ < end_ && *p_ != '{') return fail(Code::RECORD_TYPE, "一条记录应为 JSON 对象", nullptr);
    if (p_ == end_) return unexpected("{", nullptr);
    if (!value(plan_.native[static_cast<std::size_t>(scope.root)], 0, nullptr)) return false;
    space();
    if (in_list) {
      if (p_ >= end_ || *p_ != ']') return unexpected("]（一次只能有一条记录）", nullptr);
      ++p_;
      space();
    }
    if (p_ != end_) return fail(Code::RECORD_PARSE, "记录之后还有内容" + at(), nullptr);
    return true;
  }

  // For text that comes back from ext: exactly one value.
  bool one_value() { return skip(nullptr) && p_ == end_; }

 private:
  std::string at() const { return "（第 " + std::to_string(p_ - begin_ + 1) + " 个字节）"; }

  static void append(std::string& out, const JsonFrame* frame) {
    if (frame == nullptr) return;
    append(out, frame->up);
    out += '/';
    if (frame->index >= 0) {
      out += std::to_string(frame->index);
      return;
    }
    for (const char c : frame->key) {
      if (c == '~')
        out += "~0";
      else if (c == '/')
        out += "~1";
      else
        out += c;
    }
  }
  static std::string pointer(const JsonFrame* frame) {
    std::string out;
    append(out, frame);
    return out;
  }

  bool fail(Code code, std::string detail, const JsonFrame* frame) {
    return ws_.fail(code, std::move(detail), pointer(frame));
  }
  // The next byte is not what it must be: the end of the input is truncation.
  bool unexpected(std::string_view wanted, const JsonFrame* frame) {
    if (p_ >= end_) return fail(Code::RECORD_TRUNCATED, "在 " + std::string(wanted) + " 之前结束", frame);
    return fail(Code::RECORD_PARSE, "应为 " + std::string(wanted) + at(), frame);
  }

  void space() {
    while (p_ < end_ && is_json_space(*p_)) ++p_;
  }

  bool literal(std::string_view word, const JsonFrame* frame) {
    if (static_cast<std::size_t>(end_ - p_) < word.size()) {
      const bool prefix = word.substr(0, static_cast<std::size_t>(end_ - p_)) ==
                          std::string_view(p_, static_cast<std::size_t>(end_ - p_));
      if (prefix) return fail(Code::RECORD_TRUNCATED, "值不完整", frame);
    }
    if (std::string_view(p_, std::min(word.size(), static_cast<std::size_t>(end_ - p_))) != word)
      return unexpected("值", frame);
    p_ += word.size();
    return true;
  }

  // p_ stands on the opening quote. The view is of the input, or of the arena when there were escapes.
  bool string(std::string_view& out, const JsonFrame* frame) {
    const char* start = ++p_;
    bool escaped = false;
    while (true) {
      p_ = find_json_special(p_, end_);
      if (p_ >= end_) return fail(Code::RECORD_TRUNCATED, "文本没有结束的引号", frame);
      if (*p_ == '"') break;
      if (*p_ != '\\') return fail(Code::RECORD_PARSE, "文本中有未转义的控制字符" + at(), frame);
      escaped = true;
      p_ += 2;
      if (p_ > end_) p_ = end_;
    }
    const std::string_view raw(start, static_cast<std::size_t>(p_ - start));
    ++p_;
    if (!escaped) {
      out = raw;
      return true;
    }
    char* const to_begin = ws_.arena.take(raw.size());
    char* to = to_begin;
    if (!unescape_json(raw, to)) return fail(Code::RECORD_PARSE, "转义序列有误" + at(), frame);
    out = {to_begin, static_cast<std::size_t>(to - to_begin)};
    return true;
  }

  bool number(std::string_view& out, const JsonFrame* frame) {
    const char* start = p_;
    while (p_ < end_ &&
           ((*p_ >= '0' && *p_ <= '9') || *p_ == '-' || *p_ == '+' || *p_ == '.' || *p_ == 'e' || *p_ == 'E'))
      ++p_;
    out = {start, static_cast<std::size_t>(p_ - start)};
    if (out.empty()) return unexpected("值", frame);
    if (!is_json_number(out)) {
      p_ = start;
      return fail(Code::RECORD_PARSE, "数字格式有误" + at(), frame);
    }
    return true;
  }

  bool enter(const JsonFrame* frame) {
    if (++depth_ <= plan_.max_depth) return true;
    return fail(Code::RECORD_TOO_DEEP, "嵌套超过 " + std::to_string(plan_.max_depth) + " 层", deepest(frame));
  }
  // A place with a hundred parts helps nobody.
  const JsonFrame* deepest(const JsonFrame* frame) const {
    for (std::uint32_t i = 0; frame != nullptr && i + 4 < depth_; ++i) frame = frame->up;
    return frame;
  }

  bool object(const NativeNode& node, std::uint32_t base, const JsonFrame* frame) {
    if (!enter(frame)) return false;
    ++p_;
    space();
    ws_.native[base + node.slot].is = Is::present;
    std::size_t expected = 0;
    std::vector<std::string_view> strangers;
    if (p_ < end_ && *p_ == '}') {
      ++p_;
      --depth_;
      return true;
    }
    while (true) {
      if (p_ >= end_ || *p_ != '"') return unexpected("字段名", frame);
      std::string_view key;
      if (!string(key, frame)) return false;
      space();
      if (p_ >= end_ || *p_ != ':') return unexpected("冒号", frame);
      ++p_;
      space();
      JsonFrame here{frame, key, -1};
      // Members mostly come in the order of the mapping.
      int child = -1;
      if (expected < node.children.size() &&
          plan_.native[static_cast<std::size_t>(node.children[expected])].name == key) {
        child = node.children[expected];
      } else {
        child = node.keys.find(key);
        if (child >= 0) {
          expected = static_cast<std::size_t>(std::find(node.children.begin(), node.children.end(), child) -
                                              node.children.begin());
        }
      }
      if (child >= 0) {
        ++expected;
        if (!known(plan_.native[static_cast<std::size_t>(child)], base, &here)) return false;
      } else {
        if (std::find(strangers.begin(), strangers.end(), key) != strangers.end()) return duplicate(&here);
        if (strangers.size() == kMostStrangers) return fail(Code::RECORD_FIELD_UNKNOWN, "未知字段过多", frame);
        strangers.push_back(key);
        const char* start = p_;
        if (!skip(&here)) return false;
        if (!handle_unknown(plan_, pointer(&here), {start, static_cast<std::size_t>(p_ - start)}, ws_)) return false;
      }
      space();
      if (p_ < end_ && *p_ == ',') {
        ++p_;
        space();
        continue;
      }
      if (p_ < end_ && *p_ == '}') {
        ++p_;
        --depth_;
        return true;
      }
      return unexpected("逗号或 }", frame);
    }
  }

  bool duplicate(const JsonFrame* frame) { return fail(Code::RECORD_DUPLICATE_KEY, "同一对象中出现两次", frame); }

  bool known(const NativeNode& node, std::uint32_t base, const JsonFrame* frame) {
    if (ws_.native[base + node.slot].is != Is::absent) return duplicate(frame);
    if (!node.dropped) return value(node, base, frame);
    const char* start = p_;
    if (!skip(frame)) return false;
    const std::string_view raw(start, static_cast<std::size_t>(p_ - start));
    ws_.native[base + node.slot].is = Is::present;
    if (raw != "null" && raw != "\"\"" && raw != "[]" && raw != "{}") note_dropped(plan_, node, ws_);
    return true;
  }

  bool type(std::string_view wanted, const JsonFrame* frame) {
    return fail(Code::RECORD_TYPE, "应为" + std::string(wanted), frame);
  }
  bool wrong_type(const NativeNode& node, const JsonFrame* frame) {
    return type(node.list ? "数组" : node.value ? "文本、数字或布尔值" : "对象", frame);
  }

  // Where a value stands, for put.
  bool value(const NativeNode& node, std::uint32_t base, const JsonFrame* frame) {
    const char* const start = p_;
    if (!any_value(node, base, frame)) return false;
    ws_.native[base + node.slot].span = {offset(start), offset(p_)};
    return true;
  }
  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - begin_); }

  bool any_value(const NativeNode& node, std::uint32_t base, const JsonFrame* frame) {
    if (p_ >= end_) return unexpected("值", frame);
    const std::uint32_t at = base + node.slot;
    switch (*p_) {
      case '"': {
        std::string_view text;
        if (!string(text, frame)) return false;
        if (!node.value) {
          if (!text.empty()) return wrong_type(node, frame);
          ws_.native[at].is = Is::null;
          return true;
        }
        ws_.native[at].set_text(text);
        return true;
      }
      case '{':
        if (node.list || node.value) return wrong_type(node, frame);
        return object(node, base, frame);
      case '[':
        if (!node.list) return wrong_type(node, frame);
        return array(node, at, frame);
      case 'n': ws_.native[at].is = Is::null; return literal("null", frame);
      case 't':
      case 'f': {
        const bool yes = *p_ == 't';
        if (!literal(yes ? "true" : "false", frame)) return false;
        if (!node.value || node.list) return wrong_type(node, frame);
        ws_.native[at].set_text(yes ? "true" : "false");
        ws_.native[at].is = Is::boolean;
        return true;
      }
      default: {
        std::string_view lexeme;
        if (!number(lexeme, frame)) return false;
        if (!node.value || node.list) return wrong_type(node, frame);
        ws_.native[at].set_text(lexeme);
        ws_.native[at].is = Is::number;
        return true;
      }
    }
  }

  bool array(const NativeNode& node, std::uint32_t list, const JsonFrame* frame) {
    if (!enter(frame)) return false;
    ++p_;
    space();
    const auto& scope = plan_.native_scopes[static_cast<std::size_t>(node.item)];
    const auto& item = plan_.native[static_cast<std::size_t>(scope.root)];
    ws_.native[list].is = Is::list;
    if (p_ < end_ && *p_ == ']') {
      ++p_;
      --depth_;
      return true;
    }
    for (std::int64_t i = 0;; ++i) {
      if (i == kMostItems) return fail(Code::RECORD_TOO_LARGE, "列表超过 " + std::to_string(kMostItems) + " 项", frame);
      const auto base = ws_.native.item(list, scope.slots);
      JsonFrame here{frame, {}, i};
      ws_.index.push_back(static_cast<std::uint32_t>(i));
      if (!value(item, base, &here)) return false;
      ws_.index.pop_back();
      space();
      if (p_ < end_ && *p_ == ',') {
        ++p_;
        space();
        continue;
      }
      if (p_ < end_ && *p_ == ']') {
        ++p_;
        --depth_;
        return true;
      }
      return unexpected("逗号或 ]", frame);
    }
  }

  // Any value, checked as strictly as the known ones.
  bool skip(const JsonFrame* frame) {
    if (p_ >= end_) return unexpected("值", frame);
    std::string_view text;
    switch (*p_) {
      case '"': return string(text, frame);
      case 'n': return literal("null", frame);
      case 't': return literal("true", frame);
      case 'f': return literal("false", frame);
      case '{':
      case '[': return skip_nested(frame);
      default: return number(text, frame);
    }
  }

  bool skip_nested(const JsonFrame* frame) {
    if (!enter(frame)) return false;
    const bool is_object = *p_ == '{';
    const char close = is_object ? '}' : ']';
    ++p_;
    space();
    std::vector<std::string_view> keys;
    if (p_ < end_ && *p_ == close) {
      ++p_;
      --depth_;
      return true;
    }
    for (std::int64_t i = 0;; ++i) {
      JsonFrame here{frame, {}, i};
      if (is_object) {
        if (p_ >= end_ || *p_ != '"') return unexpected("字段名", frame);
        std::string_view key;
        if (!string(key, frame)) return false;
        here = JsonFrame{frame, key, -1};
        keys.push_back(key);
        space();
        if (p_ >= end_ || *p_ != ':') return unexpected("冒号", frame);
        ++p_;
        space();
      }
      if (!skip(&here)) return false;
      space();
      if (p_ < end_ && *p_ == ',') {
        ++p_;
        space();
        continue;
      }
      if (p_ >= end_ || *p_ != close) return unexpected(is_object ? "逗号或 }" : "逗号或 ]", frame);
      ++p_;
      --depth_;
      break;
    }
    std::sort(keys.begin(), keys.end());
    if (const auto twin = std::adjacent_find(keys.begin(), keys.end()); twin != keys.end()) {
      const JsonFrame here{frame, *twin, -1};
      return duplicate(&here);
    }
    return true;
  }

  const Plan& plan_;
  Workspace& ws_;
  const char* begin_;
  const char* p_;
  const char* end_;
  std::uint32_t depth_ = 0;
};

}  // namespace

bool well_formed_json(const Plan& plan, std::string_view value, Workspace& ws) {
  return JsonLoader(plan, value, ws).one_value();
}

bool load_json(const Plan& plan, std::string_view record, Workspace& ws) { return JsonLoader(plan, record, ws).run(); }

}  // namespace chuanyu::adapters
