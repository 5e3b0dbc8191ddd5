#include <algorithm>

#include "adapters/mapping/load.h"
#include "adapters/mapping/xml_scanner.h"

namespace chuanyu::adapters {
namespace {

class XmlLoader : private XmlScanner {
 public:
  XmlLoader(const Plan& plan, std::string_view text, Workspace& ws) : XmlScanner(plan, text, ws) {}

  bool run() {
    const auto& scope = plan_.native_scopes[0];
    ws_.native.block(scope.slots);
    if (starts("<?xml") && !declaration()) return false;
    if (!misc(nullptr)) return false;
    if (p_ == end_) return fail(Code::RECORD_TRUNCATED, "内容为空", nullptr);
    const char* start = p_;
    std::string_view name;
    if (!open(name, nullptr)) return false;
    const auto& root = plan_.native[static_cast<std::size_t>(scope.root)];
    const bool in_list = name == plan_.list_name;  // a document of one record
    if (in_list) {
      bool empty = false;
      if (!attributes(0, empty, nullptr) || !misc(nullptr)) return false;
      if (empty || starts("</")) return fail(Code::RECORD_TRUNCATED, "文档中没有记录", nullptr);
      attributes_.clear();
      start = p_;
      if (!open(name, nullptr)) return false;
    }
    const XmlFrame here{nullptr, name, -1};
    if (name != root.name) return fail(Code::RECORD_TYPE, "记录的元素应为 " + root.name, &here);
    if (!element(root, 0, nullptr, name, start)) return false;
    if (!misc(nullptr)) return false;
    if (in_list && !close_list()) return false;
    if (p_ != end_) return fail(Code::RECORD_PARSE, "记录之后还有内容" + at(), nullptr);
    return true;
  }

  // For text that comes back from ext: exactly one element of that name.
  bool one_element(std::string_view name) {
    std::string_view tag;
    const XmlFrame here{nullptr, name, -1};
    return open(tag, nullptr) && tag == name && skip(&here, tag) && p_ == end_;
  }

 private:
  bool declaration() {
    const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
    const auto close = rest.find("?>");
    if (close == std::string_view::npos) return fail(Code::RECORD_TRUNCATED, "XML 声明不完整", nullptr);
    const auto label = xml_encoding(rest.substr(0, close));
    if (label && !plan_.charset->accepts_label(*label)) {
      return fail(Code::RECORD_CHARSET, "XML 声明的编码与格式登记的 " + plan_.profile.charset + " 不符", nullptr);
    }
    p_ += close + 2;
    return true;
  }

  bool close_list() {
    const std::string closing = "</" + plan_.list_name;
    if (!starts(closing)) return unexpected(closing + ">（一次只能有一条记录）", nullptr);
    p_ += closing.size();
    space();
    if (p_ >= end_ || *p_ != '>') return unexpected(">", nullptr);
    ++p_;
    return misc(nullptr);
  }

  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - begin_); }

  // p_ stands behind the element's name, `start` on its "<"; frame is the element (nullptr: the record).
  bool element(const NativeNode& node, std::uint32_t base, const XmlFrame* frame, std::string_view tag,
               const char* start) {
    if (++depth_ > plan_.max_depth) return too_deep(frame);
    const std::size_t first = attributes_.size();
    bool empty = false;
    if (!attributes(first, empty, frame)) return false;
    return body(node, base, frame, tag, start, first, empty);
  }

