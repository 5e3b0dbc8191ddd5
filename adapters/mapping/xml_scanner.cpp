#include "adapters/mapping/xml_scanner.h"

#include <algorithm>
#include <utility>

#include "adapters/formats/charset.h"

namespace chuanyu::adapters {

namespace {

bool no_control(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 && u != '\t' && u != '\n' && u != '\r';
  });
}

}  // namespace

std::string XmlScanner::shown(const XmlFrame* frame) {
  if (frame == nullptr) return "";
  std::string out = shown(frame->up);
  if (!out.empty()) out += '/';
  out += frame->name;
  if (frame->index >= 0) out += "[" + std::to_string(frame->index + 1) + "]";
  return out;
}

std::string XmlScanner::pointer(const XmlFrame* frame) {
  if (frame == nullptr) return "";
  std::string out = pointer(frame->up) + "/" + std::string(frame->name);
  if (frame->index >= 0) out += "/" + std::to_string(frame->index);
  return out;
}

bool XmlScanner::unexpected(std::string_view wanted, const XmlFrame* frame) {
  if (p_ >= end_) return fail(Code::RECORD_TRUNCATED, "在 " + std::string(wanted) + " 之前结束", frame);
  return fail(Code::RECORD_PARSE, "应为 " + std::string(wanted) + at(), frame);
}

bool XmlScanner::misc(const XmlFrame* frame) {
  while (true) {
    space();
    if (starts("<!--")) {
      if (!comment(frame)) return false;
    } else if (starts("<?")) {
      if (!instruction(frame)) return false;
    } else if (starts("<!")) {
      return fail(Code::RECORD_XML_FORBIDDEN, "不接受 DTD 与实体声明", frame);
    } else {
      return true;
    }
  }
}

bool XmlScanner::comment(const XmlFrame* frame) {
  const std::string_view rest(p_ + 4, static_cast<std::size_t>(end_ - p_) - 4);
  const auto dashes = rest.find("--");
  if (dashes == std::string_view::npos || dashes + 2 >= rest.size()) {
    p_ = end_;
    return unexpected("-->", frame);
  }
  p_ += 4 + dashes + 2;
  if (*p_ != '>') return unexpected("-->", frame);
  ++p_;
  return true;
}

bool XmlScanner::instruction(const XmlFrame* frame) {
  const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
  const auto close = rest.find("?>");
  if (close == std::string_view::npos) {
    p_ = end_;
    return unexpected("?>", frame);
  }
  if (rest.size() >= 5 && (rest[2] | 0x20) == 'x' && (rest[3] | 0x20) == 'm' && (rest[4] | 0x20) == 'l' &&
      (rest.size() == 5 || !is_xml_name(rest[5]))) {
    return fail(Code::RECORD_PARSE, "XML 声明只能在开头" + at(), frame);
  }
  p_ += close + 2;
  return true;
}

bool XmlScanner::name(std::string_view& out, const XmlFrame* frame) {
  const char* start = p_;
  if (p_ >= end_ || !is_xml_name_start(*p_)) return unexpected("名称", frame);
  while (p_ < end_ && is_xml_name(*p_)) ++p_;
  out = {start, static_cast<std::size_t>(p_ - start)};
  return true;
}

bool XmlScanner::open(std::string_view& out, const XmlFrame* frame) {
  if (p_ >= end_ || *p_ != '<') return unexpected("<", frame);
  ++p_;
  return name(out, frame);
}

bool XmlScanner::close(std::string_view tag, const XmlFrame* frame) {
  p_ += 2;
  if (static_cast<std::size_t>(end_ - p_) > tag.size() && p_[tag.size()] == '>' && starts(tag)) {
    p_ += tag.size() + 1;
    return true;
  }
  std::string_view closing;
  if (!name(closing, frame)) return false;
  if (closing != tag) return fail(Code::RECORD_PARSE, "结束标签应为 </" + std::string(tag) + ">" + at(), frame);
  space();
  if (p_ >= end_ || *p_ != '>') return unexpected(">", frame);
  ++p_;
  return true;
}

