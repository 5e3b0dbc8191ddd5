#include "adapters/mapping/print.h"

#include <algorithm>

#include "adapters/formats/scan.h"
#include "adapters/formats/write.h"
#include "adapters/mapping/load.h"
#include "adapters/mapping/map.h"

namespace chuanyu::adapters {
namespace {

std::string unescape_pointer(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '~' && i + 1 < part.size())
      out += part[++i] == '1' ? '/' : '~';
    else
      out += part[i];
  }
  return out;
}

bool xml_name(std::string_view name) {
  return !name.empty() && is_xml_name_start(name.front()) && std::all_of(name.begin(), name.end(), is_xml_name);
}

}  // namespace

std::string child_path(const std::string& path, const NativeNode& child) {
  const auto slash = child.path.rfind('/');
  return path + child.path.substr(slash == std::string::npos ? 0 : slash);
}

Printer::Printer(const Plan& plan, Workspace& ws, Bytes& out) : plan_(plan), ws_(ws), out_(out) {
  with_ext_ = std::any_of(ws.extras.begin(), ws.extras.end(), [](const Extra& e) { return !e.used; });
}

bool Printer::record() {
  const auto& root = node(plan_.native_scopes[0].root);
  switch (plan_.profile.syntax) {
    case Syntax::json: json_object(root, 0, ""); break;
    case Syntax::xml: xml_element(root, 0, ""); break;
    case Syntax::csv: csv(root); break;
    case Syntax::text: break;  // no mapping has it
  }
  if (!ok_) return false;
  leftovers();
  return true;
}

bool Printer::content(const NativeNode& n, std::uint32_t base, const std::string& path) const {
  if (n.dropped || n.constant) return false;
  if (n.list) return cell(n, base).size > 0 && cell(n, base).is == Is::list;
  if (n.value && n.printed && !cell(n, base).nothing()) return true;
  if (with_ext_ && has_extra(path)) return true;
  return std::any_of(n.children.begin(), n.children.end(),
                     [&](int id) { return content(node(id), base, with_ext_ ? child_path(path, node(id)) : path); });
}

bool Printer::has_extra(const std::string& path) const {
  return std::any_of(ws_.extras.begin(), ws_.extras.end(),
                     [&](const Extra& e) { return !e.used && parent_of(e.path) == path; });
}

// --- JSON ---

void Printer::json_object(const NativeNode& n, std::uint32_t base, const std::string& path) {
  out_ += '{';
  bool first = true;
  for (const int id : n.children) json_member(node(id), base, path, first);
  if (with_ext_) {
    for (auto& extra : ws_.extras) {
      if (extra.used || parent_of(extra.path) != path) continue;
      const std::size_t before = out_.size();
      if (!first) out_ += ',';
      if (json_extra(n, extra))
        first = false;
      else
        out_.resize(before);
    }
  }
  out_ += '}';
}

bool Printer::json_extra(const NativeNode& n, Extra& extra) {
  const auto name = unescape_pointer(name_of(extra.path));
  if (n.keys.find(name) >= 0 || !well_formed_json(plan_, extra.text, ws_)) return false;
  append_json_string(out_, name);
  out_ += ':';
  out_.append(extra.text);
  extra.used = true;
  return true;
}

void Printer::json_member(const NativeNode& n, std::uint32_t base, const std::string& path, bool& first) {
  if (n.dropped || (n.value && !n.printed)) return;
  const Cell& here = cell(n, base);
  const std::string below = with_ext_ ? child_path(path, n) : std::string();
  const bool there = n.value  ? !here.nothing()
                     : n.list ? here.is == Is::list && here.size > 0
                              : n.absent == Absent::keep || content(n, base, below);
  if (!there && n.absent == Absent::omit) return;
  if (!first) out_ += ',';
  first = false;
  out_.append(n.opening);
  if (there) {
    if (n.value)
      json_value(n, here);
    else if (n.list)
      json_list(n, base, below);
    else
      json_object(n, base, below);
    return;
  }
  switch (n.absent) {
    case Absent::null: out_ += "null"; break;
    case Absent::empty: out_ += n.value ? "\"\"" : n.list ? "\"\"" : "{}"; break;
    default: out_ += "[]"; break;  // a list that is kept
  }
}

void Printer::json_value(const NativeNode& n, const Cell& value) {
  if (n.number)
    out_.append(value.text());
  else
    append_json_string(out_, value.text());
}

void Printer::json_list(const NativeNode& n, std::uint32_t base, const std::string& path) {
  const Cell list = cell(n, base);
  const auto& item = node(plan_.native_scopes[static_cast<std::size_t>(n.item)].root);
  out_ += '[';
  std::uint32_t at = list.first;
  for (std::uint32_t i = 0; i < list.size; ++i, at = ws_.native[at].next) {
    if (i > 0) out_ += ',';
    if (item.value)
      json_value(item, ws_.native[at]);
    else
      json_object(item, at, with_ext_ ? path + "/" + std::to_string(i) : path);
  }
  out_ += ']';
}