  bool body(const NativeNode& node, std::uint32_t base, const XmlFrame* frame, std::string_view tag, const char* start,
            std::size_t first, bool empty) {
    if (Cell& cell = ws_.native[base + node.slot]; cell.is == Is::absent) {
      cell.is = Is::present;
      if (node.value) cell.set_text("");  // an empty element is a value that is not there
    }
    for (std::size_t i = first; i < attributes_.size(); ++i) {
      const XmlAttribute attribute = attributes_[i];
      if (attribute.name == node.select_attribute || is_xml_namespace(attribute.name)) continue;
      std::string_view value;
      if (!text(attribute.raw, true, value, frame)) return false;
      if (const int id = node.attributes.find(attribute.name); id >= 0) {
        const auto& child = plan_.native[static_cast<std::size_t>(id)];
        Cell& cell = ws_.native[base + child.slot];
        cell.set_text(value);
        cell.span = {offset(attribute.raw.data()), offset(attribute.raw.data() + attribute.raw.size())};
        if (child.dropped && !value.empty()) note_dropped(plan_, child, ws_);
      } else if (!handle_unknown(plan_, pointer(frame) + "/@" + std::string(attribute.name), value, ws_)) {
        return false;
      }
    }
    attributes_.resize(first);
    if (!empty && !content(node, base, frame, tag)) return false;
    ws_.native[base + node.slot].span = {offset(start), offset(p_)};
    --depth_;
    return true;
  }

  bool content(const NativeNode& node, std::uint32_t base, const XmlFrame* frame, std::string_view tag) {
    std::string_view whole;  // the element's text so far
    std::string joined;      // when it comes in pieces
    std::size_t expected = 0;
    std::size_t strangers = 0;
    bool any = false;
    const auto add = [&](std::string_view piece) {
      if (!any) {
        whole = piece;
        any = true;
        return;
      }
      if (joined.empty()) joined = whole;
      joined += piece;
    };
    while (true) {
      const auto* less = static_cast<const char*>(std::memchr(p_, '<', static_cast<std::size_t>(end_ - p_)));
      if (less == nullptr) {
        p_ = end_;
        return unexpected("</" + std::string(tag) + ">", frame);
      }
      if (less != p_) {
        std::string_view piece;
        if (!text({p_, static_cast<std::size_t>(less - p_)}, false, piece, frame)) return false;
        if (!piece.empty()) add(piece);
        p_ = less;
      }
      if (starts("</")) {
        if (!close(tag, frame)) return false;
        break;
      }
      if (starts("<!--")) {
        if (!comment(frame)) return false;
      } else if (starts("<![CDATA[")) {
        std::string_view piece;
        if (!cdata(piece, frame)) return false;
        if (!piece.empty()) add(piece);
      } else if (starts("<!")) {
        return fail(Code::RECORD_XML_FORBIDDEN, "不接受 DTD 与实体声明", frame);
      } else if (starts("<?")) {
        if (!instruction(frame)) return false;
      } else if (!child(node, base, frame, expected, strangers)) {
        return false;
      }
    }
    if (!joined.empty()) whole = ws_.arena.copy(joined);
    if (node.value) {
      // White space around child elements is layout, not a value.
      const bool layout = !node.children.empty() && std::all_of(whole.begin(), whole.end(), is_xml_space);
      if (!layout) ws_.native[base + node.slot].set_text(whole);
      return true;
    }
    if (std::all_of(whole.begin(), whole.end(), is_xml_space)) return true;
    return handle_unknown(plan_, pointer(frame) + "/text()", whole, ws_);
  }

