#include <algorithm>

#include "adapters/formats/scan.h"
#include "adapters/formats/write.h"
#include "adapters/mapping/print.h"
#include "adapters/mapping/splice.h"

namespace chuanyu::adapters {
namespace {

struct Member {
  std::uint32_t key = 0;  // its opening quote
  std::uint32_t value = 0;
  std::uint32_t end = 0;  // behind the value
  bool removed = false;
};

// The text was loaded before, so it is well formed.
class Scan {
 public:
  Scan(std::string_view text, std::uint32_t at) : text_(text), at_(at) {}

  std::vector<Member> members() {
    std::vector<Member> out;
    ++at_;
    space();
    while (text_[at_] != '}') {
      Member member;
      member.key = at_;
      string();
      space();
      ++at_;  // the colon
      space();
      member.value = at_;
      skip();
      member.end = at_;
      out.push_back(member);
      space();
      if (text_[at_] == ',') ++at_;
      space();
    }
    return out;
  }

 private:
  void space() {
    while (is_json_space(text_[at_])) ++at_;
  }
  void string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  void skip() {
    if (text_[at_] == '"') return string();
    if (text_[at_] != '{' && text_[at_] != '[') {
      while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
      return;
    }
    for (int depth = 0;;) {
      if (text_[at_] == '"') {
        string();
        continue;
      }
      const char c = text_[at_++];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

  std::string_view text_;
  std::uint32_t at_;
};

// Members that come and go in one object.
struct Moves {
  struct Insert {
    std::int64_t behind = -1;  // where the value of the neighbour begins; -1: at the front
    std::string text;
  };
  std::vector<Insert> inserts;
  std::vector<std::uint32_t> removed;  // where their values begin
  std::int64_t neighbour = -1;

  void insert(std::string text) { inserts.push_back({neighbour, std::move(text)}); }
};

class JsonSplicer {
 public:
  explicit JsonSplicer(const Change& change) : c_(change), with_ext_(change.extras()) {}

  void object(const NativeNode& n, std::uint32_t was, std::uint32_t now, const std::string& path, Edits& edits) {
    Moves moves;
    for (const int id : n.children) {
      const auto& child = c_.node(id);
      if (!child.dropped && !child.constant && (!child.value || child.printed))
        member(child, was, now, path, moves, edits);
      const Cell& old = c_.was.native[was + child.slot];
      if (old.is != Is::absent && !child.dropped && (moves.removed.empty() || moves.removed.back() != old.span.begin)) {
        moves.neighbour = old.span.begin;
      }
    }
    if (with_ext_) extras(n, path, moves);
    if (!moves.inserts.empty() || !moves.removed.empty()) reshape(c_.was.native[was + n.slot].span, moves, edits);
  }

 private:
  void member(const NativeNode& n, std::uint32_t was, std::uint32_t now, const std::string& path, Moves& moves,
              Edits& edits) {
    const Cell old = c_.was.native[was + n.slot];
    const Cell fresh = c_.now.native[now + n.slot];
    if (fresh.is == Is::kept) return;
    const std::string below = with_ext_ ? child_path(path, n) : std::string();
    if (!n.value && !n.list) {
      if (old.is == Is::present) return object(n, was, now, below, edits);
      if (Printer(c_.plan, c_.now, unused_).content(n, now, below)) write(n, old, now, path, moves, edits);
      return;
    }
    const bool there = n.list ? fresh.is == Is::list && fresh.size > 0 : !fresh.nothing();
    const bool had = n.list ? old.is == Is::list && old.size > 0 : !old.nothing();
    if (!there) {
      if (had) clear(n, old, moves, edits);
    } else if (!had) {
      write(n, old, now, path, moves, edits);
    } else if (n.list) {
      list(n, old, fresh, below, edits);
    } else if (old.text() != fresh.text()) {
      edits.push_back({old.span.begin, old.span.end, lexeme(n, old, fresh)});
    }
  }

  // A number stays a number where the format takes both.
  std::string lexeme(const NativeNode& n, const Cell& old, const Cell& fresh) const {
    std::string out;
    if (n.number || (old.is == Is::number && is_json_number(fresh.text())))
      out = fresh.text();
    else
      append_json_string(out, fresh.text());
    return out;
  }

  // A member that is not there, or says null or nothing.
  void write(const NativeNode& n, const Cell& old, std::uint32_t now, const std::string& path, Moves& moves,
             Edits& edits) {
    std::string text;
    bool first = true;
    Printer(c_.plan, c_.now, text).json_member(n, now, path, first);
    if (old.is == Is::absent) return moves.insert(std::move(text));
    edits.push_back({old.span.begin, old.span.end, text.substr(n.opening.size())});
  }

  static void clear(const NativeNode& n, const Cell& old, Moves& moves, Edits& edits) {
    if (n.absent == Absent::omit) return moves.removed.push_back(old.span.begin);
    const char* text = n.absent == Absent::null ? "null" : n.absent == Absent::empty ? "\"\"" : "[]";
    edits.push_back({old.span.begin, old.span.end, text});
  }

  void list(const NativeNode& n, const Cell& old_list, const Cell& fresh, const std::string& path, Edits& edits) {
    const auto old = c_.was.native.items(old_list);
    const auto& item = c_.node(c_.plan.native_scopes[static_cast<std::size_t>(n.item)].root);
    const auto at = [&](std::uint32_t i) { return with_ext_ ? path + "/" + std::to_string(i) : path; };
    const auto more = place_items(
        c_, old, fresh,
        [&](std::uint32_t was, std::uint32_t now, std::uint32_t i, Edits& out) {
          this->item(item, was, now, at(i), out);
        },
        [&](std::uint32_t now, std::uint32_t i) { return printed(item, now, at(i)); }, edits);
    const auto end = [&](std::size_t i) { return c_.was.native[old[i]].span.end; };
    const std::uint32_t last = end(std::min<std::size_t>(old.size(), fresh.size) - 1);
    for (const auto& text : more) edits.push_back({last, last, "," + space_behind(old_list.span.begin) + text});
    if (fresh.size < old.size()) edits.push_back({last, end(old.size() - 1), ""});
  }

  void item(const NativeNode& item, std::uint32_t was, std::uint32_t now, const std::string& path, Edits& edits) {
    const Cell old = c_.was.native[was];
    const Cell fresh = c_.now.native[now];
    if (fresh.is == Is::kept) return;
    if (!item.value && old.is == Is::present) return object(item, was, now, path, edits);
    if (item.value && old.text() == fresh.text()) return;
    edits.push_back({old.span.begin, old.span.end, item.value ? lexeme(item, old, fresh) : printed(item, now, path)});
  }

  std::string printed(const NativeNode& item, std::uint32_t at, const std::string& path) {
    std::string text;
    Printer printer(c_.plan, c_.now, text);
    if (item.value)
      printer.json_value(item, c_.now.native[at]);
    else
      printer.json_object(item, at, path);
    return text;
  }

  void extras(const NativeNode& n, const std::string& path, Moves& moves) {
    for (auto& extra : c_.now.extras) {
      if (extra.used || parent_of(extra.path) != path) continue;
      std::string text;
      if (Printer(c_.plan, c_.now, text).json_extra(n, extra)) moves.insert(std::move(text));
    }
  }

  // The layout of what follows an opening bracket.
  std::string space_behind(std::uint32_t bracket) const {
    std::uint32_t end = bracket + 1;
    while (is_json_space(c_.source[end])) ++end;
    return std::string(c_.source.substr(bracket + 1, end - bracket - 1));
  }

  void reshape(Span span, const Moves& moves, Edits& edits) const {
    auto members = Scan(c_.source, span.begin).members();
    const std::string layout = members.empty() ? "" : space_behind(span.begin);
    for (auto& m : members)
      m.removed = std::find(moves.removed.begin(), moves.removed.end(), m.value) != moves.removed.end();
    const auto kept = std::find_if(members.begin(), members.end(), [](const Member& m) { return !m.removed; });
    for (auto m = members.begin(); m != members.end(); ++m) {
      if (!m->removed) continue;
      if (kept < m)
        edits.push_back({(m - 1)->end, m->end, ""});
      else
        edits.push_back({m->key, m + 1 == members.end() ? m->end : (m + 1)->key, ""});
    }
    std::string front;
    for (const auto& insert : moves.inserts) {
      const auto behind = std::find_if(members.begin(), members.end(),
                                       [&](const Member& m) { return std::int64_t{m.value} == insert.behind; });
      if (behind != members.end())
        edits.push_back({behind->end, behind->end, "," + layout + insert.text});
      else if (kept != members.end())
        front += insert.text + "," + layout;
      else
        front += (front.empty() ? "" : ",") + insert.text;
    }
    if (front.empty()) return;
    const std::uint32_t at = kept != members.end() ? kept->key : span.begin + 1;
    edits.push_back({at, at, std::move(front)});
  }

  const Change& c_;
  bool with_ext_;
  Bytes unused_;
};

}  // namespace

bool splice_json(const Change& change, Edits& edits) {
  JsonSplicer(change).object(change.node(change.plan.native_scopes[0].root), 0, 0, "", edits);
  return true;
}

}  // namespace chuanyu::adapters
