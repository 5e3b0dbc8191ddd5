// chuanyu-map bless: writes down what the mappings make of their sample documents; --check only says what differs.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "adapters/goldens.h"
#include "adapters/mapping/plan.h"
#include "adapters/tool/verbs.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

constexpr std::size_t kMostShown = 10;

std::string present(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What differs, by pointer: /3/create/native.
void show(const std::string& file, const std::string& was, const std::string& is) {
  std::cout << file << (was.empty() ? "：没有此样例\n" : "：与样例不同\n");
  const auto before = json::parse(was, nullptr, false);
  if (before.is_discarded()) return;
  const auto changes = json::diff(before, json::parse(is));
  for (std::size_t i = 0; i < changes.size() && i < kMostShown; ++i) {
    const auto& change = changes[i];
    std::cout << "  " << change["op"].get<std::string>() << " " << change["path"].get<std::string>();
    if (change.contains("value")) std::cout << "：" << change["value"].dump();
    std::cout << "\n";
  }
  if (changes.size() > kMostShown) std::cout << "  ……共 " << changes.size() << " 处\n";
}

int write(const std::string& file, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), failed);
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (out.flush()) return kOk;
  std::cerr << "不能写入 " << file << "\n";
  return kIo;
}

int bless(const std::string& folder, bool only_check) {
  const auto loaded = Registry::load(folder);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return report_invalid(*errors, false);
  const auto& registry = *std::get<std::shared_ptr<const Registry>>(loaded);
  std::size_t inputs = 0;
  std::size_t different = 0;
  for (const auto& adapter : registry.all()) {
    const Plan* plan = registry.plan(adapter->profile().id);
    if (plan == nullptr) continue;  // not a mapping
    for (const auto& input : golden_inputs(plan->file, plan->profile.id)) {
      ++inputs;
      const auto is = make_golden(*adapter, input);
      if (!is.ok()) {
        std::cerr << is.error().to_text() << "\n";
        return kIo;
      }
      const auto was = present(input.golden);
      if (was == *is) continue;
      ++different;
      show(input.golden, was, *is);
      if (!only_check && write(input.golden, *is) != kOk) return kIo;
    }
  }
  std::cout << inputs << " 个样例，" << different << (only_check ? " 个不同\n" : " 个已重写\n");
  return only_check && different > 0 ? kRejected : kOk;
}

}  // namespace

Verb add_bless(CLI::App& app) {
  struct Options {
    std::string folder;
    bool check = false;
  };
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand("bless", "按现在的映射重写样例结果（goldens/），并列出变化");
  verb->add_option("目录", options->folder, "映射目录（含子目录）")->required()->type_name("");
  verb->add_flag("--check", options->check, "只比较，不写；有不同则退出码为 1");
  return {verb, [options] { return bless(options->folder, options->check); }};
}

}  // namespace chuanyu::adapters::tool
