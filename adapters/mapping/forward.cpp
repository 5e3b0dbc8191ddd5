#include <algorithm>

#include "adapters/mapping/load.h"
#include "adapters/mapping/map.h"
#include "adapters/mapping/values.h"
#include "schemas/identifiers.h"

namespace chuanyu::adapters {

std::string native_pointer(const NativeNode& node, const std::vector<std::uint32_t>& index) {
  return place(node.path, index);
}

std::string native_place(const Plan& plan, std::string_view pointer) {
  if (plan.profile.syntax == Syntax::json) return std::string(pointer);
  // 当事人列表/当事人/1 -> 当事人列表/当事人[2]
  std::string out;
  std::size_t i = !pointer.empty() && pointer[0] == '/' ? 1 : 0;
  while (i < pointer.size()) {
    const auto end = std::min(pointer.find('/', i), pointer.size());
    const auto part = pointer.substr(i, end - i);
    i = end + 1;
    const bool number =
        !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number && !out.empty()) {
      out += "[" + std::to_string(std::stoul(std::string(part.substr(0, 9))) + 1) + "]";
      continue;
    }
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

std::string native_place(const Plan& plan, const NativeNode& node, const std::vector<std::uint32_t>& index) {
  return native_place(plan, native_pointer(node, index));
}

bool handle_unknown(const Plan& plan, std::string pointer, std::string_view raw, Workspace& ws) {
  if (plan.unknown == Unknown::reject)
    return ws.fail(Code::RECORD_FIELD_UNKNOWN, "格式中没有此字段", native_place(plan, pointer));
  const bool keep = plan.unknown == Unknown::ext && plan.ext_node >= 0;
  if (keep && ws.extras.size() == kMostExtras) {
    return ws.fail(Code::RECORD_FIELD_UNKNOWN, "未知字段过多", native_place(plan, pointer));
  }
  static const std::string kNoRule;
  if (ws.notes.size() < kMostNotes) {
    ws.notes.push_back({Note::Kind::unmapped, Code::RECORD_VALUE, kNoRule, native_place(plan, pointer), "",
                        keep ? "格式中没有此字段，原文留在 ext 中" : "格式中没有此字段，未带出"});
  }
  if (keep) ws.extras.push_back({std::move(pointer), raw, true, true});
  return true;
}

void note_dropped(const Plan& plan, const NativeNode& node, Workspace& ws) {
  if (ws.notes.size() >= kMostNotes) return;
  const auto& [rule, why] = plan.drops[static_cast<std::size_t>(node.drop_rule)];
  ws.notes.push_back(
      {Note::Kind::unmapped, Code::RECORD_VALUE, rule, native_place(plan, node, ws.index), "", "按映射不带出：" + why});
}

namespace {

class Forward {
 public:
  Forward(const Plan& plan, const GetOptions& options, Workspace& ws) : plan_(plan), options_(options), ws_(ws) {}

  bool scope(const std::vector<Rule>& rules, std::uint32_t n, std::uint32_t c) {
    bool checks = false;
    for (const Rule& rule : rules) {
      checks = checks || rule.op == Op::derived_create || rule.convert.has_type || rule.convert.has_version;
      if (!one(rule, n, c)) return false;
    }
    if (checks) {
      for (const Rule& rule : rules) {
        if (rule.op == Op::derived_create) {
          compare(rule, n, c);
        } else if (rule.convert.has_type || rule.convert.has_version) {
          compare_parts(rule, n, c);
        }
      }
    }
    return true;
  }

 private:
  Spot spot(const Rule& rule, std::uint32_t n, std::uint32_t c, int canonical) const {
    return {plan_,     rule.id, rule.native < 0 ? nullptr : &plan_.native[static_cast<std::size_t>(rule.native)],
            canonical, n,       c};
  }

  bool missing(const Rule& rule) {
    return ws_.fail(Code::RECORD_FIELD_MISSING, "必填",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(rule.native)], ws_.index));
  }

  bool one(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    switch (rule.op) {
      case Op::value: {
        const Cell cell = ws_.native[n + rule.n_slot];
        if (cell.nothing()) {
          if (rule.required) return missing(rule);
          if (rule.convert.as != As::code || rule.convert.codes->empty() == nullptr) return true;
        }
        return read_value(spot(rule, n, c, rule.target.node), rule.convert, rule.target, cell, options_, ws_);
      }
      case Op::prism: return prism(rule, n, c);
      case Op::each: return each(rule, n, c);
      case Op::split: return split(rule, n, c);
      case Op::zip: return zip(rule, n, c);
      case Op::constant: {
        const Cell& cell = ws_.native[n + rule.n_slot];
        if (!cell.nothing() && cell.text() != rule.constant) {
          add_note(spot(rule, n, c, -1), ws_, Note::Kind::warning, "应为固定值");
        }
        return true;
      }
      case Op::derived_get: return derive(rule, n, c);
      case Op::derived_create:
      case Op::lost: return true;
    }
    return true;
  }

  static bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  }