  bool child(const NativeNode& node, std::uint32_t base, const XmlFrame* frame, std::size_t& expected,
             std::size_t& strangers) {
    const char* start = p_;
    std::string_view tag;
    if (!open(tag, frame)) return false;
    int id = -1;
    if (expected < node.children.size() &&
        plan_.native[static_cast<std::size_t>(node.children[expected])].name == tag &&
        plan_.native[static_cast<std::size_t>(node.children[expected])].select_attribute.empty() &&
        !plan_.native[static_cast<std::size_t>(node.children[expected])].attribute) {
      id = node.children[expected];
    } else {
      id = node.keys.find(tag);
      if (id >= 0) {
        expected =
            static_cast<std::size_t>(std::find(node.children.begin(), node.children.end(), id) - node.children.begin());
      }
    }
    XmlFrame here{frame, tag, -1};
    if (id < 0) return stranger(start, &here, strangers);
    const NativeNode* known = &plan_.native[static_cast<std::size_t>(id)];
    if (known->list) {  // stays the expected one: its like may follow
      const auto& scope = plan_.native_scopes[static_cast<std::size_t>(known->item)];
      if (ws_.native[base + known->slot].size == kMostItems) {
        return fail(Code::RECORD_TOO_LARGE, "列表超过 " + std::to_string(kMostItems) + " 项", &here);
      }
      const auto item = ws_.native.item(base + known->slot, scope.slots);
      here.index = ws_.native[base + known->slot].size - 1;
      ws_.index.push_back(static_cast<std::uint32_t>(here.index));
      if (!element(plan_.native[static_cast<std::size_t>(scope.root)], item, &here, tag, start)) return false;
      ws_.index.pop_back();
      return true;
    }
    ++expected;
    if (!known->select_attribute.empty() || known->variant >= 0) return variant(known, base, &here, start, strangers);
    if (ws_.native[base + known->slot].is != Is::absent) {
      return fail(Code::RECORD_DUPLICATE_KEY, "元素出现两次", &here);
    }
    if (known->dropped) {
      ws_.native[base + known->slot].is = Is::present;
      note_dropped(plan_, *known, ws_);
      return skip(&here, tag);
    }
    return element(*known, base, &here, tag, start);
  }

  // Item[@name=scope]: which of the elements of this name it is, its attributes say.
  bool variant(const NativeNode* known, std::uint32_t base, const XmlFrame* frame, const char* start,
               std::size_t& strangers) {
    if (++depth_ > plan_.max_depth) return too_deep(frame);
    const std::size_t first = attributes_.size();
    const std::string_view tag = frame->name;
    bool empty = false;
    if (!attributes(first, empty, frame)) return false;
    for (const NativeNode* candidate = known; candidate != nullptr;
         candidate = candidate->variant < 0 ? nullptr : &plan_.native[static_cast<std::size_t>(candidate->variant)]) {
      bool match = candidate->select_attribute.empty();
      for (std::size_t i = first; i < attributes_.size() && !match; ++i) {
        std::string_view value;
        if (attributes_[i].name != candidate->select_attribute) continue;
        if (!text(attributes_[i].raw, true, value, frame)) return false;
        match = value == candidate->select_value;
      }
      if (!match) continue;
      if (ws_.native[base + candidate->slot].is != Is::absent)
        return fail(Code::RECORD_DUPLICATE_KEY, "元素出现两次", frame);
      if (candidate->dropped) note_dropped(plan_, *candidate, ws_);
      return body(*candidate, base, frame, tag, start, first, empty);
    }
    attributes_.resize(first);
    --depth_;
    p_ = start;
    std::string_view again;
    return open(again, frame) && stranger(start, frame, strangers);
  }

  // p_ stands behind the name of an element that no rule names.
  bool stranger(const char* start, const XmlFrame* frame, std::size_t& strangers) {
    if (++strangers > kMostStrangers) return fail(Code::RECORD_FIELD_UNKNOWN, "未知元素过多", frame->up);
    if (!skip(frame, frame->name)) return false;
    std::string key = pointer(frame);
    // Siblings of one unknown name are told apart by their number.
    const auto taken = [&](const std::string& path) {
      return std::any_of(ws_.extras.begin(), ws_.extras.end(), [&](const Extra& e) { return e.path == path; });
    };
    if (plan_.unknown == Unknown::ext && taken(key)) {
      std::size_t n = 2;
      while (taken(key + "[" + std::to_string(n) + "]")) ++n;
      key += "[" + std::to_string(n) + "]";
    }
    return handle_unknown(plan_, std::move(key), {start, static_cast<std::size_t>(p_ - start)}, ws_);
  }
};

}  // namespace

bool well_formed_xml(const Plan& plan, std::string_view element, std::string_view name, Workspace& ws) {
  return XmlLoader(plan, element, ws).one_element(name);
}

bool load_xml(const Plan& plan, std::string_view record, Workspace& ws) { return XmlLoader(plan, record, ws).run(); }

}  // namespace chuanyu::adapters