// --- XML ---

void Printer::bad_text(const NativeNode& n) {
  if (ok_) ws_.fail(Code::RECORD_VALUE, "值中有 XML 不能表示的控制字符", native_place(plan_, n, ws_.index));
  ok_ = false;
}

void Printer::xml_element(const NativeNode& n, std::uint32_t base, const std::string& path) {
  out_.append(n.opening);
  for (const int id : n.children) {
    const auto& child = node(id);
    if (!child.attribute || child.dropped || !child.printed) continue;
    const Cell& value = cell(child, base);
    if (value.nothing() && child.absent == Absent::omit) continue;
    out_.append(child.opening);
    if (!append_xml_attribute(out_, value.nothing() ? "" : value.text())) bad_text(child);
    out_ += '"';
  }
  if (with_ext_) xml_extras(n, path, true);
  out_ += '>';
  if (n.value && n.printed && !cell(n, base).nothing() && !append_xml_text(out_, cell(n, base).text())) bad_text(n);
  for (const int id : n.children) {
    if (!node(id).attribute) xml_child(node(id), base, path);
  }
  if (with_ext_) xml_extras(n, path, false);
  out_.append(n.closing);
}

void Printer::xml_child(const NativeNode& n, std::uint32_t base, const std::string& path) {
  if (n.dropped || (n.value && !n.printed)) return;
  const std::string below = with_ext_ ? child_path(path, n) : std::string();
  if (n.list) {
    const Cell list = cell(n, base);
    const auto& item = node(plan_.native_scopes[static_cast<std::size_t>(n.item)].root);
    std::uint32_t at = list.first;
    for (std::uint32_t i = 0; list.is == Is::list && i < list.size; ++i, at = ws_.native[at].next) {
      xml_element(item, at, with_ext_ ? below + "/" + std::to_string(i) : below);
    }
    return;
  }
  const bool there = (!n.value && n.absent == Absent::keep) || content(n, base, below);
  if (there) return xml_element(n, base, below);
  if (n.absent == Absent::omit) return;
  out_.append(n.opening);
  out_ += '>';
  out_.append(n.closing);
}

void Printer::xml_extras(const NativeNode& n, const std::string& path, bool attributes) {
  for (auto& extra : ws_.extras) {
    if (!extra.used && parent_of(extra.path) == path && is_attribute(extra) == attributes) xml_extra(n, extra);
  }
}

bool Printer::xml_extra(const NativeNode& n, Extra& extra) {
  auto name = name_of(extra.path);
  if (is_attribute(extra)) {
    name.remove_prefix(1);
    if (n.attributes.find(name) >= 0 || !xml_name(name) || is_xml_namespace(name)) return false;
    out_ += ' ';
    out_.append(name);
    out_ += "=\"";
    if (!append_xml_attribute(out_, extra.text)) bad_text(n);
    out_ += '"';
  } else if (name == "text()") {
    if (!append_xml_text(out_, extra.text)) bad_text(n);
  } else {
    name = name.substr(0, name.find('['));
    if (!well_formed_xml(plan_, extra.text, name, ws_)) return false;
    // A name the mapping knows is only let in beside its selected variants (Item[@name=...]).
    const int known = n.keys.find(name);
    if (known >= 0 && node(known).select_attribute.empty()) return false;
    out_.append(extra.text);
  }
  extra.used = true;
  return true;
}

// --- CSV ---

void Printer::csv(const NativeNode& root) {
  out_.append(plan_.csv_header);
  out_ += "\r\n";
  bool first = true;
  for (const int id : root.children) {
    const auto& column = node(id);
    if (!column.printed && !column.dropped) continue;
    if (!first) out_ += ',';
    first = false;
    if (column.printed && !cell(column, 0).nothing()) append_csv(out_, cell(column, 0).text());
  }
  out_ += "\r\n";
}

void Printer::leftovers() {
  const auto note = [&](std::string_view key) {
    if (ws_.notes.size() < kMostNotes) {
      ws_.notes.push_back({Note::Kind::loss, Code::RECORD_VALUE, "", "", "ext",
                           "ext 中的 " + std::string(key) + " 在此格式中无处可写"});
    }
  };
  for (const auto& extra : ws_.extras) {
    if (!extra.used) note(plan_.ext_prefix + extra.path);
  }
  for (const auto& [key, value] : ws_.foreign) note(key);
}

bool print_native(const Plan& plan, Workspace& ws, Bytes& out) { return Printer(plan, ws, out).record(); }

}  // namespace chuanyu::adapters
