#include "adapters/mapping/splice.h"

#include <algorithm>
#include <iterator>

#include "adapters/formats/write.h"
#include "adapters/mapping/load.h"
#include "adapters/mapping/print.h"
#include "adapters/mapping/values.h"

namespace chuanyu::adapters {
namespace {

// What is written for an entry of ext over the old text of the field, or nothing when it cannot stand there.
bool written(const Change& change, const Extra& extra, std::string& out) {
  switch (change.plan.profile.syntax) {
    case Syntax::json: out = extra.text; return well_formed_json(change.plan, extra.text, change.now);
    case Syntax::csv: append_csv(out, extra.text); return true;
    case Syntax::xml:
    case Syntax::text: break;
  }
  if (Printer::is_attribute(extra)) return append_xml_attribute(out, extra.text);
  const auto name = name_of(extra.path);
  if (name == "text()") return append_xml_text(out, extra.text);
  out = extra.text;
  return well_formed_xml(change.plan, extra.text, name.substr(0, name.find('[')), change.now);
}

// Writes the entry over the old text of a field that no rule names; false when it cannot stand there.
bool overwrite(const Change& change, const Extra& old, const Extra& extra, Edits& edits) {
  const char* const begin = old.text.data();
  const bool in_source = begin >= change.source.data() && begin < change.source.data() + change.source.size();
  Edit edit;
  if (!old.unknown || !in_source || !written(change, extra, edit.text)) return false;
  edit.begin = static_cast<std::uint32_t>(begin - change.source.data());
  edit.end = edit.begin + static_cast<std::uint32_t>(old.text.size());
  if (change.plan.profile.syntax == Syntax::csv && edit.begin > 0 && change.source[edit.begin - 1] == '"') {
    --edit.begin;
    ++edit.end;
  }
  edits.push_back(std::move(edit));
  return true;
}

}  // namespace

bool Change::extras() const {
  return std::any_of(now.extras.begin(), now.extras.end(), [](const Extra& e) { return !e.used; });
}

bool same_place(std::string_view a, std::string_view b) {
  const auto without_numbers = [](std::string_view path) {
    std::string out;
    std::copy_if(path.begin(), path.end(), std::back_inserter(out), [](char c) { return c < '0' || c > '9'; });
    return out;
  };
  return a == b || without_numbers(a) == without_numbers(b);
}

void splice_extras(const Change& change, Edits& edits) {
  auto& entries = change.now.extras;
  std::vector<const Extra*> open;  // old entries that no new one stands for
  const auto stays = [&](const auto& says_the_same) {
    const auto now = std::find_if(entries.begin(), entries.end(), says_the_same);
    if (now != entries.end()) now->used = true;
    return now != entries.end();
  };
  for (const auto& old : change.was.extras) {
    if (!stays([&](const Extra& e) { return e.path == old.path && (e.used || e.text == old.text); }))
      open.push_back(&old);
  }
  // The items of a list may have moved and their entries still name the old positions, or the other way round.
  std::erase_if(open, [&](const Extra* old) {
    return stays([&](const Extra& e) { return !e.used && e.text == old->text && same_place(e.path, old->path); });
  });
  for (auto& entry : entries) {
    if (entry.used) continue;
    const auto at = [&](const Extra& old) { return old.path == entry.path; };
    const auto it = std::find_if(open.begin(), open.end(), [&](const Extra* old) { return at(*old); });
    if (it != open.end())
      entry.used = overwrite(change, **it, entry, edits);
    else if (std::any_of(change.was.extras.begin(), change.was.extras.end(), at))
      outdate(change.now, entry);  // another item's text stands there now
  }
}

void in_order(Edits& edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.begin != b.begin ? a.begin < b.begin : (a.begin == a.end) > (b.begin == b.end);
  });
}

std::string applied(std::string_view source, const Edits& edits, Span of) {
  std::string out;
  std::uint32_t at = of.begin;
  for (const auto& edit : edits) {
    if (edit.begin < at || edit.end > of.end) continue;
    out.append(source, at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  out.append(source, at, of.end - at);
  return out;
}

int old_position(const Change& change, const std::vector<std::uint32_t>& old, std::uint32_t item) {
  const std::int64_t block = change.now.native[item].number;
  if (block == 0) return -1;
  // Blocks of a list were made one after the other.
  const auto it = std::lower_bound(old.begin(), old.end(), static_cast<std::uint32_t>(block - 1));
  return it != old.end() && *it == block - 1 ? static_cast<int>(it - old.begin()) : -1;
}

}  // namespace chuanyu::adapters
