#include "tests/unit/adapters/oracle.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "tests/unit/adapters/oracle_values.h"
#include "tests/unit/adapters/records.h"

namespace chuanyu::adapters::testing {

using nlohmann::json;

namespace {

json read_json(const std::filesystem::path& file) {
  std::ifstream in(file);
  return json::parse(in, nullptr, true, true);
}

// Of which native fields a rule speaks: what is not in here is unknown.
struct Known {
  std::map<std::string, Known> below;
  bool all = false;   // dropped: nobody asks what is in it
  bool text = false;  // XML: the element's own text is a value
  bool list = false;
};

class Run {
 public:
  Run(const json& mapping, Message& record) : values_(mapping, record), mapping_(mapping), record_(record) {}

  void run(const Tree& root) {
    rules(mapping_["rules"], {root, record_, ""});
    Known known;
    names(mapping_["rules"], known);
    for (const auto& container : mapping_.value("structure", json::array())) place(known, container["n"]);
    unknown(root, known, "");
  }

 private:
  void rules(const json& all, const Scope& scope) {
    for (const auto& rule : all) one(rule, scope);
  }

  void one(const json& rule, const Scope& scope) {
    const std::string kind = rule["kind"];
    if (kind == "const" || kind == "drop" || kind == "lost") return;
    if (kind == "each") return each(rule, scope);
    if (kind == "prism") return prism(rule, scope);
    if (kind == "derived" && rule["dir"] == "create") return;
    if (kind == "derived" && rule.contains("when") && !when(rule["when"], scope)) return;
    values_.read(rule, rule["as"], rule["c"], scope);
  }

  bool when(const json& condition, const Scope& scope) const {
    const auto value = values_.find(scope, condition["n"]);
    return values_.holds(condition, value ? value->text : "");
  }

  void prism(const json& rule, const Scope& scope) {
    const auto value = values_.find(scope, rule["n"]);
    if (!value) return values_.must(!rule.value("required", false));
    for (const auto& option : rule["cases"]) {
      const bool otherwise = option.contains("else");
      const json& to = otherwise ? option["else"] : option;
      if (!otherwise && !values_.holds(option["when"], value->text)) continue;
      if (!to.contains("const")) return values_.read(rule, to["as"], to["c"], scope);
      values_.set_constant(scope, to["c"], to["const"]);
      const auto& words = option["when"];
      const std::string usual = words.contains("eq") ? words["eq"] : words["in"][0];
      if (option.value("alias", false) || value->text != usual) values_.keep(scope, rule["n"], value->text);
      return;
    }
    values_.must(false);
  }

  void each(const json& rule, const Scope& scope) {
    const auto items = rule.contains("zip") ? zipped(rule, scope) : listed(rule, scope);
    values_.must(!items.empty() || !rule.value("required", false));
    std::size_t i = 0;
    for (const auto& item : items) {
      Message& to = values_.add(scope, rule["c"]);
      const std::string at =
          rule.contains("zip") ? scope.at : values_.pointer(scope, rule["n"]) + "/" + std::to_string(i);
      const Scope inside{item, to, at};
      ++i;
      if (rule.contains("rules"))
        rules(rule["rules"], inside);
      else
        values_.read(json{{"n", values_.itself()}}, rule["item"]["as"], "", inside);
    }
  }

  std::vector<Tree> listed(const json& rule, const Scope& scope) const {
    if (rule.contains("split")) {
      std::vector<Tree> items;
      const auto value = values_.find(scope, rule["n"]);
      if (!value) return items;
      for (const auto& piece : cut(value->text, rule["split"])) {
        if (!piece.empty()) items.push_back({Tree::Is::text, piece, {}});
      }
      return items;
    }
    return values_.items(scope, rule["n"]);
  }

  static std::vector<std::string> cut(const std::string& text, const std::string& separator) {
    std::vector<std::string> out;
    for (std::size_t from = 0;;) {
      const auto at = text.find(separator, from);
      out.push_back(text.substr(from, at - from));
      if (at == std::string::npos) return out;
      from = at + separator.size();
    }
  }

