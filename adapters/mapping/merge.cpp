#include "adapters/mapping/merge.h"

#include <algorithm>

#include "adapters/mapping/same.h"

namespace chuanyu::adapters {
namespace {

const std::vector<std::uint32_t>* align_of(const std::vector<Rule>& rules, int list) {
  for (const auto& rule : rules) {
    if (rule.c_node == list) return &rule.align;
    if (const auto* inner = align_of(rule.inner, list)) return inner;
  }
  return nullptr;
}

class Merger {
 public:
  Merger(const Plan& plan, const Workspace& base, const Workspace& before, const Workspace& after, Workspace& out)
      : plan_(plan), base_(base), before_(before), after_(after), out_(out), same_(plan, before, after) {}

  struct At {
    std::uint32_t base = 0;
    std::uint32_t before = 0;
    std::uint32_t after = 0;
    std::uint32_t out = 0;
  };

  void field(int id, At at) {
    const CanonNode& here = node(id);
    if (here.wire == Wire::map) return;
    if (here.repeated) return list(id, at);
    if (here.wire == Wire::message && !one_value(here)) {
      for (const int child : here.children) field(child, at);
      return;
    }
    if (same_.field(id, at.before, at.after))
      copy(id, base_.canonical, at.base, at.out);
    else
      copy(id, after_.canonical, at.after, at.out);
  }

  void extras() {
    out_.foreign = base_.foreign;
    out_.extras = base_.extras;
    for (const auto& extra : after_.extras) {
      const Extra* was = find(before_.extras, extra.path);
      if (was != nullptr && was->text == extra.text) continue;
      std::erase_if(out_.extras, [&](const Extra& e) { return e.path == extra.path; });
      out_.extras.push_back(extra);
    }
    std::erase_if(out_.extras, [&](const Extra& extra) {
      return find(before_.extras, extra.path) != nullptr && find(after_.extras, extra.path) == nullptr;
    });
  }

 private:
  const CanonNode& node(int id) const { return plan_.canonical[static_cast<std::size_t>(id)]; }
  const CanonScope& items(const CanonNode& list) const {
    return plan_.canon_scopes[static_cast<std::size_t>(list.item)];
  }

  static const Extra* find(const std::vector<Extra>& extras, const std::string& path) {
    const auto it = std::find_if(extras.begin(), extras.end(), [&](const Extra& e) { return e.path == path; });
    return it == extras.end() ? nullptr : &*it;
  }

  // A date, or a code with the source's words: half of it from one side would say what nobody said.
  bool one_value(const CanonNode& message) const {
    return std::any_of(message.children.begin(), message.children.end(),
                       [&](int id) { return node(id).name == "native_text" || node(id).name == "year"; });
  }

  void copy(int id, const Cells& from, std::uint32_t base, std::uint32_t out) {
    const CanonNode& here = node(id);
    if (here.repeated) {
      for (const auto item : from.items(from[base + here.slot])) {
        const auto fresh = out_.canonical.item(out + here.slot, items(here).slots);
        copy(items(here).root, from, item, fresh);
      }
      return;
    }
    const std::uint32_t next = out_.canonical[out + here.slot].next;  // an item is part of its list's chain
    out_.canonical[out + here.slot] = from[base + here.slot];
    out_.canonical[out + here.slot].next = next;
    for (const int child : here.children) copy(child, from, base, out);
  }

  void list(int id, At at) {
    const CanonNode& here = node(id);
    if (same_.field(id, at.before, at.after)) return copy(id, base_.canonical, at.base, at.out);
    const Cell& was = before_.canonical[at.before + here.slot];
    const Cell& now = after_.canonical[at.after + here.slot];
    const auto bases = base_.canonical.items(base_.canonical[at.base + here.slot]);
    const auto befores = before_.canonical.items(was);
    const auto afters = after_.canonical.items(now);
    static const std::vector<std::uint32_t> kNoKeys;
    const auto* keys = align_of(plan_.rules, id);
    const auto from = same_.align(id, was, now, keys == nullptr ? kNoKeys : *keys);
    for (std::size_t i = 0; i < afters.size(); ++i) {
      const auto fresh = out_.canonical.item(at.out + here.slot, items(here).slots);
      const auto position = static_cast<std::size_t>(from[i]);
      // create() writes one native item for each canonical one, so the item read back stands where its origin stands.
      if (from[i] >= 0 && befores.size() == bases.size())
        field(items(here).root, {bases[position], befores[position], afters[i], fresh});
      else
        copy(items(here).root, after_.canonical, afters[i], fresh);
    }
  }

  const Plan& plan_;
  const Workspace& base_;
  const Workspace& before_;
  const Workspace& after_;
  Workspace& out_;
  Same same_;
};

}  // namespace

void merge_edit(const Plan& plan, const Workspace& base, const Workspace& before, const Workspace& after,
                Workspace& out) {
  out.canonical.block(plan.canon_scopes[0].slots);
  Merger merger(plan, base, before, after, out);
  merger.field(plan.canon_scopes[0].root, {});
  merger.extras();
}

}  // namespace chuanyu::adapters
