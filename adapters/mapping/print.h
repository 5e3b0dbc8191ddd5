// adapters/mapping/print.h: native cells -> native text, whole or in parts.
//
// Members come in the order in which the rules first mention them; entries of ext that belong where something is
// written are written too and marked as used.
// Threads: one. Failure: ok() is false and ws.failure says why (XML cannot hold control characters).
#pragma once

#include <string>
#include <string_view>

#include "adapters/mapping/cells.h"
#include "adapters/mapping/plan.h"

namespace chuanyu::adapters {

// The pointer of a child, the parts of one: /当事人列表/当事人/0/备注 is 备注 in /当事人列表/当事人/0.
std::string child_path(const std::string& path, const NativeNode& child);
inline std::string_view parent_of(std::string_view pointer) { return pointer.substr(0, pointer.rfind('/')); }
inline std::string_view name_of(std::string_view pointer) { return pointer.substr(pointer.rfind('/') + 1); }

class Printer {
 public:
  // Appends to `out`.
  Printer(const Plan& plan, Workspace& ws, Bytes& out);

  // The whole record, CSV with its header; what of ext found no place is noted.
  bool record();
  bool ok() const { return ok_; }

  // `path`: the pointer of what is written (json_member, xml_child: of what it stands in).
  void json_member(const NativeNode& n, std::uint32_t base, const std::string& path, bool& first);
  void json_object(const NativeNode& n, std::uint32_t base, const std::string& path);
  void json_list(const NativeNode& n, std::uint32_t base, const std::string& path);
  void json_value(const NativeNode& n, const Cell& value);
  void xml_child(const NativeNode& n, std::uint32_t base, const std::string& path);
  void xml_element(const NativeNode& n, std::uint32_t base, const std::string& path);

  // Whether anything under the node would be written apart from constants.
  bool content(const NativeNode& n, std::uint32_t base, const std::string& path) const;
  // An entry of ext as a member, attribute or child of the object or element `n`; false: it has no place there.
  bool json_extra(const NativeNode& n, Extra& extra);
  bool xml_extra(const NativeNode& n, Extra& extra);
  static bool is_attribute(const Extra& extra) { return name_of(extra.path).substr(0, 1) == "@"; }
  // A loss for each entry of ext that was not used.
  void leftovers();

 private:
  const NativeNode& node(int id) const { return plan_.native[static_cast<std::size_t>(id)]; }
  const Cell& cell(const NativeNode& n, std::uint32_t base) const { return ws_.native[base + n.slot]; }
  bool has_extra(const std::string& path) const;
  void bad_text(const NativeNode& n);
  void xml_extras(const NativeNode& n, const std::string& path, bool attributes);
  void csv(const NativeNode& root);

  const Plan& plan_;
  Workspace& ws_;
  Bytes& out_;
  bool with_ext_ = false;
  bool ok_ = true;
};

}  // namespace chuanyu::adapters
