// The native tree: each native path of the rules becomes one node with a slot.
#include <algorithm>

#include "adapters/formats/scan.h"
#include "adapters/mapping/compiler.h"

namespace chuanyu::adapters {

int Compiler::add_native_scope(const std::string& name, const std::string& path) {
  const int scope = static_cast<int>(plan_->native_scopes.size());
  plan_->native_scopes.emplace_back();
  const int root = add_native(-1, scope, name, path);
  at(plan_->native_scopes, scope).root = root;
  return scope;
}

int Compiler::add_native(int parent, int scope, const std::string& name, const std::string& path) {
  NativeNode node;
  node.name = name;
  node.path = path;
  node.parent = parent;
  node.slot = at(plan_->native_scopes, scope).slots++;
  node.absent = Absent::keep;
  const int id = static_cast<int>(plan_->native.size());
  plan_->native.push_back(std::move(node));
  if (parent >= 0) at(plan_->native, parent).children.push_back(id);
  return id;
}

int Compiler::child(int parent, int scope, const std::string& name, bool attribute, const std::string& sel_attr,
                    const std::string& sel_value) {
  for (const int id : at(plan_->native, parent).children) {
    const auto& node = at(plan_->native, id);
    if (node.name == name && node.attribute == attribute && node.select_attribute == sel_attr &&
        node.select_value == sel_value) {
      return id;
    }
  }
  std::string shown = attribute ? "@" + name : name;
  if (!sel_attr.empty()) shown += "[@" + sel_attr + "=" + sel_value + "]";
  std::string escaped;
  for (const char c : shown) {
    if (c == '~')
      escaped += "~0";
    else if (c == '/')
      escaped += "~1";
    else
      escaped += c;
  }
  const int id = add_native(parent, scope, name, at(plan_->native, parent).path + "/" + escaped);
  auto& node = at(plan_->native, id);
  node.attribute = attribute;
  node.select_attribute = sel_attr;
  node.select_value = sel_value;
  return id;
}

bool Compiler::xml_part(const std::string& part, bool last, const std::string& where) {
  const bool attribute = !part.empty() && part[0] == '@';
  if ((attribute || part == "text()") && !last) return wrong(where, part + " 之后不能再有路径"), false;
  if (part == "text()") return true;
  const auto name = part.substr(attribute ? 1 : 0, part.find('[') - (attribute ? 1 : 0));
  if (!name.empty() && is_xml_name_start(name[0]) && std::all_of(name.begin(), name.end(), is_xml_name)) return true;
  return wrong(where, "不是 XML 的名称：" + name), false;
}

int Compiler::resolve(int scope, const std::string& path, const std::string& where) {
  int node = at(plan_->native_scopes, scope).root;
  if (plan_->profile.syntax == Syntax::csv) {
    if (path.empty()) return node;
    return child(node, scope, path, false, "", "");
  }
  const bool xml = plan_->profile.syntax == Syntax::xml;
  std::size_t i = !path.empty() && path[0] == '/' ? 1 : 0;
  while (i < path.size()) {
    std::size_t end = i;
    for (bool inside = false; end < path.size() && (inside || path[end] != '/'); ++end) {
      if (path[end] == '[') inside = xml;
      if (path[end] == ']') inside = false;
    }
    std::string name = path.substr(i, end - i);
    i = end + 1;
    if (at(plan_->native, node).list) {
      wrong(where, "路径穿过列表：" + path + "（请写在 each 的 rules 中）");
      return -1;
    }
    if (at(plan_->native, node).dropped) return wrong(where, "路径穿过弃置的字段：" + path), -1;
    if (xml && !xml_part(name, i > path.size(), where)) return -1;
    if (!xml) {
      std::string plain;
      for (std::size_t k = 0; k < name.size(); ++k) {
        if (name[k] == '~' && k + 1 < name.size())
          plain += name[++k] == '1' ? '/' : '~';
        else
          plain += name[k];
      }
      node = child(node, scope, plain, false, "", "");
      continue;
    }
    if (name == "text()") continue;
    if (!name.empty() && name[0] == '@') {
      node = child(node, scope, name.substr(1), true, "", "");
      continue;
    }
    std::string sel_attr;
    std::string sel_value;
    if (const auto bracket = name.find("[@"); bracket != std::string::npos) {
      const auto equals = name.find('=', bracket);
      if (equals == std::string::npos || name.back() != ']') {
        wrong(where, "应为 元素[@属性=值]：" + name);
        return -1;
      }
      sel_attr = name.substr(bracket + 2, equals - bracket - 2);
      sel_value = name.substr(equals + 1, name.size() - equals - 2);
      if (sel_value.size() >= 2 && (sel_value.front() == '\'' || sel_value.front() == '"')) {
        sel_value = sel_value.substr(1, sel_value.size() - 2);
      }
      name.resize(bracket);
    }
    node = child(node, scope, name, false, sel_attr, sel_value);
  }
  return node;
}

int Compiler::native_value(const RuleSpec& rule, const Context& context, bool prints) {
  const int id = resolve(context.n_scope, rule.n.value_or(""), rule.at + "/n");
  if (id < 0) return -1;
  auto& node = at(plan_->native, id);
  if (node.list || node.dropped) {
    wrong(rule.at + "/n", "此路径已作" + std::string(node.list ? "列表" : "弃置") + "：" + *rule.n);
    return -1;
  }
  holds_value(id, rule.at + "/n");
  if (prints) {
    if (!printed_.insert(id).second)
      wrong(rule.at + "/n", "S1 两条规则写同一字段：" + *rule.n + "；请只留一条，或写成一条 prism");
    node.printed = true;
    node.absent = absent_of(rule.absent.empty() ? spec_.absent : rule.absent);
    if (plan_->profile.syntax == Syntax::csv) node.absent = Absent::empty;
  }
  return id;
}

void Compiler::holds_value(int node, const std::string& where) {
  at(plan_->native, node).value = true;
  values_.try_emplace(node, where);
}

void Compiler::values_without_members() {
  for (const auto& [id, where] : values_) {
    const auto& node = at(plan_->native, id);
    const auto member = std::find_if(node.children.begin(), node.children.end(),
                                     [&](int child) { return !at(plan_->native, child).attribute; });
    if (member == node.children.end()) continue;
    wrong(where,
          "此字段在这里作值，另有规则却写了它的成员 " + place(at(plan_->native, *member).path, {}) + "；请只留一种");
  }
}

}  // namespace chuanyu::adapters
