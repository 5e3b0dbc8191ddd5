// chuanyu-map check: every mistake of every mapping of a folder; of sound ones, what they carry and what not.
#include <cstdio>
#include <iostream>

#include "adapters/mapping/summary.h"
#include "adapters/tool/unused.h"
#include "adapters/tool/verbs.h"

namespace chuanyu::adapters::tool {
namespace {

using nlohmann::json;

struct CheckOptions {
  std::string folder;
  std::string against;
  PluginOptions plugins;
  bool as_json = false;
};

json reasons(const std::vector<std::pair<std::string, std::string>>& list, const char* key) {
  json out = json::array();
  for (const auto& [what, why] : list) out.push_back({{key, what}, {"why", why}});
  return out;
}

// What a mapping and a plug-in have in common.
json head_of(const Profile& p) {
  return {{"profile", p.id},
          {"version", p.mapping_version},
          {"kind", std::string(to_string(p.kind))},
          {"format", std::string(to_string(p.syntax))},
          {"charset", p.charset},
          {"fingerprint", hex(p.fingerprint)}};
}

void print_head(const Profile& p) {
  std::printf("%-16s %-8s %-8s %-5s %-13s %s\n", p.id.c_str(), p.mapping_version.c_str(),
              std::string(to_string(p.kind)).c_str(), std::string(to_string(p.syntax)).c_str(), p.charset.c_str(),
              hex(p.fingerprint).c_str());
}

json json_of(const Plan& plan, const Summary& summary) {
  json sets = json::array();
  for (const auto& set : summary.code_sets) {
    sets.push_back({{"name", set.name},
                    {"native", set.native},
                    {"canonical", set.canonical},
                    {"total", set.total == 0 ? json() : json(set.total)},
                    {"gap", set.gap},
                    {"backGap", set.back_gap},
                    {"folded", set.folded}});
  }
  json waivers = json::array();
  for (const auto& w : summary.waivers) waivers.push_back({{"check", w.check}, {"at", w.place}, {"why", w.why}});
  json out = head_of(plan.profile);
  out.update({{"leaves", {{"total", summary.leaves}, {"carried", summary.leaves - summary.lost_leaves}}},
              {"lost", reasons(summary.lost, "field")},
              {"refused", summary.refused},
              {"drops", reasons(summary.drops, "rule")},
              {"codeSets", sets},
              {"optics", summary.optics},
              {"waivers", waivers}});
  return out;
}

void print(const Plan& plan, const Summary& summary) {
  print_head(plan.profile);
  std::cout << "  S1 标准字段 " << summary.leaves - summary.lost_leaves << "/" << summary.leaves << "，lost "
            << summary.lost.size() << " 条，drop " << summary.drops.size() << " 条\n";
  for (const auto& [field, why] : summary.lost) std::cout << "     lost " << field << "：" << why << "\n";
  for (const auto& [rule, why] : summary.drops) std::cout << "     drop " << rule << "：" << why << "\n";
  for (const auto& set : summary.code_sets) {
    std::cout << "  S3 " << set.name << " 读 " << set.native << " 个，写 " << set.canonical;
    if (set.total > 0) std::cout << "/" << set.total;
    std::cout << " 个，gap=" << set.gap << "，back_gap=" << set.back_gap << "\n";
    for (const auto& folded : set.folded) std::cout << "     S4 " << folded << "\n";
  }
  std::cout << "  规则";
  for (const auto& [kind, count] : summary.optics) std::cout << " " << count << " " << kind;
  std::cout << "\n";
  for (const auto& w : summary.waivers) std::cout << "  豁免 " << w.check << " " << w.place << "：" << w.why << "\n";
}

int compare(const Registry& now, const CheckOptions& options) {
  const auto loaded = Registry::load(options.against, options.plugins);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return report_invalid(*errors, options.as_json);
  const auto broken = now.compatible_with(*std::get<std::shared_ptr<const Registry>>(loaded));
  return broken.empty() ? static_cast<int>(kOk) : report_invalid(broken, options.as_json);
}

int check(const CheckOptions& options) {
  const auto loaded = Registry::load(options.folder, options.plugins);
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return report_invalid(*errors, options.as_json);
  const auto& registry = *std::get<std::shared_ptr<const Registry>>(loaded);
  if (!options.against.empty()) {
    if (const int broken = compare(registry, options); broken != kOk) return broken;
  }
  json list = json::array();
  std::vector<Spec> specs;
  std::vector<Error> none;  // it was read without one just now
  for (const auto& adapter : registry.all()) {
    const Plan* plan = registry.plan(adapter->profile().id);
    if (plan == nullptr) {
      list.push_back(head_of(adapter->profile()));
      if (!options.as_json) print_head(adapter->profile());
      continue;
    }
    specs.push_back(parse_spec(plan->file, none));
    const auto summary = summarize(specs.back(), *plan);
    list.push_back(json_of(*plan, summary));
    if (!options.as_json) print(*plan, summary);
  }
  const auto warnings = unused_code_sets(options.folder, specs);
  if (options.as_json) {
    json unused = json::array();
    for (const auto& warning : warnings) unused.push_back(to_json(warning));
    std::cout << json{{"ok", true}, {"mappings", list}, {"warnings", unused}}.dump(2) << "\n";
    return kOk;
  }
  for (const auto& warning : warnings) std::cout << "  警告 " << warning.detail << " (" << warning.where << ")\n";
  std::cout << list.size() << " 个映射，没有错误\n";
  return kOk;
}

}  // namespace

Verb add_check(CLI::App& app) {
  auto options = std::make_shared<CheckOptions>();
  auto* verb = app.add_subcommand("check",
                                  "检查目录中的全部 *.mapping.json 与 "
                                  "*.plugin.json，一次列出所有错误及其位置；没有错误则列出各映射带什么、不带什么");
  verb->add_option("目录", options->folder, "映射目录（含子目录）")->required()->type_name("");
  verb->add_option("--against", options->against, "旧版映射目录：新版读不出或读作别的，都是错误")->type_name("目录");
  add_plugins(*verb, options->plugins);
  verb->add_flag("--json", options->as_json, "结果以 JSON 输出");
  return {verb, [options] { return check(*options); }};
}

}  // namespace chuanyu::adapters::tool