  bool prism(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell cell = ws_.native[n + rule.n_slot];
    if (cell.nothing()) return !rule.required || missing(rule);
    for (const auto& option : rule.cases) {
      if (!option.when.empty() && (cell.is != Is::text || !contains(option.when, cell.text()))) continue;
      const auto here = spot(rule, n, c, option.target.node);
      if (!option.constant) return read_value(here, option.convert, option.target, cell, options_, ws_);
      Cell& out = ws_.canonical[c + option.target.slot];
      if (option.target.shape == Target::Shape::boolean)
        out.set_number(1, Is::boolean);
      else
        out.set_text(option.constant_text);
      if (option.alias || cell.text() != option.when.front()) {
        add_note(here, ws_, Note::Kind::normalised, "同义的另一种写法，原文留在 ext 中");
        keep_in_ext(here, ws_, cell.text());
      }
      return true;
    }
    return ws_.fail(Code::RECORD_VALUE, "不是此字段允许的值",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(rule.native)], ws_.index));
  }

  std::uint32_t canonical_item(const Rule& rule, std::uint32_t c) {
    return ws_.canonical.item(c + rule.c_slot, plan_.canon_scopes[static_cast<std::size_t>(rule.c_scope)].slots);
  }

  bool each(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell list = ws_.native[n + rule.n_slot];
    if (list.is != Is::list || list.size == 0) return !rule.required || missing(rule);
    std::uint32_t item = list.first;
    for (std::uint32_t i = 0; i < list.size; ++i) {
      ws_.index.push_back(i);
      if (!scope(rule.inner, item, canonical_item(rule, c))) return false;
      ws_.index.pop_back();
      item = ws_.native[item].next;
    }
    return true;
  }

  static std::string_view cut(std::string_view& rest, std::string_view separator, bool& more) {
    const auto at = rest.find(separator);
    more = at != std::string_view::npos;
    const auto piece = rest.substr(0, at);
    rest = more ? rest.substr(at + separator.size()) : std::string_view();
    return piece;
  }

  bool split(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell cell = ws_.native[n + rule.n_slot];
    if (cell.nothing()) return !rule.required || missing(rule);
    if (cell.is != Is::text) return type(rule);
    std::string_view rest = cell.text();
    bool more = true;
    for (std::uint32_t i = 0; more;) {
      const auto piece = cut(rest, rule.separator, more);
      if (piece.empty()) {
        add_note(spot(rule, n, c, rule.c_node), ws_, Note::Kind::normalised, "列表中有空项，已略去");
        continue;
      }
      if (i == kMostItems) return too_many(rule.native);
      const auto item = ws_.native.block(plan_.native_scopes[static_cast<std::size_t>(rule.n_scope)].slots);
      ws_.native[item].set_text(piece);
      ws_.index.push_back(i++);
      if (!scope(rule.inner, item, canonical_item(rule, c))) return false;
      ws_.index.pop_back();
    }
    return true;
  }

  bool type(const Rule& rule) {
    return ws_.fail(Code::RECORD_TYPE, "应为文本",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(rule.native)], ws_.index));
  }

  struct Column {
    const Rule::Column* column;
    std::string_view rest;
    bool more;
  };

  // Columns that only repeat what others say, where the others are not there: they make no item.
  void repeats_nothing(const Rule& rule, const std::vector<Column>& columns, std::uint32_t n, std::uint32_t c) {
    for (const auto& column : columns) {
      const auto& node = plan_.native[static_cast<std::size_t>(column.column->native)];
      add_note({plan_, rule.id, &node, rule.c_node, n, c}, ws_, Note::Kind::warning,
               "与由其他字段推得的值不同，未采用");
    }
  }

  bool zip(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    std::vector<Column> columns;
    columns.reserve(rule.columns.size());
    const NativeNode* missing = nullptr;  // a list that is not there at all misses none of its columns
    for (const auto& column : rule.columns) {
      const Cell& cell = ws_.native[n + column.outer];
      const auto& node = plan_.native[static_cast<std::size_t>(column.native)];
      if (cell.nothing()) {
        if (column.required && missing == nullptr) missing = &node;
        continue;
      }
      if (cell.is != Is::text) return ws_.fail(Code::RECORD_TYPE, "应为文本", native_place(plan_, node, ws_.index));
      columns.push_back({&column, cell.text(), true});
    }
    if (std::none_of(columns.begin(), columns.end(), [](const Column& column) { return column.column->read; })) {
      repeats_nothing(rule, columns, n, c);
      if (!rule.required || rule.columns.empty()) return true;
      const auto& node = plan_.native[static_cast<std::size_t>(rule.columns.front().native)];
      return ws_.fail(Code::RECORD_FIELD_MISSING, "至少应有一项", native_place(plan_, node, ws_.index));
    }
    if (missing != nullptr)
      return ws_.fail(Code::RECORD_FIELD_MISSING, "必填", native_place(plan_, *missing, ws_.index));
    for (std::uint32_t i = 0; columns.front().more; ++i) {
      if (i == kMostItems) return too_many(columns.front().column->native);
      const auto item = ws_.native.block(plan_.native_scopes[static_cast<std::size_t>(rule.n_scope)].slots);
      for (auto& column : columns) {
        if (!column.more) return lengths(*column.column);
        ws_.native[item + column.column->inner].set_text(cut(column.rest, rule.separator, column.more));
      }
      ws_.index.push_back(i);
      if (!scope(rule.inner, item, canonical_item(rule, c))) return false;
      ws_.index.pop_back();
    }
    for (const auto& column : columns) {
      if (column.more) return lengths(*column.column);
    }
    return true;
  }

  bool too_many(int node) {
    return ws_.fail(Code::RECORD_TOO_LARGE, "列表超过 " + std::to_string(kMostItems) + " 项",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(node)], ws_.index));
  }

  bool lengths(const Rule::Column& column) {
    return ws_.fail(Code::RECORD_LIST_LENGTH, "与并列各列的项数不同",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(column.native)], ws_.index));
  }

  bool derive(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    if (rule.has_when) {
      const Cell& condition = ws_.native[n + rule.when_slot];
      if (!contains(rule.when_native, condition.is == Is::text ? condition.text() : "")) return true;
    }
    const Cell cell = ws_.native[n + rule.n_slot];
    if (cell.nothing()) return !rule.required || missing(rule);
    return read_value(spot(rule, n, c, rule.target.node), rule.convert, rule.target, cell, options_, ws_);
  }

  // A native field that only repeats what others say: a difference is worth a warning, no more.
  void compare(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell& cell = ws_.native[n + rule.n_slot];
    if (cell.nothing()) return;
    const std::size_t notes = ws_.notes.size();
    std::string_view expected;
    const auto here = spot(rule, n, c, rule.target.node);
    const bool printed = print_value(here, rule.convert, rule.target, ws_, expected);
    if (ws_.notes.size() > notes)
      ws_.notes.erase(ws_.notes.begin() + static_cast<std::ptrdiff_t>(notes), ws_.notes.end());
    if (!printed || expected != cell.text())
      add_note(here, ws_, Note::Kind::warning, "与由其他字段推得的值不同，未采用");
  }

  // A licence identifier repeats the type and the version of the licence.
  void compare_parts(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell& cell = ws_.canonical[c + rule.target.slot];
    if (cell.is != Is::text) return;
    const auto id = schemas::check_licence_id(cell.text());
    const auto differs = [&](bool has, std::uint32_t slot, std::string_view part) {
      const Cell& other = ws_.canonical[c + slot];
      return has && other.is == Is::text && other.text() != part;
    };
    if (!id.ok() || (!differs(rule.convert.has_type, rule.convert.type_slot, id.type_code) &&
                     !differs(rule.convert.has_version, rule.convert.version_slot, id.version))) {
      return;
    }
    add_note(spot(rule, n, c, rule.target.node), ws_, Note::Kind::warning, "证照标识中的类型代码或版本与相应字段不同");
  }

  const Plan& plan_;
  const GetOptions& options_;
  Workspace& ws_;
};

}  // namespace

bool map_forward(const Plan& plan, const GetOptions& options, Workspace& ws) {
  ws.canonical.block(plan.canon_scopes[0].slots);
  return Forward(plan, options, ws).scope(plan.rules, 0, 0);
}

}  // namespace chuanyu::adapters
