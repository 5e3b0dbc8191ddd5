#include <algorithm>
#include <optional>

#include "adapters/mapping/load.h"
#include "adapters/mapping/map.h"
#include "adapters/mapping/same.h"
#include "adapters/mapping/values.h"

namespace chuanyu::adapters {
namespace {

// The blocks of the record as it was that answer to those being printed; none for a new record or a new item.
struct Was {
  std::uint32_t canonical = 0;
  std::uint32_t native = 0;
  bool there = false;
};

class Backward {
 public:
  Backward(const Plan& plan, const Workspace* was, Workspace& ws) : plan_(plan), ws_(ws), was_(was) {
    if (was != nullptr) {
      same_.emplace(plan, *was, ws);
      same_extras_ = std::all_of(ws.extras.begin(), ws.extras.end(), [&](const Extra& e) { return carried(e.path); });
    }
  }

  bool scope(const std::vector<Rule>& rules, int canon_scope, std::uint32_t c, std::uint32_t n, Was was) {
    for (const Rule& rule : rules) {
      if (was.there && unchanged(rule, c, was))
        keep(rule, n);
      else if (!one(rule, c, n, was))
        return false;
    }
    for (const int id : plan_.canon_scopes[static_cast<std::size_t>(canon_scope)].uncovered) {
      if (!any(id, c)) continue;
      if (!unrepresentable(id, "", "格式中没有与之对应的字段", false)) return false;
    }
    return true;
  }

 private:
  const CanonNode& canon(int id) const { return plan_.canonical[static_cast<std::size_t>(id)]; }
  Spot spot(const Rule& rule, std::uint32_t c, std::uint32_t n, int canonical) const {
    return {plan_,     rule.id, rule.native < 0 ? nullptr : &plan_.native[static_cast<std::size_t>(rule.native)],
            canonical, n,       c};
  }

  // --- what stays as it was ---

  // The entry of ext at this place says what it said before, or nothing: then the old record's stays.
  bool carried(const std::string& path) const {
    const auto at = [&](const std::vector<Extra>& extras) {
      return std::find_if(extras.begin(), extras.end(), [&](const Extra& e) { return e.path == path; });
    };
    const auto now = at(ws_.extras);
    if (now == ws_.extras.end()) return true;
    const auto before = at(was_->extras);
    return before != was_->extras.end() && before->text == now->text;
  }

  // The same of every entry that stands in this list.
  bool carried_below(const Rule& rule) const {
    const auto below = [&](int list) {
      const auto pointer = native_pointer(plan_.native[static_cast<std::size_t>(list)], ws_.index);
      return std::all_of(ws_.extras.begin(), ws_.extras.end(),
                         [&](const Extra& e) { return !e.path.starts_with(pointer) || carried(e.path); });
    };
    if (same_extras_) return true;
    if (rule.op != Op::zip) return below(rule.native);
    return std::all_of(rule.columns.begin(), rule.columns.end(),
                       [&](const Rule::Column& column) { return below(column.native); });
  }

  bool unchanged(const Rule& rule, std::uint32_t c, Was was) const {
    const auto kept = [&] {
      return same_extras_ || carried(native_pointer(plan_.native[static_cast<std::size_t>(rule.native)], ws_.index));
    };
    switch (rule.op) {
      case Op::value:
      case Op::derived_create: return same_->target(rule.target, was.canonical, c) && kept();
      case Op::prism:
        return std::all_of(rule.cases.begin(), rule.cases.end(),
                           [&](const PrismCase& option) { return same_->target(option.target, was.canonical, c); }) &&
               kept();
      case Op::each:
      case Op::split:
      case Op::zip: return same_->field(rule.c_node, was.canonical, c) && carried_below(rule);
      default: return false;
    }
  }

  void keep(const Rule& rule, std::uint32_t n) {
    if (rule.op != Op::zip) ws_.native[n + rule.n_slot].is = Is::kept;
    for (const auto& column : rule.columns) ws_.native[n + column.outer].is = Is::kept;
  }

  // --- what is printed ---

  bool any(int id, std::uint32_t c) const {
    const auto& node = canon(id);
    const Cell& cell = ws_.canonical[c + node.slot];
    if (node.repeated) return cell.is == Is::list && cell.size > 0;
    if (node.wire != Wire::message) return !cell.nothing();
    return std::any_of(node.children.begin(), node.children.end(), [&](int child) { return any(child, c); });
  }

  // A canonical value without a native place: a loss, or for what changes the meaning of the record, a refusal.
  bool unrepresentable(int id, const std::string& rule, std::string_view why, bool refuse) {
    const Spot here{plan_, rule, nullptr, id, 0, 0};
    if (refuse || canon(id).modifier) {
      return ws_.fail(Code::RECORD_MODIFIER_UNREPRESENTABLE, std::string(why), place(canon(id).path, ws_.index));
    }
    add_note(here, ws_, Note::Kind::loss, std::string(why));
    return true;
  }