  // Parallel texts: item i is an object of the i-th pieces.
  std::vector<Tree> zipped(const json& rule, const Scope& scope) const {
    std::vector<Tree> items;
    bool missing = false;
    for (const auto& inner : rule["rules"]) {
      if (inner["kind"] == "derived" || !inner.contains("n")) continue;
      const auto value = values_.find(scope, inner["n"]);
      if (!value) {
        missing = missing || inner.value("required", false);
        continue;
      }
      const auto pieces = cut(value->text, rule["zip"]);
      values_.must(items.empty() || items.size() == pieces.size());
      items.resize(pieces.size(), Tree{Tree::Is::object, "", {}});
      const std::string path = inner["n"];
      for (std::size_t i = 0; i < pieces.size(); ++i)
        items[i].members.emplace_back(path[0] == '/' ? path.substr(1) : path, Tree{Tree::Is::text, pieces[i], {}});
    }
    values_.must(items.empty() || !missing);
    return items;
  }

  // --- what no rule names ---

  Known& place(Known& from, const std::string& path) const {
    Known* at = &from;
    for (const auto& step : values_.steps(path)) {
      at = &at->below[step];
      // Item[@name=scope]: the attribute that selects.
      if (const auto open = step.find("[@"); open != std::string::npos)
        at->below[step.substr(open + 1, step.find('=') - open - 1)];
    }
    return *at;
  }

  void names(const json& all, Known& known) const {
    for (const auto& rule : all) {
      if (rule.contains("when") && rule["when"].contains("n")) place(known, rule["when"]["n"]).text = true;
      if (rule.contains("zip")) names(rule["rules"], known);
      if (!rule.contains("n")) continue;
      Known& here = place(known, rule["n"]);
      const bool list = rule["kind"] == "each" && !rule.contains("split");
      here.all = here.all || rule["kind"] == "drop";
      here.list = here.list || list;
      here.text = here.text || !list || rule.contains("item");
      if (list && rule.contains("rules")) names(rule["rules"], here);
    }
  }

  void unknown(const Tree& tree, const Known& known, const std::string& at) {
    std::map<std::string, int> seen;
    std::map<std::string, std::size_t> items;
    for (const auto& [name, inner] : tree.members) {
      if (name == "@xmlns" || name.rfind("@xmlns:", 0) == 0) continue;
      const Known* here = values_.known_as(name, inner, known.below);
      if (here == nullptr) {
        const int nth = ++seen[name];
        values_.unknown(at + "/" + values_.escaped(name) + (nth > 1 ? "[" + std::to_string(nth) + "]" : ""));
      } else if (here->all) {
        continue;
      } else if (here->list && inner.is == Tree::Is::list) {
        std::size_t i = 0;
        for (const auto& item : inner.members) unknown(item.second, *here, at + "/" + name + "/" + std::to_string(i++));
      } else {
        unknown(inner, *here, at + "/" + name + (here->list ? "/" + std::to_string(items[name]++) : ""));
      }
    }
    if (tree.is == Tree::Is::object && !known.text && tree.text.find_first_not_of(" \t\r\n") != std::string::npos)
      values_.unknown(at + "/text()");
  }

  Values values_;
  const json& mapping_;
  Message& record_;
};

}  // namespace

Oracle::Oracle(const std::string& mapping_file) : mapping_(read_json(mapping_file)) {
  for (auto& set : mapping_["codesets"]) {
    if (set.contains("file"))
      set = read_json(std::filesystem::path(mapping_file).parent_path() / set["file"].get<std::string>());
  }
}

std::optional<Tree> Oracle::tree(const std::string& native) const {
  const json& form = mapping_["native"];
  const std::string text = native.substr(native.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0);
  if (form["format"] == "json") return json_tree(text);
  return form["format"] == "csv" ? csv_tree(text) : xml_tree(text, form["record"], form["list"]);
}

std::unique_ptr<Message> Oracle::get(const std::string& native) const {
  const auto tree = this->tree(native);
  auto record = message_of(*parse_kind(mapping_["kind"].get<std::string>()));
  if (!tree || tree->is != Tree::Is::object) return nullptr;
  try {
    Run(mapping_, *record).run(*tree);
  } catch (const Refused&) {
    return nullptr;
  }
  return record;
}

}  // namespace chuanyu::adapters::testing
