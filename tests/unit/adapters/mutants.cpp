#include "tests/unit/adapters/mutants.h"

#include <filesystem>
#include <fstream>
#include <functional>

namespace chuanyu::adapters::testing {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

json parse_file(const std::string& file) {
  std::ifstream in(file);
  return json::parse(in, nullptr, true, true);
}

class Maker {
 public:
  explicit Maker(const json& mapping) : mapping_(mapping) {}

  std::vector<Mutant> run() {
    list(Pointer("/rules"));
    for (const auto& [name, set] : mapping_["codesets"].items()) code_set(Pointer("/codesets") / name, set);
    return std::move(mutants_);
  }

 private:
  void add(const std::string& name, const std::function<void(json&)>& change) {
    Mutant mutant{mapping_["mapping"].get<std::string>() + " " + name, mapping_};
    change(mutant.mapping);
    mutants_.push_back(std::move(mutant));
  }
  void set(const Pointer& at, const json& value) {
    add(at.to_string() + " = " + value.dump(), [&](json& m) { m[at] = value; });
  }
  void erase(const Pointer& at) {
    add(at.to_string() + " deleted", [&](json& m) {
      auto& parent = m[at.parent_pointer()];
      if (parent.is_array())
        parent.erase(std::stoul(at.back()));
      else
        parent.erase(at.back());
    });
  }

  void list(const Pointer& rules) {
    const auto& all = mapping_[rules];
    for (std::size_t i = 0; i < all.size(); ++i) {
      erase(rules / i);
      rule(rules / i, all[i]);
      swap_fields(rules, i);
      if (all[i].contains("rules")) list(rules / i / "rules");
    }
  }

  // With the next rule that reads and prints its value in the same way.
  void swap_fields(const Pointer& rules, std::size_t i) {
    const auto& all = mapping_[rules];
    if (!all[i].contains("c") || !all[i].contains("as")) return;
    for (std::size_t k = i + 1; k < all.size(); ++k) {
      if (!all[k].contains("c") || all[k].value("as", json()) != all[i]["as"] || all[k]["kind"] != all[i]["kind"])
        continue;
      add((rules / i).to_string() + " and " + std::to_string(k) + " swap c",
          [&](json& m) { std::swap(m[rules / i / "c"], m[rules / k / "c"]); });
      return;
    }
  }

  void rule(const Pointer& at, const json& rule) {
    if (rule.value("required", false))
      erase(at / "required");
    else if (rule.contains("n") && rule["kind"] != "drop")
      set(at / "required", true);
    for (const auto* key : {"split", "zip"}) {
      if (rule.contains(key)) set(at / key, rule[key] == ";" ? "," : ";");
    }
    for (const auto* key : {"default", "align", "when", "same_as"}) {
      if (rule.contains(key)) erase(at / key);
    }
    if (rule.contains("absent")) erase(at / "absent");
    if (rule.contains("as")) as(at / "as", rule["as"]);
    if (rule.contains("item")) as(at / "item" / "as", rule["item"]["as"]);
    for (std::size_t i = 0; rule.contains("cases") && i < rule["cases"].size(); ++i)
      prism(at / "cases" / i, rule["cases"][i]);
  }

  void prism(const Pointer& at, const json& option) {
    erase(at);
    if (option.contains("else")) return as(at / "else" / "as", option["else"]["as"]);
    if (option["when"].contains("eq")) set(at / "when" / "eq", "永久");
    for (std::size_t i = 0; option["when"].contains("in") && i < option["when"]["in"].size(); ++i) {
      set(at / "when" / "in" / i, "永久");
    }
    if (option.contains("alias")) erase(at / "alias");
  }

  void as(const Pointer& at, const json& as) {
    if (!as.is_object()) return;
    if (as.contains("dec")) {
      const bool wan = as["dec"]["unit"] == "wan";
      set(at / "dec", {{"unit", wan ? "yuan" : "wan"}, {"frac", wan ? 2 : 6}});
      set(at / "dec", {{"unit", "fen"}});
    }
    if (as.contains("date")) {
      for (const auto* out : {"%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y年%-m月%-d日", "%Y%d%m"}) {
        if (as["date"]["out"] != out) set(at / "date" / "out", out);
      }
    }
    if (as.contains("region")) set(at / "region" / "digits", as["region"]["digits"] == 6 ? 12 : 6);
    if (as.contains("text")) erase(at / "text" / "max");
    if (as.contains("id")) {
      for (const auto* type : {"uscc", "id_number"}) {
        for (std::size_t i = 0; i < as["id"][type].size(); ++i) erase(at / "id" / type / i);
      }
    }
  }

  void code_set(const Pointer& at, const json& set_of) {
    const auto& pairs = set_of["pairs"];
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      erase(at / "pairs" / i);
      const std::size_t next = (i + 1) % pairs.size();
      if (pairs[i][1] == pairs[next][1]) continue;
      add((at / "pairs" / i).to_string() + " swapped with the next",
          [&](json& m) { std::swap(m[at / "pairs" / i / 1], m[at / "pairs" / next / 1]); });
    }
    const auto prefer = set_of.value("prefer", json::object());
    for (const auto& [canonical, native] : prefer.items()) {
      erase(at / "prefer" / canonical);
      for (const auto& pair : pairs) {
        if (pair[1] == canonical && pair[0] != native) set(at / "prefer" / canonical, pair[0]);
      }
    }
    words(at / "gap", set_of, {"reject", "quarantine", {{"other", pairs[0][1]}}}, "reject");
    words(at / "back_gap", set_of, {"refuse", "omit", {{"code", pairs[0][0]}, {"lossy", true}}}, "refuse");
    words(at / "back_text", set_of, {"never", "code", "always"}, "never");
  }
  void words(const Pointer& at, const json& set_of, const std::vector<json>& all, const std::string& fallback) {
    for (const auto& word : all) {
      if (set_of.value(at.back(), json(fallback)) != word) set(at, word);
    }
  }

  const json& mapping_;
  std::vector<Mutant> mutants_;
};

}  // namespace

json inlined(const std::string& mapping_file) {
  auto mapping = parse_file(mapping_file);
  const auto folder = std::filesystem::path(mapping_file).parent_path();
  for (auto& set : mapping["codesets"]) {
    if (set.contains("file")) set = parse_file((folder / set["file"].get<std::string>()).string());
  }
  return mapping;
}

std::vector<Mutant> mutants(const json& mapping) { return Maker(mapping).run(); }

}  // namespace chuanyu::adapters::testing