  bool one(const Rule& rule, std::uint32_t c, std::uint32_t n, Was was) {
    switch (rule.op) {
      case Op::value:
      case Op::derived_create: {
        std::string_view text;
        if (!print_value(spot(rule, c, n, rule.target.node), rule.convert, rule.target, ws_, text)) return false;
        return put(rule, n, text);
      }
      case Op::prism: return prism(rule, c, n);
      case Op::each: return each(rule, c, n, was);
      case Op::split:
      case Op::zip: return joined(rule, c, n);
      case Op::constant: return put(rule, n, rule.constant);
      case Op::derived_get: return derived(rule, c, n);
      case Op::lost: return !any(rule.c_node, c) || unrepresentable(rule.c_node, rule.id, rule.why, rule.refuse);
    }
    return true;
  }

  bool put(const Rule& rule, std::uint32_t n, std::string_view text) {
    if (text.empty() && rule.has_default) text = rule.fallback;
    if (!text.empty())
      ws_.native[n + rule.n_slot].set_text(text);
    else if (rule.required)
      return missing(rule);
    return true;
  }

  bool missing(const Rule& rule) {
    return ws_.fail(Code::RECORD_FIELD_MISSING, "格式要求此字段，而标准记录中没有",
                    native_place(plan_, plan_.native[static_cast<std::size_t>(rule.native)], ws_.index));
  }

  static bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  }

  bool holds(const PrismCase& option, std::uint32_t c) const {
    if (!option.constant) return is_set(option.target, c, ws_.canonical);
    const Cell& cell = ws_.canonical[c + option.target.slot];
    if (option.target.shape == Target::Shape::boolean) return cell.number != 0;
    return cell.is == Is::text && cell.text() == option.constant_text;
  }

  // The case that get would take for this text; nullptr: none.
  static const PrismCase* read_as(const Rule& rule, std::string_view text) {
    const auto it = std::find_if(rule.cases.begin(), rule.cases.end(), [&](const PrismCase& option) {
      return option.when.empty() || contains(option.when, text);
    });
    return it == rule.cases.end() ? nullptr : &*it;
  }

  bool prism(const Rule& rule, std::uint32_t c, std::uint32_t n) {
    const PrismCase* chosen = nullptr;
    for (const auto& option : rule.cases) {
      if (option.alias || !holds(option, c)) continue;
      if (chosen == nullptr)
        chosen = &option;
      else
        add_note(spot(rule, c, n, option.target.node), ws_, Note::Kind::loss, "此格式只能写其中之一");
    }
    if (chosen == nullptr) return put(rule, n, {});
    if (!chosen->constant) {
      std::string_view text;
      const auto here = spot(rule, c, n, chosen->target.node);
      if (!print_value(here, chosen->convert, chosen->target, ws_, text)) return false;
      // Refused, not noted: who reads the record would not see the note, and take a last day for 长期.
      if (!text.empty() && read_as(rule, text) != chosen)
        return fail_canonical(here, ws_, Code::RECORD_VALUE, "此值在格式中的写法另有含义，不能写出；请核对此值");
      return put(rule, n, text);
    }
    if (auto* kept = kept_in_ext(spot(rule, c, n, chosen->target.node), ws_)) {
      for (const auto& option : rule.cases) {
        if (option.target.node == chosen->target.node && option.constant && contains(option.when, kept->text)) {
          return put(rule, n, kept->text);
        }
      }
      outdate(ws_, *kept);
    }
    return put(rule, n, chosen->when.front());
  }

  std::uint32_t slots(int n_scope) const { return plan_.native_scopes[static_cast<std::size_t>(n_scope)].slots; }

  bool each(const Rule& rule, std::uint32_t c, std::uint32_t n, Was was) {
    const Cell list = ws_.canonical[c + rule.c_slot];
    if (list.is != Is::list || list.size == 0) return !rule.required || missing(rule);
    const auto before = items_before(rule, c, was);
    std::uint32_t item = list.first;
    for (std::uint32_t i = 0; i < list.size; ++i) {
      const auto out = ws_.native.item(n + rule.n_slot, slots(rule.n_scope));
      const Was old = before.empty() ? Was() : before[i];
      if (old.there) ws_.native[out].number = old.native + 1;
      ws_.index.push_back(i);
      if (!scope(rule.inner, rule.c_scope, item, out, old)) return false;
      ws_.index.pop_back();
      item = ws_.canonical[item].next;
    }
    return true;
  }

