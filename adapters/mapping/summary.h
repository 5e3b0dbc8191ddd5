// adapters/mapping/summary.h: what a mapping carries and what not, for chuanyu-map check.
//
// Threads: pure functions. The plan is compiled from the spec.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/mapping/plan.h"
#include "adapters/mapping/spec.h"

namespace chuanyu::adapters {

struct CodeSetSummary {
  std::string name;
  std::size_t native = 0;     // texts that are read
  std::size_t canonical = 0;  // values that are written
  std::size_t total = 0;      // values of the enum; 0: a text field, which has no end
  std::string gap;
  std::string back_gap;
  std::vector<std::string> folded;  // N:1: "审核、法制审核 -> REVIEW，写作 审核"
};

struct Summary {
  std::size_t leaves = 0;                                  // canonical fields
  std::size_t lost_leaves = 0;                             // of them, below a `lost`
  std::vector<std::pair<std::string, std::string>> lost;   // canonical field, why
  std::vector<std::string> refused;                        // of them, those that make create refuse
  std::vector<std::pair<std::string, std::string>> drops;  // rule, why
  std::vector<CodeSetSummary> code_sets;
  std::map<std::string, std::size_t> optics;  // rules by kind
  std::vector<Waiver> waivers;
};

Summary summarize(const Spec& spec, const Plan& plan);

}  // namespace chuanyu::adapters
