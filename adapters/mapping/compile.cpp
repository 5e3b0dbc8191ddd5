#include "adapters/mapping/compile.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <bit>
#include <map>

#include "adapters/formats/write.h"
#include "adapters/mapping/compiler.h"
#include "adapters/mapping/values.h"

namespace chuanyu::adapters {

std::size_t Names::hash(std::string_view name) {
  std::uint64_t h = 1469598103934665603u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return static_cast<std::size_t>(h ^ h >> 32);
}

void Names::build(const std::vector<std::pair<std::string_view, int>>& entries) {
  if (entries.empty()) return table_.clear();
  table_.assign(std::bit_ceil(entries.size() * 2 + 1), {});
  const std::size_t mask = table_.size() - 1;
  for (const auto& [name, value] : entries) {
    std::size_t at = hash(name) & mask;
    while (table_[at].value >= 0) at = (at + 1) & mask;
    table_[at] = {std::string(name), value};
  }
}

int Names::find(std::string_view name) const {
  if (table_.empty()) return -1;
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = hash(name) & mask; table_[at].value >= 0; at = (at + 1) & mask) {
    if (table_[at].name == name) return table_[at].value;
  }
  return -1;
}

std::string place(std::string_view path, const std::vector<std::uint32_t>& index) {
  std::string out;
  std::size_t next = 0;
  for (const char c : path) {
    if (c == kIndex)
      out += next < index.size() ? std::to_string(index[next++]) : "*";
    else
      out += c;
  }
  return out;
}

namespace {

std::uint64_t fnv(std::string_view text, std::uint64_t h = 1469598103934665603u) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return h;
}

std::string_view message_of_kind(std::string_view kind) {
  return kind == "credit"    ? "chuanyu.v1.CreditRecord"
         : kind == "licence" ? "chuanyu.v1.Licence"
                             : "chuanyu.v1.EnforcementCase";
}

}  // namespace

std::shared_ptr<const Plan> Compiler::run() {
  const std::size_t before = errors_.size();
  const auto* type = canonical_descriptor(spec_.canonical);
  if (type == nullptr) {
    wrong(spec_.file + "#/canonical", "没有这种标准记录：" + spec_.canonical);
  } else if (const auto name = message_of_kind(spec_.kind); type->full_name() != name) {
    wrong(spec_.file + "#/canonical", "kind 为 " + spec_.kind + " 时应为 " + std::string(name));
  }
  plan_->charset = Charset::find(spec_.charset);
  if (plan_->charset == nullptr) wrong(spec_.file + "#/native/charset", "没有这种字符集：" + spec_.charset);
  if (errors_.size() != before) return nullptr;
  head(*type);
  build_canonical(*type, *plan_);
  add_native_scope("", "");
  const Context record;
  for (const auto& rule : spec_.rules) {
    if (auto compiled = compile_rule(rule, record)) plan_->rules.push_back(std::move(*compiled));
  }
  for (std::size_t i = 0; !spec_.rules_left_out && i < spec_.structure.size(); ++i) structure(spec_.structure[i], i);
  values_without_members();
  if (errors_.size() != before) return nullptr;
  finish();
  encodable();
  if (errors_.size() != before) return nullptr;
  return plan_;
}

void Compiler::head(const google::protobuf::Descriptor& type) {
  auto& p = *plan_;
  p.file = spec_.file;
  p.content = spec_.content;
  for (const auto& waiver : spec_.waivers) p.waivers.push_back({waiver.check, waiver.place, waiver.why});
  p.profile.id = spec_.mapping;
  p.profile.kind = spec_.kind == "credit"    ? Kind::credit
                   : spec_.kind == "licence" ? Kind::licence
                                             : Kind::enforcement_case;
  p.profile.syntax = spec_.format == "json" ? Syntax::json : spec_.format == "xml" ? Syntax::xml : Syntax::csv;
  p.profile.charset = spec_.charset;
  p.profile.media_type = spec_.media_type;
  p.profile.mapping_version = spec_.version;
  google::protobuf::FileDescriptorProto file;
  type.file()->CopyTo(&file);
  std::uint64_t h = fnv(spec_.content);  // so that who has the content alone finds the same
  h = fnv(file.SerializeAsString(), h);
  for (int i = 0; i < type.file()->dependency_count(); ++i) {
    google::protobuf::FileDescriptorProto dependency;
    type.file()->dependency(i)->CopyTo(&dependency);
    h = fnv(dependency.SerializeAsString(), h);
  }
  p.profile.fingerprint = fnv(spec_.charset, h);
  p.unknown = spec_.unknown == "ext" ? Unknown::ext : spec_.unknown == "reject" ? Unknown::reject : Unknown::residual;
  p.max_bytes = static_cast<std::uint32_t>(spec_.max_bytes);
  p.max_depth = static_cast<std::uint32_t>(spec_.max_depth);
  p.record_name = spec_.record;
  p.list_name = spec_.list;
  p.ext_prefix = spec_.mapping;
}

