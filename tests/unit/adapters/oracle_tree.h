// tests/unit/adapters/oracle_tree.h: a native record as a plain tree, by nlohmann, pugixml, or by hand (CSV).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chuanyu::adapters::testing {

struct Tree {
  enum class Is { text, number, boolean, null, object, list };
  Is is = Is::null;
  std::string text;                                   // number: as written; XML element: its character data
  std::vector<std::pair<std::string, Tree>> members;  // list: items without a name; XML: "@attribute" and elements

  const Tree* find(const std::string& name) const;  // the first one; nullptr: none
};

// Nothing when it is not well-formed.
std::optional<Tree> json_tree(const std::string& text);
std::optional<Tree> csv_tree(const std::string& text);
std::optional<Tree> xml_tree(const std::string& text, const std::string& record, const std::string& list);

}  // namespace chuanyu::adapters::testing
