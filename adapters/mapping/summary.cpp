#include "adapters/mapping/summary.h"

#include <google/protobuf/descriptor.h>

#include <set>

namespace chuanyu::adapters {
namespace {

using google::protobuf::EnumDescriptor;

class Summarizer {
 public:
  explicit Summarizer(const Plan& plan) : plan_(plan) {}

  void kinds(const std::vector<RuleSpec>& rules) {
    for (const auto& rule : rules) {
      ++out.optics[rule.kind];
      kinds(rule.rules);
    }
  }

  // Fields of a message or item; a coded value and a date are one field each.
  std::size_t leaves(int id) const {
    const auto& node = plan_.canonical[static_cast<std::size_t>(id)];
    if (node.repeated && node.item >= 0) return inside(plan_.canon_scopes[static_cast<std::size_t>(node.item)].root);
    return inside(id);
  }

  void walk(const std::vector<Rule>& rules) {
    for (const auto& rule : rules) {
      if (rule.op == Op::lost) lost(rule);
      if (rule.convert.codes != nullptr) code_set(*rule.convert.codes, rule.target);
      walk(rule.inner);
    }
  }

  Summary out;

 private:
  std::size_t inside(int id) const {
    const auto& node = plan_.canonical[static_cast<std::size_t>(id)];
    if (node.wire == Wire::map) return 0;
    std::size_t count = 0;
    for (const int child : node.children) {
      const auto& name = plan_.canonical[static_cast<std::size_t>(child)].name;
      if (name == "native_text" || name == "year") return 1;
      count += leaves(child);
    }
    return node.children.empty() ? 1 : count;
  }

  void lost(const Rule& rule) {
    const auto path = place(plan_.canonical[static_cast<std::size_t>(rule.c_node)].path, {});
    out.lost_leaves += leaves(rule.c_node);
    out.lost.emplace_back(path, rule.why);
    if (rule.refuse) out.refused.push_back(path);
  }

  void code_set(const CodeSet& set, const Target& target) {
    if (!seen_.insert(set.name).second) return;
    CodeSetSummary one{set.name, set.pairs.size(), 0, 0, "", "", {}};
    const auto* type =
        static_cast<const EnumDescriptor*>(plan_.canonical[static_cast<std::size_t>(target.node)].enum_type);
    if (type != nullptr) one.total = static_cast<std::size_t>(type->value_count()) - 1;  // without UNSPECIFIED
    if (target.shape == Target::Shape::boolean) one.total = 2;
    one.gap = set.gap == CodeSet::Gap::reject       ? "reject"
              : set.gap == CodeSet::Gap::quarantine ? "quarantine"
                                                    : "other " + set.other;
    one.back_gap = set.back_gap == CodeSet::BackGap::refuse ? "refuse"
                   : set.back_gap == CodeSet::BackGap::omit ? "omit"
                                                            : "code " + set.back_gap_code;
    for (const auto& pair : set.pairs) {
      if (!pair.preferred) continue;
      ++one.canonical;
      std::string others;
      for (const auto& other : set.pairs) {
        if (!other.preferred && other.canonical == pair.canonical) others += "、" + other.native;
      }
      if (!others.empty())
        one.folded.push_back(pair.native + others + " -> " + pair.canonical + "，写作 " + pair.native);
    }
    out.code_sets.push_back(std::move(one));
  }

  const Plan& plan_;
  std::set<std::string> seen_;
};

}  // namespace

Summary summarize(const Spec& spec, const Plan& plan) {
  Summarizer summary(plan);
  summary.kinds(spec.rules);
  summary.walk(plan.rules);
  summary.out.leaves = summary.leaves(plan.canon_scopes[0].root);
  summary.out.drops = plan.drops;
  summary.out.waivers = plan.waivers;
  return std::move(summary.out);
}

}  // namespace chuanyu::adapters
