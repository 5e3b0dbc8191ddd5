#include <algorithm>
#include <filesystem>

#include "adapters/adapter.h"
#include "adapters/content.h"
#include "adapters/declarative.h"
#include "adapters/mapping/checks.h"
#include "adapters/mapping/compile.h"
#include "adapters/mapping/spec.h"
#include "adapters/plugin/declaration.h"
#include "adapters/plugin/load.h"

namespace chuanyu::adapters {
namespace {

constexpr std::string_view kSuffix = ".mapping.json";

struct Files {
  std::vector<std::string> mappings;
  std::vector<std::string> plugins;
};

Files find_files(const std::string& folder, std::vector<Error>& errors) {
  namespace fs = std::filesystem;
  Files files;
  std::error_code failed;
  fs::recursive_directory_iterator it(folder, failed);
  if (failed) {
    errors.push_back(error(Code::CONFIG_UNREADABLE, "不能读取映射目录", folder));
    return files;
  }
  for (; it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (failed) break;
    const auto name = it->path().filename().string();
    const auto named = [&](std::string_view suffix) { return name.size() > suffix.size() && name.ends_with(suffix); };
    if (named(kSuffix) && it->is_regular_file()) files.mappings.push_back(it->path().string());
    if (named(plugin::kSuffix) && it->is_regular_file()) files.plugins.push_back(it->path().string());
  }
  if (files.mappings.empty() && files.plugins.empty()) {
    errors.push_back(error(Code::CONFIG_VALUE, "目录中没有 *.mapping.json", folder));
  }
  std::sort(files.mappings.begin(), files.mappings.end());
  std::sort(files.plugins.begin(), files.plugins.end());
  return files;
}

}  // namespace

std::variant<std::shared_ptr<const Registry>, std::vector<Error>> Registry::load(const std::string& folder,
                                                                                 const PluginOptions& plugins) {
  std::vector<Error> errors;
  auto registry = std::make_shared<Registry>();
  registry->folder_ = folder;
  const Files files = find_files(folder, errors);
  for (const auto& file : files.mappings) {
    const Spec spec = parse_spec(file, errors);
    if (!spec.head) continue;
    if (std::filesystem::path(file).filename().string() != spec.mapping + std::string(kSuffix)) {
      errors.push_back(
          error(Code::MAPPING_INVALID, "文件名应为 " + spec.mapping + std::string(kSuffix), file + "#/mapping"));
    }
    auto plan = compile(spec, errors);
    if (plan == nullptr) continue;
    check_mapping(spec, *plan, errors);
    if (!registry->adapters_.emplace(spec.mapping, make_declarative(plan)).second) {
      errors.push_back(error(Code::MAPPING_INVALID, "另有同名的映射：" + spec.mapping, file + "#/mapping"));
    }
    registry->plans_.emplace(spec.mapping, std::move(plan));
  }
  plugin::Loader loader(plugins, errors);
  for (const auto& file : files.plugins) {
    auto adapter = loader.load(file);
    if (adapter != nullptr && !registry->adapters_.emplace(adapter->profile().id, adapter).second) {
      errors.push_back(error(Code::MAPPING_INVALID, "另有同名的映射：" + adapter->profile().id, file + "#/profile"));
    }
  }
  if (!errors.empty()) return errors;
  return std::shared_ptr<const Registry>(registry);
}

std::shared_ptr<const Adapter> Registry::find(std::string_view profile_id) const {
  const auto it = adapters_.find(profile_id);
  return it == adapters_.end() ? nullptr : it->second;
}

const Plan* Registry::plan(std::string_view profile_id) const {
  const auto it = plans_.find(profile_id);
  return it == plans_.end() ? nullptr : it->second.get();
}

const std::string& content_of(const Plan& plan) { return plan.content; }

std::variant<std::shared_ptr<const Adapter>, std::vector<Error>> adapter_of(const std::string& content,
                                                                            const std::string& name) {
  std::vector<Error> errors;
  const Spec spec = parse_content(content, name, errors);
  auto plan = spec.head ? compile(spec, errors) : nullptr;
  if (!errors.empty()) return errors;
  return make_declarative(std::move(plan));
}

namespace {

Error gone(const std::string& folder, const std::string& profile) {
  return error(Code::MAPPING_INVALID, "S10 数据格式 " + profile + " 不再有映射；请保留它的映射文件",
               folder + "/" + profile + std::string(kSuffix) + "#");
}

}  // namespace

std::vector<Error> incompatible_with(const Registry& now, const std::string& profile, const std::string& content) {
  const Plan* plan = now.plan(profile);
  if (plan == nullptr) return now.find(profile) == nullptr ? std::vector{gone("", profile)} : std::vector<Error>();
  if (content.empty()) return {};
  std::vector<Error> errors;
  const Spec spec = parse_content(content, plan->file, errors);
  const auto old = spec.head ? compile(spec, errors) : nullptr;
  if (old != nullptr && errors.empty()) return incompatible(*old, *plan);
  return {
      error(Code::MAPPING_INVALID, "S10 日志中的旧版映射已不能编译，无从比较；请核对旧记录仍能读取", plan->file + "#")};
}

std::vector<Error> Registry::compatible_with(const Registry& previous) const {
  std::vector<Error> errors;
  for (const auto& [id, adapter] : previous.adapters_) {
    const Plan* old = previous.plan(id);
    const Plan* now = plan(id);
    if (old != nullptr && now != nullptr) {
      for (auto& e : incompatible(*old, *now)) errors.push_back(std::move(e));
    } else if (find(id) == nullptr) {
      errors.push_back(gone(folder_, id));
    }
  }
  return errors;
}

std::vector<std::shared_ptr<const Adapter>> Registry::all() const {
  std::vector<std::shared_ptr<const Adapter>> out;
  out.reserve(adapters_.size());
  for (const auto& [id, adapter] : adapters_) out.push_back(adapter);
  return out;
}

}  // namespace chuanyu::adapters
