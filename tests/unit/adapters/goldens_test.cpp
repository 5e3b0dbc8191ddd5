// What the goldens hold all together: a record that create could not say in full is noted, never changed in silence.
#include <nlohmann/json.hpp>

#include "adapters/goldens.h"
#include "adapters/mapping/plan.h"
#include "tests/unit/adapters/testing.h"

namespace chuanyu::adapters {
namespace {

using nlohmann::json;

// "NAME/3" of each record that reads back as another one, though create noted nothing.
std::vector<std::string> silent(const GoldenInput& input) {
  std::ifstream file(input.golden);
  const auto records = json::parse(file);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto create = records[i].value("create", json::object());
    const auto reads = create.value("reads", "");
    EXPECT_NE(reads.substr(0, 5), "error") << input.golden << "/" << i << ": create wrote what get refuses";
    if (reads != "differs" || !create["notes"].empty()) continue;
    out.push_back(std::filesystem::path(input.golden).filename().string() + "/" + std::to_string(i));
  }
  return out;
}

// 2099-12-31 as a real end of a period: the text is the format's word for 长期, and create does not tell yet.
const std::map<std::string, std::vector<std::string>> kKnown = {
    {"cq.credit.v1", {"create-edges.golden.json/6"}},
    {"sc.credit.v1", {"create-edges.golden.json/6"}},
};

TEST(Goldens, NothingIsChangedInSilence) {
  for (const auto& adapter : testing::product().all()) {
    const Plan* plan = testing::product().plan(adapter->profile().id);
    ASSERT_NE(plan, nullptr);
    const auto inputs = golden_inputs(plan->file, plan->profile.id);
    EXPECT_EQ(inputs.size(), 5u) << plan->profile.id;
    std::vector<std::string> changed;
    for (const auto& input : inputs) {
      for (auto& one : silent(input)) changed.push_back(std::move(one));
    }
    const auto known = kKnown.find(plan->profile.id);
    EXPECT_EQ(changed, known == kKnown.end() ? std::vector<std::string>{} : known->second) << plan->profile.id;
  }
}

}  // namespace
}  // namespace chuanyu::adapters