bool XmlScanner::attributes(std::size_t first, bool& empty, const XmlFrame* frame) {
  attributes_.resize(first);
  while (true) {
    const bool gap = p_ < end_ && is_xml_space(*p_);
    space();
    if (p_ >= end_) return unexpected(">", frame);
    if (*p_ == '>') {
      ++p_;
      empty = false;
      return true;
    }
    if (*p_ == '/') {
      ++p_;
      if (p_ >= end_ || *p_ != '>') return unexpected(">", frame);
      ++p_;
      empty = true;
      return true;
    }
    if (!gap) return unexpected("空白或 >", frame);
    XmlAttribute attribute;
    if (!name(attribute.name, frame)) return false;
    space();
    if (p_ >= end_ || *p_ != '=') return unexpected("=", frame);
    ++p_;
    space();
    if (p_ >= end_ || (*p_ != '"' && *p_ != '\'')) return unexpected("引号", frame);
    const char quote = *p_++;
    const auto* close = static_cast<const char*>(std::memchr(p_, quote, static_cast<std::size_t>(end_ - p_)));
    if (close == nullptr) {
      p_ = end_;
      return unexpected("属性值的引号", frame);
    }
    attribute.raw = {p_, static_cast<std::size_t>(close - p_)};
    if (attribute.raw.find('<') != std::string_view::npos)
      return fail(Code::RECORD_PARSE, "属性值中有 <" + at(), frame);
    p_ = close + 1;
    for (std::size_t i = first; i < attributes_.size(); ++i) {
      if (attributes_[i].name != attribute.name) continue;
      return ws_.fail(Code::RECORD_DUPLICATE_KEY, "同一元素中属性出现两次", attribute_place(attribute.name, frame));
    }
    if (attributes_.size() - first > kMostStrangers) return fail(Code::RECORD_FIELD_UNKNOWN, "属性过多", frame);
    attributes_.push_back(attribute);
  }
}

std::string XmlScanner::attribute_place(std::string_view name, const XmlFrame* frame) {
  const auto around = shown(frame);
  return (around.empty() ? "@" : around + "/@") + std::string(name);
}

bool XmlScanner::text(std::string_view raw, bool attribute, std::string_view& out, const XmlFrame* frame) {
  if (find_xml_special(raw.data(), raw.data() + raw.size()) == raw.data() + raw.size()) {
    out = raw;
    return true;
  }
  const bool plain = raw.find('&') == std::string_view::npos && raw.find('\r') == std::string_view::npos &&
                     (!attribute || raw.find_first_of("\n\t") == std::string_view::npos);
  if (!attribute && raw.find("]]>") != std::string_view::npos) return fail(Code::RECORD_PARSE, "文本中有 ]]>", frame);
  if (!no_control(raw)) return fail(Code::RECORD_PARSE, "文本中有控制字符", frame);
  if (plain) {
    out = raw;
    return true;
  }
  char* const begin = ws_.arena.take(raw.size() + 4);
  char* to = begin;
  for (std::size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    if (c == '\r') {
      if (i + 1 >= raw.size() || raw[i + 1] != '\n') *to++ = attribute ? ' ' : '\n';
      ++i;
    } else if (attribute && (c == '\n' || c == '\t')) {
      *to++ = ' ';
      ++i;
    } else if (c == '&') {
      const auto semicolon = raw.find(';', i);
      if (semicolon == std::string_view::npos) return fail(Code::RECORD_PARSE, "& 之后没有分号", frame);
      if (!reference(raw.substr(i + 1, semicolon - i - 1), to, frame)) return false;
      i = semicolon + 1;
    } else {
      *to++ = c;
      ++i;
    }
  }
  out = {begin, static_cast<std::size_t>(to - begin)};
  return true;
}

