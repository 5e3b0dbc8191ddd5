#include "adapters/mapping/put.h"

#include <algorithm>

#include "adapters/mapping/map.h"
#include "adapters/mapping/print.h"
#include "adapters/mapping/same.h"

namespace chuanyu::adapters {
namespace {

// `path` is the field `outer` or in it.
bool within(std::string_view path, std::string_view outer) {
  return path.substr(0, outer.size()) == outer &&
         (path.size() == outer.size() || path[outer.size()] == '.' || path[outer.size()] == '[');
}

// A note on a message speaks for its fields, a note on a field for the message when nothing of it is left.
bool named(const std::vector<Note>& notes, const std::string& path) {
  return std::any_of(notes.begin(), notes.end(), [&](const Note& note) {
    return note.kind != Note::Kind::unmapped && !note.canonical.empty() &&
           (within(path, note.canonical) || within(note.canonical, path));
  });
}

using Entries = std::vector<std::pair<std::string, std::string>>;

bool in(const Entries& before, const Extra& extra) {
  return std::any_of(before.begin(), before.end(), [&](const auto& entry) {
    return entry.second == extra.text && same_place(entry.first, extra.path);
  });
}

bool in(const std::vector<Extra>& extras, const Extra& extra) {
  return std::any_of(extras.begin(), extras.end(),
                     [&](const Extra& e) { return e.text == extra.text && same_place(e.path, extra.path); });
}

}  // namespace

Result<Edits> edits_of(const Plan& plan, const Workspace& was, Workspace& now, std::string_view source) {
  if (!map_changes(plan, was, now)) return std::move(now.failure);
  const Change change{plan, was, now, source};
  Edits edits;
  splice_extras(change, edits);
  bool ok = false;
  switch (plan.profile.syntax) {
    case Syntax::json: ok = splice_json(change, edits); break;
    case Syntax::xml: ok = splice_xml(change, edits); break;
    case Syntax::csv: ok = splice_csv(change, edits); break;
    case Syntax::text: break;  // no mapping has it
  }
  if (!ok) return std::move(now.failure);
  Bytes unused;
  Printer(plan, now, unused).leftovers();
  in_order(edits);
  return edits;
}

Status check_put_get(const Plan& plan, const Workspace& read, const Workspace& meant, const Entries& before) {
  // Notes beyond it were not written down, so nothing can be held against them.
  if (read.notes.size() >= kMostNotes || meant.notes.size() >= kMostNotes) return {};
  std::vector<std::string> paths;
  Same(plan, read, meant).differences(paths);
  for (const auto& path : paths) {
    if (!named(meant.notes, path) && !named(read.notes, path))
      return error(Code::RECORD_LAW_PUTGET, "改写后读回的值不同", path);
  }
  for (const auto& extra : read.extras) {
    if (!in(meant.extras, extra) && !in(before, extra) && !named(read.notes, "ext"))
      return error(Code::RECORD_LAW_PUTGET, "改写后多出了 ext 中没有的内容", "ext" + extra.path);
  }
  for (const auto& extra : meant.extras) {
    if (!extra.outdated && !in(read.extras, extra) && !in(before, extra) && !named(meant.notes, "ext"))
      return error(Code::RECORD_LAW_PUTGET, "改写后 ext 中的内容没有写入", "ext" + extra.path);
  }
  return {};
}

}  // namespace chuanyu::adapters
