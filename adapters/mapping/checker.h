// adapters/mapping/checker.h: how the static checks walk a mapping; only for the checks_*.cpp files.
//
// Rules are taken from the spec, where each has its pointer, and the canonical fields from the plan's tree; the paths
// were verified by compile(). Threads: one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/mapping/checks.h"

namespace chuanyu::adapters {

struct Finding {
  std::string check;  // "S1"
  std::string where;
  std::string detail;
  std::vector<std::string> names;  // what a waiver may call it: rule id, canonical field, code set
};

// Leaves out what the waivers accept; `used` tells which of them did.
std::vector<Error> without_waived(const std::vector<Finding>& findings, const std::vector<Waiver>& waivers,
                                  std::vector<bool>& used);

class Checker {
 public:
  Checker(const Spec& spec, const Plan& plan) : spec_(spec), plan_(plan) {}
  std::vector<Finding> run();

 private:
  // A value of a rule: how it is converted, and to which field.
  struct Site {
    const RuleSpec& rule;
    const AsSpec& as;
    const CanonNode& field;  // of {canonical, native_text}: the member `canonical`
    std::string c;           // the field's path as the rule says it
  };

  void found(std::string_view check, std::string where, std::string detail, std::vector<std::string> names);
  const CanonNode& node(int id) const { return plan_.canonical[static_cast<std::size_t>(id)]; }
  int find(int scope, const std::string& path) const;
  const CanonNode& coded(int id) const;
  // True when the path's every message and field is always there.
  bool mandatory(int scope, const std::string& path) const;
  bool has_modifier(const CanonNode& field) const;

  // checks.cpp: coverage, modifiers, required fields, lists
  void scope(const std::vector<RuleSpec>& rules, int canon_scope, const std::string& where);
  void rule(const RuleSpec& rule, int canon_scope);
  void uncovered(int canon_scope, const std::string& where);
  void lost(const RuleSpec& rule, const CanonNode& field);
  void required(const RuleSpec& rule, int canon_scope);
  void always_read(const std::vector<RuleSpec>& rules, const CanonNode& message, const std::string& prefix);
  bool reads_always(const RuleSpec& rule, const std::string& path) const;
  void conditions();
  void each(const RuleSpec& rule, int canon_scope);
  void separator(const RuleSpec& rule);

  // checks_values.cpp: code sets, units, dates, prisms, constants
  void value(const Site& site);
  void codes(const Site& site, const CodeSetSpec& set);
  void back_gap(const Site& site, const CodeSetSpec& set);
  void back_texts();
  void modifier(const Site& site, const CodeSetSpec* set);
  void prism(const RuleSpec& rule, int canon_scope);
  void printed(const std::vector<Rule>& rules);
  void dates(const Rule& rule, const Convert& convert);

  const Spec& spec_;
  const Plan& plan_;
  std::map<std::string, bool> keeps_words_;  // code set: whether a field beside it keeps the source's words
  std::vector<Finding> findings_;
};

// The first of the value's possible characters that belong to the separator; "" when it can never hold it. Free texts
// are told at run time (RECORD_SEPARATOR).
std::string may_hold(const AsSpec& as, const Spec& spec, const std::string& separator);

}  // namespace chuanyu::adapters
