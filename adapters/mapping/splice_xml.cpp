#include <algorithm>

#include "adapters/formats/scan.h"
#include "adapters/formats/write.h"
#include "adapters/mapping/load.h"
#include "adapters/mapping/print.h"
#include "adapters/mapping/splice.h"

namespace chuanyu::adapters {
namespace {

// The parts of an element that was loaded before, so it is well formed.
struct Element {
  std::uint32_t name_end = 0;
  std::uint32_t attributes_end = 0;  // where ">" or "/>" stands
  std::uint32_t content = 0;         // between the tags; both the end of the element when it is <x/>
  std::uint32_t content_end = 0;
  bool empty_tag = false;
  bool attributes = false;

  Element(std::string_view text, Span span) {
    std::uint32_t at = span.begin + 1;
    while (!is_xml_space(text[at]) && text[at] != '>' && text[at] != '/') ++at;
    name_end = attributes_end = at;
    for (; text[at] != '>' && text[at] != '/'; ++at) {
      if (text[at] != '"' && text[at] != '\'') continue;
      attributes = true;
      at = static_cast<std::uint32_t>(text.find(text[at], at + 1));
      attributes_end = at + 1;
    }
    empty_tag = text[at] == '/';
    content = at + 1;
    // The last "</" of an element is its own.
    content_end = empty_tag ? span.end : static_cast<std::uint32_t>(text.rfind("</", span.end - 1));
    if (empty_tag) content = span.end;
  }
};

// A run of character data of an element: text, or a CDATA section with its marks.
struct Run {
  Span span;
  bool cdata = false;
};

class XmlSplicer {
 public:
  explicit XmlSplicer(const Change& change) : c_(change), with_ext_(change.extras()) {}

  bool element(const NativeNode& n, std::uint32_t was, std::uint32_t now, const std::string& path, Edits& edits) {
    const Cell old = c_.was.native[was + n.slot];
    const Element here(c_.source, old.span);
    std::string attributes;
    std::vector<Insert> inserts;
    for (const int id : n.children) {
      const auto& child = c_.node(id);
      if (child.attribute && !child.dropped && !child.constant && child.printed)
        attribute(child, was, now, attributes, edits);
    }
    std::uint32_t neighbour = here.content;
    if (n.value && n.printed) text(n, old, c_.now.native[now + n.slot], here, inserts, edits);
    for (const int id : n.children) {
      const auto& child = c_.node(id);
      if (child.attribute || child.dropped) continue;
      if (!child.constant && (!child.value || child.printed || child.list))
        this->child(child, was, now, path, {here.content, neighbour}, inserts, edits);
      neighbour = std::max(neighbour, end_of(child, was));
    }
    if (with_ext_) extras(n, path, here, attributes, inserts);
    if (!attributes.empty()) edits.push_back({here.attributes_end, here.attributes_end, attributes});
    place(here, old.span, inserts, edits);
    return ok_;
  }

 private:
  struct Insert {
    std::uint32_t at = 0;
    std::string text;
  };
  struct Where {
    std::uint32_t content = 0;    // where the parent's content begins
    std::uint32_t neighbour = 0;  // behind the element before
  };

  bool bad_text(const NativeNode& n) {
    if (ok_) c_.now.fail(Code::RECORD_VALUE, "值中有 XML 不能表示的控制字符", native_place(c_.plan, n, {}));
    return ok_ = false;
  }

  // <x/> opens up for what comes in.
  void place(const Element& here, Span span, std::vector<Insert>& inserts, Edits& edits) const {
    if (inserts.empty()) return;
    if (!here.empty_tag) {
      for (auto& insert : inserts) edits.push_back({insert.at, insert.at, std::move(insert.text)});
      return;
    }
    std::string body = ">";
    for (const auto& insert : inserts) body += insert.text;
    body += "</" + std::string(c_.source.substr(span.begin + 1, here.name_end - span.begin - 1)) + ">";
    edits.push_back({span.end - 2, span.end, std::move(body)});
  }

  // Behind the last of the old elements of this node; 0 when there is none.
  std::uint32_t end_of(const NativeNode& n, std::uint32_t was) const {
    const Cell& cell = c_.was.native[was + n.slot];
    if (cell.is == Is::absent) return 0;
    if (!n.list) return cell.span.end;
    return cell.size == 0 ? 0 : c_.was.native[cell.last].span.end;
  }

  void attribute(const NativeNode& n, std::uint32_t was, std::uint32_t now, std::string& added, Edits& edits) {
    const Cell& old = c_.was.native[was + n.slot];
    const Cell& fresh = c_.now.native[now + n.slot];
    if (fresh.is == Is::kept || (fresh.nothing() && old.nothing())) return;
    std::string text;
    if (!fresh.nothing() && !append_xml_attribute(text, fresh.text())) {
      bad_text(n);
    } else if (old.is == Is::absent) {
      added += n.opening + text + "\"";
    } else if (fresh.nothing() && n.absent == Absent::omit) {
      edits.push_back({attribute_begin(old.span.begin), old.span.end + 1, ""});
    } else if (fresh.nothing() || old.text() != fresh.text()) {
      if (c_.source[old.span.begin - 1] == '\'') escape_apostrophes(text);
      edits.push_back({old.span.begin, old.span.end, std::move(text)});
    }
  }