bool XmlScanner::cdata(std::string_view& out, const XmlFrame* frame) {
  p_ += 9;
  const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
  const auto close = rest.find("]]>");
  if (close == std::string_view::npos) {
    p_ = end_;
    return unexpected("]]>", frame);
  }
  p_ += close + 3;
  out = rest.substr(0, close);
  if (!no_control(out)) return fail(Code::RECORD_PARSE, "文本中有控制字符", frame);
  if (out.find('\r') == std::string_view::npos) return true;
  char* const begin = ws_.arena.take(out.size());
  char* to = begin;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != '\r')
      *to++ = out[i];
    else if (i + 1 >= out.size() || out[i + 1] != '\n')
      *to++ = '\n';
  }
  out = {begin, static_cast<std::size_t>(to - begin)};
  return true;
}

bool XmlScanner::reference(std::string_view what, char*& to, const XmlFrame* frame) {
  static constexpr std::pair<std::string_view, char> kFive[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [entity, c] : kFive) {
    if (what == entity) {
      *to++ = c;
      return true;
    }
  }
  if (what.empty() || what[0] != '#') return fail(Code::RECORD_XML_FORBIDDEN, "只接受五个预定义实体", frame);
  const bool is_hex = what.size() > 1 && what[1] == 'x';
  std::uint32_t point = 0;
  const auto digits = what.substr(is_hex ? 2 : 1);
  bool good = !digits.empty() && digits.size() <= 8;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'                               ? c - '0'
                      : is_hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                         : -1;
    good = good && digit >= 0;
    point = point * (is_hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  good = good && point <= 0x10FFFF && (point >= 0x20 || point == 9 || point == 10 || point == 13) &&
         !(point >= 0xD800 && point <= 0xDFFF) && (point & 0xFFFE) != 0xFFFE;
  if (!good) return fail(Code::RECORD_PARSE, "字符引用有误", frame);
  std::string utf8;
  append_utf8(utf8, point);
  std::memcpy(to, utf8.data(), utf8.size());  // a reference is never shorter than its character
  to += utf8.size();
  return true;
}

bool XmlScanner::too_deep(const XmlFrame* frame) {
  for (std::uint32_t i = 0; frame != nullptr && i + 4 < depth_; ++i) frame = frame->up;
  return fail(Code::RECORD_TOO_DEEP, "嵌套超过 " + std::to_string(plan_.max_depth) + " 层", frame);
}

bool XmlScanner::skip(const XmlFrame* frame, std::string_view tag) {
  if (++depth_ > plan_.max_depth) return too_deep(frame);
  const std::size_t first = attributes_.size();
  bool empty = false;
  if (!attributes(first, empty, frame)) return false;
  std::string_view value;
  for (std::size_t i = first; i < attributes_.size(); ++i) {
    if (!text(attributes_[i].raw, true, value, frame)) return false;
  }
  attributes_.resize(first);
  if (!empty && !skip_content(frame, tag)) return false;
  --depth_;
  return true;
}

bool XmlScanner::skip_content(const XmlFrame* frame, std::string_view tag) {
  while (true) {
    const auto* less = static_cast<const char*>(std::memchr(p_, '<', static_cast<std::size_t>(end_ - p_)));
    if (less == nullptr) {
      p_ = end_;
      return unexpected("</" + std::string(tag) + ">", frame);
    }
    std::string_view piece;
    if (!text({p_, static_cast<std::size_t>(less - p_)}, false, piece, frame)) return false;
    p_ = less;
    if (starts("</")) {
      return close(tag, frame);
    }
    if (starts("<!--")) {
      if (!comment(frame)) return false;
    } else if (starts("<![CDATA[")) {
      if (!cdata(piece, frame)) return false;
    } else if (starts("<!")) {
      return fail(Code::RECORD_XML_FORBIDDEN, "不接受 DTD 与实体声明", frame);
    } else if (starts("<?")) {
      if (!instruction(frame)) return false;
    } else {
      std::string_view inner;
      if (!open(inner, frame)) return false;
      const XmlFrame here{frame, inner, -1};
      if (!skip(&here, inner)) return false;
    }
  }
}

}  // namespace chuanyu::adapters