void Compiler::structure(const std::pair<std::string, std::string>& entry, std::size_t i) {
  const auto where = spec_.file + "#/structure/" + std::to_string(i);
  const std::size_t nodes = plan_->native.size();
  const int node = resolve(0, entry.first, where);
  if (node < 0) return;
  if (plan_->native.size() != nodes || at(plan_->native, node).value) {
    wrong(where, "此路径不是容器：" + entry.first);
    return;
  }
  at(plan_->native, node).absent = absent_of(entry.second);
}

void Compiler::finish() {
  auto& plan = *plan_;
  for (std::size_t i = 0; i < plan.native.size(); ++i) {
    auto& node = plan.native[i];
    if (plan.profile.syntax == Syntax::json) {
      append_json_string(node.opening, node.name);
      node.opening += ':';
    } else if (plan.profile.syntax == Syntax::xml) {
      node.opening = (node.attribute ? " " : "<") + node.name + (node.attribute ? "=\"" : "");
      if (!node.select_attribute.empty()) {
        node.opening += " " + node.select_attribute + "=\"";
        append_xml_attribute(node.opening, node.select_value);
        node.opening += '"';
      }
      node.closing = "</" + node.name + ">";
    }
    std::vector<std::pair<std::string_view, int>> keys;
    std::vector<std::pair<std::string_view, int>> attributes;
    std::map<std::string_view, int> first;
    for (const int id : node.children) {
      auto& child = at(plan.native, id);
      if (child.attribute) {
        attributes.emplace_back(child.name, id);
      } else if (const auto [it, fresh] = first.emplace(child.name, id); fresh) {
        keys.emplace_back(child.name, id);
      } else {
        auto& head = at(plan.native, it->second);
        child.variant = head.variant;
        head.variant = id;
      }
    }
    node.keys.build(keys);
    node.attributes.build(attributes);
  }
  if (plan.profile.syntax == Syntax::xml) {
    auto& root = at(plan.native, plan.native_scopes[0].root);
    root.name = plan.record_name;
    root.opening = "<" + root.name;
    root.closing = "</" + root.name + ">";
  }
  if (plan.profile.syntax == Syntax::csv) {
    for (const int id : at(plan.native, plan.native_scopes[0].root).children) {
      if (!at(plan.native, id).printed && !at(plan.native, id).dropped) continue;
      if (!plan.csv_header.empty()) plan.csv_header += ',';
      append_csv(plan.csv_header, at(plan.native, id).name);
    }
  }
  for (auto& scope : plan.canon_scopes) uncovered(scope.root, scope.uncovered);
}

void Compiler::encodable() {
  std::string bytes;
  for (const std::string* text : {&plan_->record_name, &plan_->list_name, &plan_->csv_header}) {
    if (auto status = plan_->charset->encode(*text, bytes); !status.ok()) {
      wrong(spec_.file + "#/native", "名称不能用此字符集书写：" + status.error().detail);
    }
  }
  for (const auto& [character, written] : spec_.substitute) {
    const auto where = spec_.file + "#/native/substitute/" + character;
    if (characters(character) != 1) wrong(where, "键应为一个字符");
    if (plan_->charset->encode(character, bytes).ok()) wrong(where, "此字符集有这个字符，不必替换，请删去");
    if (written.empty() || !plan_->charset->encode(written, bytes).ok())
      wrong(where, "替换的写法应是此字符集能写的文字");
    plan_->substitutes.emplace_back(character, written);
  }
}

void Compiler::uncovered(int node, std::vector<int>& out) {
  for (const int id : at(plan_->canonical, node).children) {
    const auto& child = at(plan_->canonical, id);
    if (child.wire == Wire::map) continue;
    if (child.wire == Wire::message && !child.repeated)
      uncovered(id, out);
    else if (!child.covered)
      out.push_back(id);
  }
}

std::shared_ptr<const Plan> compile(const Spec& spec, std::vector<Error>& errors) {
  return Compiler(spec, errors).run();
}

}  // namespace chuanyu::adapters