  // For each item the one that it was. `each` reads one canonical item from one native item, so positions agree.
  std::vector<Was> items_before(const Rule& rule, std::uint32_t c, Was was) const {
    if (!was.there) return {};
    const Cell canonical = was_->canonical[was.canonical + rule.c_slot];
    const Cell native = was_->native[was.native + rule.n_slot];
    if (canonical.is != Is::list || native.is != Is::list || canonical.size != native.size) return {};
    std::vector<Was> old(canonical.size);
    std::uint32_t c_at = canonical.first;
    std::uint32_t n_at = native.first;
    for (auto& item : old) {
      item = {c_at, n_at, true};
      c_at = was_->canonical[c_at].next;
      n_at = was_->native[n_at].next;
    }
    const auto from = same_->align(rule.c_node, canonical, ws_.canonical[c + rule.c_slot], rule.align);
    std::vector<Was> out(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (from[i] >= 0) out[i] = old[static_cast<std::size_t>(from[i])];
    }
    return out;
  }

  // Items printed into blocks of their own, then each column joined by the separator.
  bool joined(const Rule& rule, std::uint32_t c, std::uint32_t n) {
    const Cell list = ws_.canonical[c + rule.c_slot];
    if (list.is != Is::list || list.size == 0) {
      if (!rule.required) return true;
      const int node = rule.op == Op::split ? rule.native : rule.columns.front().native;
      return ws_.fail(Code::RECORD_FIELD_MISSING, "至少应有一项",
                      native_place(plan_, plan_.native[static_cast<std::size_t>(node)], ws_.index));
    }
    std::vector<std::uint32_t> items;
    items.reserve(list.size);
    std::uint32_t item = list.first;
    for (std::uint32_t i = 0; i < list.size; ++i) {
      items.push_back(ws_.native.block(slots(rule.n_scope)));
      ws_.index.push_back(i);
      if (!scope(rule.inner, rule.c_scope, item, items.back(), {})) return false;
      ws_.index.pop_back();
      item = ws_.canonical[item].next;
    }
    if (rule.op == Op::split) {
      const Rule::Column only{rule.n_slot, 0, rule.native, false, true};
      return join(rule, only, items, n);
    }
    for (const auto& column : rule.columns) {
      if (plan_.native[static_cast<std::size_t>(column.native)].printed && !join(rule, column, items, n)) return false;
    }
    return true;
  }

  bool join(const Rule& rule, const Rule::Column& column, const std::vector<std::uint32_t>& items, std::uint32_t n) {
    std::size_t size = 0;
    for (const auto item : items) size += ws_.native[item + column.inner].size + rule.separator.size();
    char* const begin = ws_.arena.take(size);
    char* to = begin;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto text = ws_.native[items[i] + column.inner].text();
      if (text.find(rule.separator) != std::string_view::npos) {
        ws_.index.push_back(static_cast<std::uint32_t>(i));
        const auto& node = plan_.native[static_cast<std::size_t>(column.native)];
        return ws_.fail(Code::RECORD_SEPARATOR, "值中含有列表分隔符 " + rule.separator,
                        native_place(plan_, node.path + "/" + std::to_string(i)));
      }
      if (i > 0) to = std::copy(rule.separator.begin(), rule.separator.end(), to);
      to = std::copy(text.begin(), text.end(), to);
    }
    ws_.native[n + column.outer].set_text({begin, static_cast<std::size_t>(to - begin)});
    return true;
  }

  // Not printed; what get would not derive again is lost.
  bool derived(const Rule& rule, std::uint32_t c, std::uint32_t n) {
    const auto here = spot(rule, c, n, rule.target.node);
    const Cell& same = ws_.canonical[c + rule.same_as_slot];
    bool would = rule.same_as < 0 || !same.nothing();
    if (rule.has_when) {
      const Cell& condition = ws_.canonical[c + rule.when_target.slot];
      would = would && condition.is == Is::text && condition.text() == rule.when_canonical;
    }
    if (!is_set(rule.target, c, ws_.canonical)) {
      if (would && rule.same_as >= 0) add_note(here, ws_, Note::Kind::normalised, "读回时会由其他字段推得此值");
      return true;
    }
    const Cell& cell = ws_.canonical[c + rule.target.slot];
    if (!would || (rule.same_as >= 0 && cell.text() != same.text())) {
      add_note(here, ws_, Note::Kind::loss, "此格式不写这个字段，也不能由其他字段推得");
    }
    return true;
  }

  const Plan& plan_;
  Workspace& ws_;
  const Workspace* was_;  // nullptr: a new record
  std::optional<Same> same_;
  bool same_extras_ = false;
};

}  // namespace

bool map_backward(const Plan& plan, Workspace& ws) {
  ws.native.block(plan.native_scopes[0].slots);
  return Backward(plan, nullptr, ws).scope(plan.rules, 0, 0, 0, {});
}

bool map_changes(const Plan& plan, const Workspace& was, Workspace& ws) {
  ws.native.block(plan.native_scopes[0].slots);
  return Backward(plan, &was, ws).scope(plan.rules, 0, 0, 0, {0, 0, true});
}

}  // namespace chuanyu::adapters
