// adapters/mapping/same.h: two canonical records side by side, `was` and `now`: what is the same, which item is which.
//
// Values are compared as the wire has them: an absent field and its implicit default are one value.
// Threads: one; the workspaces must stay as they are while the object is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

class Same {
 public:
  Same(const Plan& plan, const Workspace& was, const Workspace& now) : plan_(plan), was_(was), now_(now) {}

  // A field with everything below it; ext is not compared.
  bool field(int node, std::uint32_t was, std::uint32_t now) const;
  // What a rule reads and writes: the value, and the source's words beside it.
  bool target(const Target& target, std::uint32_t was, std::uint32_t now) const;
  // For each item of the list `now` the position in the list `was` of the item that it is, or was to be; -1: a new one.
  // Equal items first, then those whose `keys` (slots in the item) are all equal, then any of them; without keys, by
  // position. No position is given twice.
  std::vector<int> align(int list_node, const Cell& was, const Cell& now, const std::vector<std::uint32_t>& keys) const;
  // Every field that differs, as its path.
  void differences(std::vector<std::string>& paths) const;

 private:
  const CanonNode& node(int id) const { return plan_.canonical[static_cast<std::size_t>(id)]; }
  bool leaf(const CanonNode& node, const Cell& was, const Cell& now) const;
  bool list(const CanonNode& node, const Cell& was, const Cell& now) const;
  int item_root(const CanonNode& list) const;
  void collect(int id, std::uint32_t was, std::uint32_t now, std::vector<std::uint32_t>& index,
               std::vector<std::string>& paths) const;

  const Plan& plan_;
  const Workspace& was_;
  const Workspace& now_;
};

}  // namespace chuanyu::adapters
