#include "adapters/mapping/same.h"

#include <algorithm>
#include <unordered_map>

namespace chuanyu::adapters {
namespace {

std::string_view text_of(const Cell& cell) { return cell.is == Is::text ? cell.text() : std::string_view(); }

// The keys of one item as one text; empty when it has none of them.
std::string key_of(const Cells& cells, std::uint32_t item, const std::vector<std::uint32_t>& keys) {
  std::string out;
  bool any = false;
  for (const auto slot : keys) {
    const Cell& cell = cells[item + slot];
    any = any || !cell.nothing();
    out += cell.is == Is::text ? cell.text() : std::to_string(cell.number);
    out += '\0';
  }
  return any ? out : std::string();
}

// Positions not yet taken on either side.
struct Pairing {
  std::vector<int> from;  // now -> was
  std::vector<bool> taken;

  void pair(std::size_t now, std::size_t was) {
    from[now] = static_cast<int>(was);
    taken[was] = true;
  }
};

// Items whose text (as `text` says it) is the same, the first of one side with the first of the other.
template <typename Text>
void pair_by(Pairing& pairing, const std::vector<std::uint32_t>& was, const std::vector<std::uint32_t>& now,
             Text text) {
  std::unordered_map<std::string, std::vector<std::size_t>> open;
  for (std::size_t i = was.size(); i-- > 0;) {
    if (pairing.taken[i]) continue;
    if (auto key = text(true, was[i]); !key.empty()) open[std::move(key)].push_back(i);
  }
  for (std::size_t j = 0; j < now.size() && !open.empty(); ++j) {
    if (pairing.from[j] >= 0) continue;
    const auto it = open.find(text(false, now[j]));
    if (it == open.end() || it->second.empty()) continue;
    pairing.pair(j, it->second.back());
    it->second.pop_back();
  }
}

}  // namespace

int Same::item_root(const CanonNode& list) const {
  return plan_.canon_scopes[static_cast<std::size_t>(list.item)].root;
}

bool Same::leaf(const CanonNode& node, const Cell& was, const Cell& now) const {
  if (node.wire == Wire::text) return text_of(was) == text_of(now);
  const auto number = [](const Cell& cell) { return cell.is == Is::absent ? 0 : cell.number; };
  if (node.explicit_presence && (was.is == Is::absent) != (now.is == Is::absent)) return false;
  return number(was) == number(now);
}

bool Same::list(const CanonNode& node, const Cell& was, const Cell& now) const {
  const auto before = was_.canonical.items(was);
  const auto after = now_.canonical.items(now);
  if (before.size() != after.size()) return false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!field(item_root(node), before[i], after[i])) return false;
  }
  return true;
}

bool Same::field(int id, std::uint32_t was, std::uint32_t now) const {
  const CanonNode& here = node(id);
  if (here.wire == Wire::map) return true;
  if (here.repeated) return list(here, was_.canonical[was + here.slot], now_.canonical[now + here.slot]);
  if (here.wire != Wire::message) return leaf(here, was_.canonical[was + here.slot], now_.canonical[now + here.slot]);
  return std::all_of(here.children.begin(), here.children.end(), [&](int child) { return field(child, was, now); });
}

bool Same::target(const Target& target, std::uint32_t was, std::uint32_t now) const {
  return field(target.node, was, now) && (target.words < 0 || field(target.words, was, now));
}

std::vector<int> Same::align(int list_node, const Cell& was, const Cell& now,
                             const std::vector<std::uint32_t>& keys) const {
  const auto before = was_.canonical.items(was);
  const auto after = now_.canonical.items(now);
  const int root = item_root(node(list_node));
  Pairing pairing{std::vector<int>(after.size(), -1), std::vector<bool>(before.size(), false)};
  // Most items of most lists are where they were.
  std::size_t front = 0;
  const std::size_t both = std::min(before.size(), after.size());
  while (front < both && field(root, before[front], after[front])) pairing.pair(front, front), ++front;
  for (std::size_t back = 1; back + front <= both; ++back) {
    const std::size_t i = before.size() - back;
    const std::size_t j = after.size() - back;
    if (!field(root, before[i], after[j])) break;
    pairing.pair(j, i);
  }
  const auto& cells = [&](bool old) -> const Cells& { return old ? was_.canonical : now_.canonical; };
  if (keys.empty()) {
    for (std::size_t j = 0; j < after.size(); ++j) {
      if (pairing.from[j] < 0 && j < before.size() && !pairing.taken[j]) pairing.pair(j, j);
    }
    return pairing.from;
  }
  pair_by(pairing, before, after, [&](bool old, std::uint32_t item) { return key_of(cells(old), item, keys); });
  for (const auto key : keys) {
    pair_by(pairing, before, after, [&](bool old, std::uint32_t item) { return key_of(cells(old), item, {key}); });
  }
  return pairing.from;
}

void Same::collect(int id, std::uint32_t was, std::uint32_t now, std::vector<std::uint32_t>& index,
                   std::vector<std::string>& paths) const {
  const CanonNode& here = node(id);
  if (field(id, was, now)) return;
  if (here.repeated) {
    const auto before = was_.canonical.items(was_.canonical[was + here.slot]);
    const auto after = now_.canonical.items(now_.canonical[now + here.slot]);
    if (before.size() != after.size()) return paths.push_back(place(here.path, index));
    for (std::size_t i = 0; i < before.size(); ++i) {
      index.push_back(static_cast<std::uint32_t>(i));
      collect(item_root(here), before[i], after[i], index, paths);
      index.pop_back();
    }
    return;
  }
  if (here.wire != Wire::message || here.children.empty()) return paths.push_back(place(here.path, index));
  for (const int child : here.children) collect(child, was, now, index, paths);
}

void Same::differences(std::vector<std::string>& paths) const {
  std::vector<std::uint32_t> index;
  collect(plan_.canon_scopes[0].root, 0, 0, index, paths);
}

}  // namespace chuanyu::adapters