  static void escape_apostrophes(std::string& text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 6) text.replace(at, 1, "&apos;");
  }

  // The white space before name="value", from where the value begins.
  std::uint32_t attribute_begin(std::uint32_t value) const {
    std::uint32_t at = value - 1;  // the quote
    while (c_.source[at] != '=') --at;
    while (is_xml_space(c_.source[at - 1])) --at;
    while (!is_xml_space(c_.source[at - 1])) --at;
    while (is_xml_space(c_.source[at - 1])) --at;
    return at;
  }

  // Character data directly in the element.
  std::vector<Run> runs(const Element& here) const {
    std::vector<Run> out;
    const std::string_view text = c_.source.substr(0, here.content_end);
    for (std::uint32_t at = here.content; at < here.content_end;) {
      const std::string_view rest = text.substr(at);
      if (rest[0] != '<') {
        const auto end = static_cast<std::uint32_t>(std::min(text.find('<', at), text.size()));
        out.push_back({{at, end}, false});
        at = end;
      } else if (rest.substr(0, 4) == "<!--") {
        at = static_cast<std::uint32_t>(text.find("-->", at) + 3);
      } else if (rest.substr(0, 9) == "<![CDATA[") {
        const auto end = static_cast<std::uint32_t>(text.find("]]>", at) + 3);
        out.push_back({{at, end}, true});
        at = end;
      } else if (rest.substr(0, 2) == "<?") {
        at = static_cast<std::uint32_t>(text.find("?>", at) + 2);
      } else {
        at = skip_element(at);
      }
    }
    return out;
  }

  std::uint32_t skip_element(std::uint32_t at) const {
    for (int depth = 0;;) {
      const auto tag = static_cast<std::uint32_t>(c_.source.find('<', at));
      const std::string_view rest = c_.source.substr(tag);
      if (rest.substr(0, 4) == "<!--") {
        at = static_cast<std::uint32_t>(c_.source.find("-->", tag) + 3);
      } else if (rest.substr(0, 9) == "<![CDATA[") {
        at = static_cast<std::uint32_t>(c_.source.find("]]>", tag) + 3);
      } else if (rest.substr(0, 2) == "<?") {
        at = static_cast<std::uint32_t>(c_.source.find("?>", tag) + 2);
      } else if (rest.substr(0, 2) == "</") {
        at = static_cast<std::uint32_t>(c_.source.find('>', tag) + 1);
        if (--depth == 0) return at;
      } else {
        const Element inner(c_.source, {tag, tag_end(tag)});
        at = tag_end(tag);
        if (!inner.empty_tag) ++depth;
        if (depth == 0) return at;
      }
    }
  }

  // Behind the ">" of a start tag.
  std::uint32_t tag_end(std::uint32_t at) const {
    for (; c_.source[at] != '>'; ++at) {
      if (c_.source[at] == '"' || c_.source[at] == '\'')
        at = static_cast<std::uint32_t>(c_.source.find(c_.source[at], at + 1));
    }
    return at + 1;
  }

  // A line end "\r" can only be written as a reference, which a CDATA section does not know.
  static bool may_be_cdata(std::string_view text) {
    return text.find("]]>") == std::string_view::npos && text.find('\r') == std::string_view::npos;
  }

  // The first run that says something gets the new text, the others of the old text go.
  void text(const NativeNode& n, const Cell& old, const Cell& fresh, const Element& here, std::vector<Insert>& inserts,
            Edits& edits) {
    if (fresh.is == Is::kept || (fresh.nothing() && old.nothing())) return;
    if (!fresh.nothing() && old.is == Is::text && old.text() == fresh.text()) return;
    std::string escaped;
    if (!fresh.nothing() && !append_xml_text(escaped, fresh.text())) {
      bad_text(n);
      return;
    }
    const bool mixed = !n.children.empty();
    bool done = fresh.nothing();
    for (const auto& run : here.empty_tag ? std::vector<Run>() : runs(here)) {
      const auto raw = c_.at(run.span);
      const bool layout = !run.cdata && mixed && std::all_of(raw.begin(), raw.end(), is_xml_space);
      if (layout) continue;
      const bool stays_cdata = run.cdata && !done && may_be_cdata(fresh.text());
      std::string text = done ? "" : stays_cdata ? "<![CDATA[" + std::string(fresh.text()) + "]]>" : escaped;
      edits.push_back({run.span.begin, run.span.end, std::move(text)});
      done = true;
    }
    if (!done) inserts.push_back({here.content, std::move(escaped)});
  }

