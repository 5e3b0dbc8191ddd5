#include "adapters/mapping/values.h"

#include <algorithm>

#include "adapters/mapping/load.h"

namespace chuanyu::adapters {
namespace {

std::string native_spot(const Spot& spot, const Workspace& ws) {
  return spot.native == nullptr ? "" : native_place(spot.plan, *spot.native, ws.index);
}
std::string canonical_spot(const Spot& spot, const Workspace& ws) {
  return spot.canonical < 0 ? "" : place(spot.plan.canonical[static_cast<std::size_t>(spot.canonical)].path, ws.index);
}

}  // namespace

bool fail_native(const Spot& spot, Workspace& ws, Code code, std::string detail) {
  return ws.fail(code, std::move(detail), native_spot(spot, ws));
}
bool fail_canonical(const Spot& spot, Workspace& ws, Code code, std::string detail) {
  return ws.fail(code, std::move(detail), canonical_spot(spot, ws));
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Workspace& workspace() {
  thread_local Workspace ws;
  return ws;
}
Workspace& other_workspace() {
  thread_local Workspace ws;
  return ws;
}

void add_note(const Spot& spot, Workspace& ws, Note::Kind kind, std::string message, Code code) {
  if (ws.notes.size() > kMostNotes) return;
  if (ws.notes.size() == kMostNotes) {
    ws.notes.push_back({Note::Kind::warning, Code::RECORD_VALUE, "", "", "", "还有更多未列出的说明"});
    return;
  }
  ws.notes.push_back({kind, code, spot.rule, native_spot(spot, ws), canonical_spot(spot, ws), std::move(message)});
}

bool fail_gap(const Spot& spot, Workspace& ws, Code code, std::string detail, CodeGap gap) {
  fail_native(spot, ws, code, std::move(detail));
  ws.failure.gap = std::make_shared<const CodeGap>(std::move(gap));
  return false;
}

void add_gap(const Spot& spot, Workspace& ws, CodeGap gap) {
  add_note(spot, ws, Note::Kind::gap, "代码集 " + gap.set + " 中没有此值，原文已保留");
  Note& note = ws.notes.back();
  if (note.kind == Note::Kind::gap) note.gap = std::move(gap);  // else the record has too many notes to list this one
}

void keep_in_ext(const Spot& spot, Workspace& ws, std::string_view text) {
  if (spot.native == nullptr || spot.plan.ext_node < 0) return;
  ws.extras.push_back({native_pointer(*spot.native, ws.index), text, true});
}

Extra* kept_in_ext(const Spot& spot, Workspace& ws) {
  if (ws.extras.empty() || spot.native == nullptr) return nullptr;
  const auto pointer = native_pointer(*spot.native, ws.index);
  for (auto& extra : ws.extras) {
    if (extra.path != pointer) continue;
    extra.used = true;
    return &extra;
  }
  return nullptr;
}

void outdate(Workspace& ws, Extra& entry) {
  entry.used = entry.outdated = true;
  if (ws.notes.size() >= kMostNotes) return;
  ws.notes.push_back(
      {Note::Kind::normalised, Code::RECORD_VALUE, "", "", "ext" + entry.path, "ext 中保留的原文与现值不符，未写回"});
}

bool parse_money(std::string_view text, unsigned scale, std::int64_t max, std::int64_t& fen) {
  std::int64_t value = 0;
  std::size_t i = 0;
  const auto push = [&](char c) {
    return !__builtin_mul_overflow(value, std::int64_t{10}, &value) &&
           !__builtin_add_overflow(value, std::int64_t{c - '0'}, &value);
  };
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
    if (!push(text[i++])) return false;
  }
  if (i == 0) return false;
  unsigned digits = 0;
  if (i < text.size() && text[i] == '.') {
    const std::size_t point = i++;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      if (digits < scale) {
        if (!push(text[i])) return false;
        ++digits;
      } else if (text[i] != '0') {
        return false;  // part of a fen
      }
    }
    if (i == point + 1) return false;
  }
  if (i != text.size()) return false;
  for (; digits < scale; ++digits) {
    if (!push('0')) return false;
  }
  fen = value;
  return value <= max;
}

std::string_view print_money(std::int64_t fen, unsigned scale, unsigned frac, char* buffer) {
  char* end = buffer + 32;
  char* p = end;
  for (unsigned i = scale; i < frac; ++i) *--p = '0';
  auto value = static_cast<std::uint64_t>(fen);
  for (unsigned i = 0; i < scale; ++i, value /= 10) *--p = static_cast<char>('0' + value % 10);
  if (frac > 0) *--p = '.';
  do {
    *--p = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return {p, static_cast<std::size_t>(end - p)};
}

bool match_date(const DatePattern& pattern, std::string_view text, int& year, int& month, int& day, bool& exact) {
  std::size_t i = 0;
  exact = true;
  for (const auto& token : pattern.tokens) {
    if (token.what == 0) {
      if (text.substr(i, token.literal.size()) != token.literal) return false;
      i += token.literal.size();
      continue;
    }
    const std::size_t most = token.what == 'Y' ? 4 : 2;
    const std::size_t least = token.padded ? most : (token.what == 'Y' ? 4 : 1);
    std::size_t n = 0;
    int value = 0;
    while (n < most && i + n < text.size() && text[i + n] >= '0' && text[i + n] <= '9')
      value = value * 10 + (text[i + n++] - '0');
    if (n < least) return false;
    if (!token.padded && n == 2 && text[i] == '0') exact = false;
    i += n;
    (token.what == 'Y' ? year : token.what == 'm' ? month : day) = value;
  }
  return i == text.size();
}

bool is_set(const Target& target, std::uint32_t base, const Cells& cells) {
  switch (target.shape) {
    case Target::Shape::date:
      return cells[base + target.year].is != Is::absent || cells[base + target.month].is != Is::absent ||
             cells[base + target.day].is != Is::absent;
    default:
      if (target.words >= 0 && !cells[base + target.words_slot].nothing()) return true;
      return !cells[base + target.slot].nothing();
  }
}

}  // namespace chuanyu::adapters
