// The mutation score: of the six mappings made wrong in one small way each, at least 95 % are refused by a static check
// or come out differently from a golden. Survivors are printed. Every third mutant, which third the mapping decides;
// CHUANYU_MUTANTS=all judges all of them (half a minute, with sanitizers two).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "adapters/goldens.h"
#include "adapters/mapping/plan.h"
#include "tests/unit/adapters/mutants.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using nlohmann::json;

constexpr double kDemanded = 0.95;

// Mutants that mean the same as the mapping, with the reason. A prefix of the name.
const char* const kTotal = "the set has every value of the enum (S3), so no value is without a pair";
const char* const kPut = "align pairs items for put alone, and the items of zip have nothing of their own";
const char* const kPrinted = "the set is only printed: derived create reads nothing";
const std::map<std::string, std::string> kEquivalent = {
    {"sc.credit.v1 /codesets/sc.list_kind/back_gap", kTotal},
    {"sc.credit.v1 /codesets/sc.party_kind/back_gap", kTotal},
    {"sc.credit.v1 /codesets/sc.severity/back_gap", kTotal},
    {"cq.credit.v1 /codesets/cq.list_kind/back_gap", kTotal},
    {"cq.credit.v1 /codesets/cq.party_kind/back_gap", kTotal},
    {"cq.credit.v1 /codesets/cq.severity/back_gap", kTotal},
    {"cq.licence.v1 /codesets/cq.validity_kind/back_gap", kTotal},
    {"sc.case.v1 /codesets/sc.discretion/back_gap", kTotal},
    {"sc.case.v1 /codesets/sc.domain/back_gap", kTotal},
    {"sc.case.v1 /codesets/sc.party_kind/back_gap", kTotal},
    {"cq.case.v1 /codesets/cq.discretion/back_gap", kTotal},
    {"cq.case.v1 /codesets/cq.domain/back_gap", kTotal},
    {"cq.case.v1 /codesets/cq.party_kind/back_gap", kTotal},
    {"sc.licence.v1 /rules/7/align", kPut},
    {"cq.case.v1 /rules/14/align", kPut},
    {"sc.licence.v1 /codesets/sc.holder_code_type_name/gap", kPrinted},
};

std::string equivalent(const std::string& name) {
  const auto after = kEquivalent.upper_bound(name);
  if (after == kEquivalent.begin()) return {};
  const auto& [prefix, reason] = *std::prev(after);
  return name.starts_with(prefix) ? reason : std::string();
}

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

enum class Fate { checked, golden, survived };

// One profile with its samples and what is made of them.
class Judge {
 public:
  explicit Judge(const Plan& plan) : id_(plan.profile.id), inputs_(golden_inputs(plan.file, id_)) {
    for (const auto& input : inputs_) goldens_.push_back(read(input.golden));
  }

  Fate judge(const json& mapping) const {
    testing::Folder folder;
    folder.write(id_ + ".mapping.json", mapping.dump());
    const auto loaded = Registry::load(folder.path());
    if (std::holds_alternative<std::vector<Error>>(loaded)) return Fate::checked;
    const auto adapter = std::get<std::shared_ptr<const Registry>>(loaded)->find(id_);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto made = make_golden(*adapter, inputs_[i]);
      if (!made.ok() || *made != goldens_[i]) return Fate::golden;
    }
    return Fate::survived;
  }

 private:
  std::string id_;
  std::vector<GoldenInput> inputs_;
  std::vector<std::string> goldens_;
};

class Mutation : public ::testing::TestWithParam<const char*> {};

TEST_P(Mutation, ChecksAndGoldensKillTheMutants) {
  const Plan& plan = *testing::product().plan(GetParam());
  const Judge judge(plan);
  const auto mapping = testing::inlined(plan.file);
  ASSERT_EQ(judge.judge(mapping), Fate::survived) << "the mapping itself must pass";
  std::map<Fate, std::size_t> fates;
  std::size_t same = 0;
  const char* wanted = std::getenv("CHUANYU_MUTANTS");
  const std::size_t step = wanted != nullptr && std::string_view(wanted) == "all" ? 1 : 3;
  const auto mutants = testing::mutants(mapping);
  for (std::size_t i = plan.profile.fingerprint % step; i < mutants.size(); i += step) {
    const auto& mutant = mutants[i];
    const auto fate = judge.judge(mutant.mapping);
    const bool known = !equivalent(mutant.name).empty();
    EXPECT_FALSE(known && fate != Fate::survived) << "not equivalent: " << mutant.name;
    if (known) {
      ++same;
      continue;
    }
    ++fates[fate];
    if (fate == Fate::survived) std::printf("survivor: %s\n", mutant.name.c_str());
  }
  const auto killed = static_cast<double>(fates[Fate::checked] + fates[Fate::golden]);
  const double score = killed / (killed + static_cast<double>(fates[Fate::survived]));
  std::printf("%s: %zu by checks, %zu by goldens, %zu survived, %zu equivalent: %.1f %%\n", GetParam(),
              fates[Fate::checked], fates[Fate::golden], fates[Fate::survived], same, 100 * score);
  EXPECT_GE(score, kDemanded);
}

INSTANTIATE_TEST_SUITE_P(Profiles, Mutation,
                         ::testing::Values("sc.credit.v1", "cq.credit.v1", "sc.licence.v1", "cq.licence.v1",
                                           "sc.case.v1", "cq.case.v1"),
                         [](const auto& of) {
                           std::string name = of.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace chuanyu::adapters
