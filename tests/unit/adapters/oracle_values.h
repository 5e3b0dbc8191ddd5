// tests/unit/adapters/oracle_values.h: the oracle's paths and single values; see oracle.h.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/adapters/oracle_tree.h"

namespace chuanyu::adapters::testing {

struct Refused {};

// Where a rule's paths begin: the record, or an item of a list.
struct Scope {
  const Tree& native;
  google::protobuf::Message& canonical;
  std::string at;  // JSON pointer of `native` in the record
};

struct Value {
  Tree::Is is;
  std::string text;
};

class Values {
 public:
  Values(const nlohmann::json& mapping, google::protobuf::Message& record) : mapping_(mapping), record_(record) {}

  static void must(bool holds) {
    if (!holds) throw Refused();
  }

  // --- native ---

  std::vector<std::string> steps(const std::string& path) const;
  // Nothing when there is nothing: "", null, no key, no element.
  std::optional<Value> find(const Scope& scope, const std::string& path) const;
  std::vector<Tree> items(const Scope& scope, const std::string& path) const;
  std::string pointer(const Scope& scope, const std::string& path) const;
  std::string itself() const { return format() == "xml" ? "text()" : ""; }
  static std::string escaped(const std::string& name);
  // The entry for this member; an element whose selecting attribute has another value is none. nullptr: unknown.
  template <typename Map>
  const typename Map::mapped_type* known_as(const std::string& name, const Tree& tree, const Map& names) const {
    for (const auto& [step, entry] : names) {
      if (step == name || (step.rfind(name + "[@", 0) == 0 && selected(step, name, tree))) return &entry;
    }
    return nullptr;
  }
  bool holds(const nlohmann::json& condition, const std::string& text) const;

  // --- canonical ---

  google::protobuf::Message& add(const Scope& scope, const std::string& list) const;
  void set_constant(const Scope& scope, const std::string& c, const nlohmann::json& value) const;
  // One value rule: `as` says how.
  void read(const nlohmann::json& rule, const nlohmann::json& as, const std::string& c, const Scope& scope) const;
  void keep(const Scope& scope, const std::string& n, const std::string& text) const;
  void unknown(const std::string& pointer) const;

 private:
  std::string format() const { return mapping_["native"]["format"]; }
  static bool selected(const std::string& step, const std::string& name, const Tree& tree);
  const Tree* node(const Scope& scope, const std::string& path) const;
  void entry(const std::string& pointer, const std::string& text) const;
  void code(const nlohmann::json& as, const std::string& n, const std::string& c, const Scope& scope,
            const std::string& text) const;
  void date(const nlohmann::json& as, const std::string& c, const Scope& scope, const std::string& text) const;
  void identifier(const std::string& which, const nlohmann::json& as, const std::string& c, const Scope& scope,
                  const std::string& text) const;
  void region(const nlohmann::json& as, const std::string& n, const std::string& c, const Scope& scope,
              const std::string& text) const;

  const nlohmann::json& mapping_;
  google::protobuf::Message& record_;
};

}  // namespace chuanyu::adapters::testing