  void child(const NativeNode& n, std::uint32_t was, std::uint32_t now, const std::string& path, Where where,
             std::vector<Insert>& inserts, Edits& edits) {
    const Cell old = c_.was.native[was + n.slot];
    const Cell fresh = c_.now.native[now + n.slot];
    const std::string below = with_ext_ ? child_path(path, n) : std::string();
    if (n.list) return list(n, old, fresh, below, where, inserts, edits);
    Bytes unused;
    const bool there = Printer(c_.plan, c_.now, unused).content(n, now, below);
    if (old.is == Is::absent) {
      if (!there) return;
      std::string text;
      Printer printer(c_.plan, c_.now, text);
      printer.xml_child(n, now, path);
      ok_ = ok_ && printer.ok();
      return insert(std::move(text), where, inserts);
    }
    const bool goes = n.value && !old.nothing() && !there && fresh.is != Is::kept && n.absent == Absent::omit;
    if (goes && bare(n, old.span)) {
      edits.push_back({with_space(old.span.begin), old.span.end, ""});
      return;
    }
    element(n, was, now, below, edits);
  }

  // Nothing but text in it: it may go when the text goes.
  bool bare(const NativeNode& n, Span span) const {
    const Element here(c_.source, span);
    if (here.attributes && n.select_attribute.empty()) return false;
    std::uint32_t text = 0;
    for (const auto& run : runs(here)) text += run.span.end - run.span.begin;
    return text == here.content_end - here.content;
  }

  void list(const NativeNode& n, const Cell& old_list, const Cell& fresh, const std::string& path, Where where,
            std::vector<Insert>& inserts, Edits& edits) {
    if (fresh.is == Is::kept) return;
    const auto old = c_.was.native.items(old_list);
    const auto& item = c_.node(c_.plan.native_scopes[static_cast<std::size_t>(n.item)].root);
    const auto span = [&](std::size_t i) { return c_.was.native[old[i]].span; };
    const auto at = [&](std::uint32_t i) { return with_ext_ ? path + "/" + std::to_string(i) : path; };
    const auto print = [&](std::uint32_t now, std::uint32_t i) {
      std::string text;
      Printer printer(c_.plan, c_.now, text);
      printer.xml_element(item, now, at(i));
      ok_ = ok_ && printer.ok();
      return text;
    };
    auto more = place_items(
        c_, old, fresh,
        [&](std::uint32_t was, std::uint32_t now, std::uint32_t i, Edits& out) {
          this->item(item, was, now, at(i), out);
        },
        print, edits);
    if (!old.empty()) where.neighbour = span(old.size() - 1).end;
    for (auto& text : more) insert(std::move(text), where, inserts);
    for (std::size_t i = fresh.is == Is::list ? fresh.size : 0; i < old.size(); ++i)
      edits.push_back({with_space(span(i).begin), span(i).end, ""});
  }

  void item(const NativeNode& item, std::uint32_t was, std::uint32_t now, const std::string& path, Edits& edits) {
    if (c_.now.native[now].is == Is::kept && item.children.empty()) return;
    element(item, was, now, path, edits);
  }

  void insert(std::string text, Where where, std::vector<Insert>& inserts) const {
    inserts.push_back({where.neighbour,
                       std::string(c_.source.substr(where.content, layout_end(where.content) - where.content)) + text});
  }

  // The white space before the first child, when there is one.
  std::uint32_t layout_end(std::uint32_t content) const {
    std::uint32_t end = content;
    while (end < c_.source.size() && is_xml_space(c_.source[end])) ++end;
    const bool child = end + 1 < c_.source.size() && c_.source[end] == '<' && c_.source[end + 1] != '/';
    return child ? end : content;
  }

  std::uint32_t with_space(std::uint32_t begin) const {
    while (begin > 0 && is_xml_space(c_.source[begin - 1])) --begin;
    return begin;
  }

  void extras(const NativeNode& n, const std::string& path, const Element& here, std::string& attributes,
              std::vector<Insert>& inserts) {
    std::uint32_t end = here.content_end;
    if (!here.empty_tag) end = std::max(here.content, with_space(end));
    for (auto& extra : c_.now.extras) {
      if (extra.used || parent_of(extra.path) != path) continue;
      std::string text;
      Printer printer(c_.plan, c_.now, text);
      if (!printer.xml_extra(n, extra)) continue;
      ok_ = ok_ && printer.ok();
      if (Printer::is_attribute(extra))
        attributes += text;
      else
        insert(std::move(text), {here.content, end}, inserts);
    }
  }

  const Change& c_;
  bool with_ext_;
  bool ok_ = true;
};

}  // namespace

bool splice_xml(const Change& change, Edits& edits) {
  return XmlSplicer(change).element(change.node(change.plan.native_scopes[0].root), 0, 0, "", edits);
}

}  // namespace chuanyu::adapters
