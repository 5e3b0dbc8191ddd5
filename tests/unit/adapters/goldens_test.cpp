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
    EXPECT_EQ(changed, std::vector<std::string>{}) << plan->profile.id;
  }
}

}  // namespace
}  // namespace chuanyu::adapters
