// gateway/policy/rule.h: one rule as decide() reads it. Private to this room.
//
// Every condition that is present must hold; within one condition any of its values will do. Threads: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/policy/policy.h"

namespace chuanyu::policy {

// Which organisations: by code, by region prefix, by gateway. An empty list is no condition.
struct Selector {
  std::vector<std::string> uscc;
  std::vector<std::string> region;  // prefixes of the organisation's region code: "5109" is Suining and its counties
  std::vector<std::string> home;

  bool names_someone() const { return !uscc.empty() || !region.empty(); }
};

struct Policy::Rule {
  std::string id;
  bool allow = false;
  unsigned verbs = 0;             // bit = Verb; 0: any
  std::vector<std::string> what;  // empty: any
  std::optional<Selector> from;
  std::optional<Selector> to;
  std::vector<std::string> matters;
  std::vector<std::string> grants;
  std::optional<Date> valid_from;
  std::optional<Date> valid_until;  // the last day
  std::string why;

  bool matches(const Request& request) const;
};

inline unsigned bit(Verb verb) { return 1U << static_cast<unsigned>(verb); }

}  // namespace chuanyu::policy
