#include "adapters/formats/write.h"
#include "adapters/mapping/print.h"
#include "adapters/mapping/splice.h"

namespace chuanyu::adapters {
namespace {

// A cell that had quotes keeps them.
std::string cell_text(std::string_view old, std::string_view fresh) {
  std::string out;
  append_csv(out, fresh);
  if (old.substr(0, 1) == "\"" && out.substr(0, 1) != "\"") out = "\"" + out + "\"";
  return out;
}

}  // namespace

bool splice_csv(const Change& change, Edits& edits) {
  const auto& root = change.node(change.plan.native_scopes[0].root);
  const Span row = change.was.native[root.slot].span;
  // The header ends where the row begins, without its line end.
  std::uint32_t header_end = row.begin;
  while (header_end > 0 && (change.source[header_end - 1] == '\n' || change.source[header_end - 1] == '\r'))
    --header_end;
  for (const int id : root.children) {
    const auto& column = change.node(id);
    if (!column.printed || column.dropped || column.constant) continue;
    const Cell& old = change.was.native[column.slot];
    const Cell& fresh = change.now.native[column.slot];
    if (fresh.is == Is::kept || (old.nothing() && fresh.nothing())) continue;
    if (old.is == Is::absent) {  // a document without this column
      std::string name = ",";
      append_csv(name, column.name);
      edits.push_back({header_end, header_end, std::move(name)});
      edits.push_back({row.end, row.end, "," + cell_text("", fresh.text())});
    } else if (fresh.nothing() || old.text() != fresh.text()) {
      edits.push_back(
          {old.span.begin, old.span.end, cell_text(change.at(old.span), fresh.nothing() ? "" : fresh.text())});
    }
  }
  return true;
}

}  // namespace chuanyu::adapters
