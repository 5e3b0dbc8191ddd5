// adapters/mapping/splice.h: what an edited record changes in the text of the old one, and nothing else.
//
// One function per syntax. The old record (`was`) was loaded from `source`, so its native cells know where they stand;
// the new one (`now`) comes from map_changes(), so that what may stay is Is::kept. A changed value replaces the old
// lexeme, a value that was not there is inserted behind its neighbour in the mapping's order, a list keeps the old
// items that it still has, with everything in them. Threads: one. Failure: false with now.failure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// Replaces the bytes [begin, end) of the source by `text`.
struct Edit {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string text;
};
using Edits = std::vector<Edit>;

struct Change {
  const Plan& plan;
  const Workspace& was;
  Workspace& now;
  std::string_view source;

  const NativeNode& node(int id) const { return plan.native[static_cast<std::size_t>(id)]; }
  std::string_view at(Span span) const { return source.substr(span.begin, span.end - span.begin); }
  // Entries of ext that want a place of their own.
  bool extras() const;
};

bool splice_json(const Change& change, Edits& edits);
bool splice_xml(const Change& change, Edits& edits);
bool splice_csv(const Change& change, Edits& edits);

// Entries of ext that say what the old record says are marked as used; those that say something else of a field that no
// rule names are written over it.
void splice_extras(const Change& change, Edits& edits);

// The same field, perhaps of an item that has another position now.
bool same_place(std::string_view a, std::string_view b);

// By place; at one place in the order in which they were added, insertions before what replaces.
void in_order(Edits& edits);
// The part `of` of the source with the edits, which are in order and lie in it.
std::string applied(std::string_view source, const Edits& edits, Span of);

// Which of a list's old items (Cells::items) an item of the new list was; -1: none.
int old_position(const Change& change, const std::vector<std::uint32_t>& old, std::uint32_t item);

// Each place of the old list gets the item that stands there now; an item that moved takes its bytes along. What comes
// back are the texts of the items for which the old list has no place. `write(was, now, i, edits)` writes an item over
// what it was, `print(now, i)` writes a new one.
template <typename Write, typename Print>
std::vector<std::string> place_items(const Change& change, const std::vector<std::uint32_t>& old, const Cell& fresh,
                                     Write write, Print print, Edits& edits) {
  std::vector<std::string> more;
  const std::uint32_t size = fresh.is == Is::list ? fresh.size : 0;
  std::uint32_t now = fresh.first;
  for (std::uint32_t i = 0; i < size; ++i, now = change.now.native[now].next) {
    const int from = old_position(change, old, now);
    if (from == static_cast<int>(i)) {
      write(old[i], now, i, edits);
      continue;
    }
    std::string text;
    if (from < 0) {
      text = print(now, i);
    } else {
      const std::uint32_t was = old[static_cast<std::size_t>(from)];
      Edits inner;
      write(was, now, i, inner);
      in_order(inner);
      text = applied(change.source, inner, change.was.native[was].span);
    }
    if (i >= old.size()) {
      more.push_back(std::move(text));
      continue;
    }
    const Span place = change.was.native[old[i]].span;
    edits.push_back({place.begin, place.end, std::move(text)});
  }
  return more;
}

}  // namespace chuanyu::adapters
