// adapters/mapping/xml_scanner.h: the markup of one record: names, attributes, text, comments, what must be passed
// over.
//
// Strict where it matters: no DTD, no entity but the five, no duplicate attribute, tags in pairs, depth limited.
// Threads: one. Ownership: texts are views into the input or the workspace's arena.
// Failure: a method returns false with ws.failure, its place an XML path.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/formats/scan.h"
#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

struct XmlAttribute {
  std::string_view name;
  std::string_view raw;
};

// Where the scanner is, for messages: a chain on the stack. nullptr is the record element itself.
struct XmlFrame {
  const XmlFrame* up = nullptr;
  std::string_view name;
  std::int64_t index = -1;  // in a repeated element; 0-based
};

class XmlScanner {
 protected:
  static constexpr std::size_t kMostStrangers = 256;  // unknown children, or attributes, of one element

  XmlScanner(const Plan& plan, std::string_view text, Workspace& ws)
      : plan_(plan), ws_(ws), begin_(text.data()), p_(text.data()), end_(text.data() + text.size()) {}

  std::string at() const { return "（第 " + std::to_string(p_ - begin_ + 1) + " 个字节）"; }
  bool starts(std::string_view word) const {
    return static_cast<std::size_t>(end_ - p_) >= word.size() && std::memcmp(p_, word.data(), word.size()) == 0;
  }
  // frame == nullptr is the record element itself.
  static std::string shown(const XmlFrame* frame);
  static std::string pointer(const XmlFrame* frame);
  bool fail(Code code, std::string detail, const XmlFrame* frame) {
    return ws_.fail(code, std::move(detail), shown(frame));
  }
  bool unexpected(std::string_view wanted, const XmlFrame* frame);
  void space() {
    while (p_ < end_ && is_xml_space(*p_)) ++p_;
  }
  // Comments, processing instructions and white space. Anything with "<!" that is not a comment is forbidden here.
  bool misc(const XmlFrame* frame);
  bool comment(const XmlFrame* frame);
  bool instruction(const XmlFrame* frame);
  bool name(std::string_view& out, const XmlFrame* frame);
  // "<name": leaves p_ behind the name.
  bool open(std::string_view& out, const XmlFrame* frame);
  // "</tag>": p_ stands on the "<".
  bool close(std::string_view tag, const XmlFrame* frame);
  // Attributes into attributes_ from `first` on; `empty` = "/>".
  bool attributes(std::size_t first, bool& empty, const XmlFrame* frame);
  static std::string attribute_place(std::string_view name, const XmlFrame* frame);
  // What raw character data means: references, line ends (and in attributes white space) normalised.
  bool text(std::string_view raw, bool attribute, std::string_view& out, const XmlFrame* frame);
  // The content of a CDATA section; p_ stands on its "<".
  bool cdata(std::string_view& out, const XmlFrame* frame);
  bool reference(std::string_view what, char*& to, const XmlFrame* frame);
  bool too_deep(const XmlFrame* frame);
  // An element whose content nobody wants, checked all the same. p_ stands behind the name.
  bool skip(const XmlFrame* frame, std::string_view tag);
  bool skip_content(const XmlFrame* frame, std::string_view tag);

  const Plan& plan_;
  Workspace& ws_;
  const char* begin_;
  const char* p_;
  const char* end_;
  std::uint32_t depth_ = 0;
  std::vector<XmlAttribute> attributes_;
};

}  // namespace chuanyu::adapters
