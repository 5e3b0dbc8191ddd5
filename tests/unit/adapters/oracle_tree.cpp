#include "tests/unit/adapters/oracle_tree.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>

namespace chuanyu::adapters::testing {

const Tree* Tree::find(const std::string& name) const {
  for (const auto& [key, tree] : members) {
    if (key == name) return &tree;
  }
  return nullptr;
}

namespace {

using nlohmann::json;

// nlohmann's events, so that numbers keep their spelling.
class Builder : public nlohmann::json_sax<json> {
 public:
  Tree root;
  bool null() override { return add({Tree::Is::null, "", {}}); }
  bool boolean(bool value) override { return add({Tree::Is::boolean, value ? "true" : "false", {}}); }
  bool number_integer(std::int64_t value) override {  // only what has a minus: 0 was -0
    return add({Tree::Is::number, value == 0 ? "-0" : std::to_string(value), {}});
  }
  bool number_unsigned(std::uint64_t value) override { return add({Tree::Is::number, std::to_string(value), {}}); }
  bool number_float(double, const std::string& text) override { return add({Tree::Is::number, text, {}}); }
  bool string(std::string& value) override { return add({Tree::Is::text, value, {}}); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Tree::Is::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Tree::Is::list); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    key_ = name;
    return stack_.back().second.find(name) == nullptr;  // twice the same key is an error
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool add(Tree tree) {
    if (stack_.empty())
      root = std::move(tree);
    else
      stack_.back().second.members.emplace_back(std::exchange(key_, ""), std::move(tree));
    return true;
  }
  bool open(Tree::Is is) {
    stack_.emplace_back(std::exchange(key_, ""), Tree{is, "", {}});
    return true;
  }
  bool close() {
    auto [name, tree] = std::move(stack_.back());
    stack_.pop_back();
    key_ = name;
    return add(std::move(tree));
  }

  std::vector<std::pair<std::string, Tree>> stack_;
  std::string key_;
};

std::optional<Tree> element(const pugi::xml_node& node) {
  Tree tree{Tree::Is::object, "", {}};
  for (const auto& attribute : node.attributes()) {
    const std::string name = std::string("@") + attribute.name();
    if (tree.find(name) != nullptr) return std::nullopt;
    tree.members.emplace_back(name, Tree{Tree::Is::text, attribute.value(), {}});
  }
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) tree.text += child.value();
    if (child.type() != pugi::node_element) continue;
    auto inner = element(child);
    if (!inner) return std::nullopt;
    tree.members.emplace_back(child.name(), std::move(*inner));
  }
  return tree;
}

// The cells of each row.
std::vector<std::vector<std::string>> rows(const std::string& text) {
  std::vector<std::vector<std::string>> out(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        out.back().back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        out.back().back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      out.back().emplace_back();
    } else if (c == '\n') {
      out.emplace_back(1);
    } else if (c != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') {
      out.back().back() += c;
    }
  }
  if (out.back().size() == 1 && out.back().front().empty()) out.pop_back();
  return out;
}

}  // namespace

std::optional<Tree> json_tree(const std::string& text) {
  Builder builder;
  if (!json::sax_parse(text, &builder)) return std::nullopt;
  return std::move(builder.root);
}

std::optional<Tree> csv_tree(const std::string& text) {
  const auto table = rows(text);
  if (table.size() != 2 || table[0].size() != table[1].size()) return std::nullopt;
  Tree tree{Tree::Is::object, "", {}};
  for (std::size_t i = 0; i < table[0].size(); ++i) {
    if (tree.find(table[0][i]) != nullptr) return std::nullopt;
    tree.members.emplace_back(table[0][i], Tree{Tree::Is::text, table[1][i], {}});
  }
  return tree;
}

std::optional<Tree> xml_tree(const std::string& text, const std::string& record, const std::string& list) {
  pugi::xml_document document;
  const unsigned flags = pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_doctype;
  if (!document.load_buffer(text.data(), text.size(), flags, pugi::encoding_utf8)) return std::nullopt;
  for (const auto& node : document.children()) {
    if (node.type() == pugi::node_doctype) return std::nullopt;
  }
  pugi::xml_node root = document.document_element();
  if (root.name() == list) root = root.first_child();
  while (root && root.type() != pugi::node_element) root = root.next_sibling();
  if (root.name() != record) return std::nullopt;
  return element(root);
}

}  // namespace chuanyu::adapters::testing
