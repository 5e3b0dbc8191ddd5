// adapters/mapping/compiler.h: how a Spec becomes a Plan; only for the compile*.cpp files and canonical.cpp.
//
// One object per mapping. A method that finds a mistake adds it to the errors and says so in its result (-1, false,
// nothing); the compiler goes on with the next rule, so that all mistakes are reported at once. Threads: one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/mapping/compile.h"

namespace chuanyu::adapters {

template <typename Vector>
auto& at(Vector& vector, int index) {
  return vector[static_cast<std::size_t>(index)];
}

class Compiler {
 public:
  Compiler(const Spec& spec, std::vector<Error>& errors)
      : spec_(spec), errors_(errors), plan_(std::make_shared<Plan>()) {}
  std::shared_ptr<const Plan> run();

 private:
  // Where a rule stands: the scopes its paths are relative to.
  struct Context {
    int n_scope = 0;
    int c_scope = 0;
  };

  void wrong(const std::string& where, std::string detail) {
    errors_.push_back(error(Code::MAPPING_INVALID, std::move(detail), where));
  }
  static Absent absent_of(const std::string& word) {
    return word == "null"    ? Absent::null
           : word == "empty" ? Absent::empty
           : word == "keep"  ? Absent::keep
                             : Absent::omit;
  }

  // compile.cpp
  void head(const google::protobuf::Descriptor& type);
  void structure(const std::pair<std::string, std::string>& entry, std::size_t i);
  void finish();
  void encodable();
  void uncovered(int node, std::vector<int>& out);

  // compile_native.cpp: the native tree
  int add_native_scope(const std::string& name, const std::string& path);
  int add_native(int parent, int scope, const std::string& name, const std::string& path);
  int child(int parent, int scope, const std::string& name, bool attribute, const std::string& sel_attr,
            const std::string& sel_value);
  // The node of a native path in a scope; -1 with an error when the path is malformed or leads through a list.
  // One part of an XML path: a name, an attribute or text() at the end.
  bool xml_part(const std::string& part, bool last, const std::string& where);
  int resolve(int scope, const std::string& path, const std::string& where);
  // The node a rule reads and, unless `shared`, prints: no two rules may print the same.
  int native_value(const RuleSpec& rule, const Context& context, bool prints);
  // The node holds a text or number, as the mapping says at `where`.
  void holds_value(int node, const std::string& where);
  // A node with a value has no members (attributes aside): get would find the one or the other, never both.
  void values_without_members();

  // compile_values.cpp: canonical targets and conversions
  int canonical_node(int scope, const std::string& path, const std::string& where);
  int member(int message, std::string_view name) const;
  bool target_of(int node, Target& out, const std::string& where, bool cover);
  bool target(const Context& context, const std::string& c, Target& out, const std::string& where, bool cover);
  bool pattern(const std::string& text, DatePattern& out, const std::string& where);
  std::shared_ptr<const CodeSet> code_set(const AsSpec& as, const Target& target, bool iso);
  bool convert(const AsSpec& as, const Context& context, Target& target, Convert& out, bool iso, bool cover);

  // compile_rules.cpp
  std::optional<Rule> compile_rule(const RuleSpec& spec, const Context& context);
  void cover(int node);
  void bare(const Rule& rule, const AsSpec& as);
  bool prism(const RuleSpec& spec, const Context& context, Rule& rule);
  bool each(const RuleSpec& spec, const Context& context, Rule& rule);
  bool item(const RuleSpec& spec, const Context& inner, Rule& rule);
  bool zip(const RuleSpec& spec, const Context& context, Rule& rule, Context inner);
  void align(const RuleSpec& spec, Rule& rule);
  bool derived(const RuleSpec& spec, const Context& context, Rule& rule);

  const Spec& spec_;
  std::vector<Error>& errors_;
  std::shared_ptr<Plan> plan_;
  std::set<int> printed_;
  std::map<int, std::string> values_;  // native node -> who says that it holds a value
};

}  // namespace chuanyu::adapters
