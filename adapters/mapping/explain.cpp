#include "adapters/mapping/explain.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "adapters/mapping/load.h"
#include "adapters/mapping/values.h"
#include "gateway/base/clock.h"
#include "schemas/enums.h"

namespace chuanyu::adapters {
namespace {

constexpr std::size_t kLongestLexeme = 120;  // bytes shown

// Offsets in the text -> offsets in the bytes of the record's character set.
class Offsets {
 public:
  Offsets(const Charset& charset, std::string_view text, std::size_t skipped) : skipped_(skipped) {
    if (charset.is_utf8()) return;
    bytes_.resize(text.size() + 1);
    std::string code;
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t next = i + 1;
      while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
      std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(i), bytes_.begin() + static_cast<std::ptrdiff_t>(next),
                at);
      code.clear();
      (void)charset.encode(text.substr(i, next - i), code);  // was decoded from it
      at += static_cast<std::uint32_t>(code.size());
      i = next;
    }
    bytes_.back() = at;
  }
  std::uint64_t operator()(std::uint32_t text) const { return skipped_ + (bytes_.empty() ? text : bytes_[text]); }

 private:
  std::size_t skipped_;
  std::vector<std::uint32_t> bytes_;
};

std::string shortened(std::string_view text) {
  if (text.size() <= kLongestLexeme) return std::string(text);
  std::size_t end = kLongestLexeme;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string name_of(const Convert& convert) {
  switch (convert.as) {
    case As::text: return "text";
    case As::boolean: return "bool";
    case As::integer: return "int";
    case As::money: {
      const char* unit = convert.scale == 0 ? "fen" : convert.scale == 2 ? "yuan" : "wan";
      return std::string("dec(") + unit + "," + std::to_string(convert.frac) + ")";
    }
    case As::date: return "date";
    case As::code: return "code(" + convert.codes->name + ")";
    case As::uscc: return "uscc";
    case As::org_code: return "org_code";
    case As::id_number: return "id_number";
    case As::licence_id: return "licence_id";
    case As::id: return "id";
    case As::region: return "region";
  }
  return "";
}

bool is_open(As as) {
  return as == As::boolean || as == As::integer || as == As::money || as == As::date || as == As::code ||
         as == As::region;
}

class Explainer {
 public:
  Explainer(const Plan& plan, const Workspace& ws, std::string_view source, std::size_t skipped)
      : plan_(plan), ws_(ws), source_(source), offsets_(*plan.charset, source, skipped) {}

  std::vector<Step> run() {
    scope(plan_.rules, 0, 0);
    return std::move(steps_);
  }

 private:
  void scope(const std::vector<Rule>& rules, std::uint32_t n, std::uint32_t c) {
    for (const Rule& rule : rules) one(rule, n, c);
  }

  void one(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    switch (rule.op) {
      case Op::value:
      case Op::derived_get: return value(rule, rule.convert, rule.target, n, c);
      case Op::prism: {
        const Cell& cell = ws_.native[n + rule.n_slot];
        const auto taken = std::find_if(rule.cases.begin(), rule.cases.end(), [&](const PrismCase& option) {
          const auto& when = option.when;
          return when.empty() ||
                 (cell.is == Is::text && std::find(when.begin(), when.end(), cell.text()) != when.end());
        });
        const PrismCase& option = taken == rule.cases.end() ? rule.cases.back() : *taken;
        value(rule, option.convert, option.target, n, c);
        if (option.constant) steps_.back().as = "const";
        return;
      }
      case Op::each: return each(rule, n, c);
      case Op::split: return column(rule, rule.inner.front(), rule.native, rule.n_slot, n, c);
      case Op::zip: return zip(rule, n, c);
      case Op::constant:
      case Op::derived_create: {
        Step& step = begin(rule, rule.native, rule.n_slot, n);
        step.as = rule.op == Op::constant ? "const" : name_of(rule.convert);
        step.open = rule.op == Op::constant || is_open(rule.convert.as);
        return;
      }
      case Op::lost: return;
    }
  }

  Step& begin(const Rule& rule, int native, std::uint32_t slot, std::uint32_t n) {
    const auto& node = plan_.native[static_cast<std::size_t>(native)];
    const Cell& cell = ws_.native[n + slot];
    Step& step = steps_.emplace_back();
    step.rule = rule.id;
    step.native = native_place(plan_, node, index_);
    step.there = cell.is != Is::absent;
    if (!step.there) return step;
    const Span span = lexeme_of(cell);
    step.offset = offsets_(span.begin);
    step.length = offsets_(span.end) - step.offset;
    step.lexeme = shortened(source_.substr(span.begin, span.end - span.begin));
    return step;
  }

  // Of an XML element only the text, where it stands in one piece.
  Span lexeme_of(const Cell& cell) const {
    const char* const text = cell.data;
    const bool in_source = text >= source_.data() && text < source_.data() + source_.size();
    if (plan_.profile.syntax != Syntax::xml || cell.is != Is::text || cell.size == 0 || !in_source) return cell.span;
    const auto begin = static_cast<std::uint32_t>(text - source_.data());
    return {begin, begin + cell.size};
  }

  void value(const Rule& rule, const Convert& convert, const Target& target, std::uint32_t n, std::uint32_t c) {
    Step& step = begin(rule, rule.native, rule.n_slot, n);
    step.as = name_of(convert);
    step.open = is_open(convert.as);
    step.canonical = place(plan_.canonical[static_cast<std::size_t>(target.node)].path, index_);
    step.value = shown(target, c);
  }

  void each(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    const Cell natives = ws_.native[n + rule.n_slot];
    const Cell canonicals = ws_.canonical[c + rule.c_slot];
    if (natives.is != Is::list || canonicals.is != Is::list) return;
    std::uint32_t native = natives.first;
    std::uint32_t canonical = canonicals.first;
    for (std::uint32_t i = 0; i < natives.size && i < canonicals.size; ++i) {
      index_.push_back(i);
      scope(rule.inner, native, canonical);
      index_.pop_back();
      native = ws_.native[native].next;
      canonical = ws_.canonical[canonical].next;
    }
  }

  void zip(const Rule& rule, std::uint32_t n, std::uint32_t c) {
    for (const auto& column : rule.columns) {
      for (const auto& inner : rule.inner) {
        if (inner.n_slot == column.inner && inner.op != Op::lost)
          this->column(rule, inner, column.native, column.outer, n, c);
      }
    }
  }

  // One text that holds a value of every item.
  void column(const Rule& rule, const Rule& inner, int native, std::uint32_t slot, std::uint32_t n, std::uint32_t c) {
    Step& step = begin(inner.id.empty() ? rule : inner, native, slot, n);
    step.as = "[" + name_of(inner.convert) + "]";
    step.open = is_open(inner.convert.as);
    if (inner.op == Op::derived_create) return;
    step.canonical = place(plan_.canonical[static_cast<std::size_t>(inner.target.node)].path, {});
    const Cell list = ws_.canonical[c + rule.c_slot];
    std::uint32_t item = list.first;
    for (std::uint32_t i = 0; list.is == Is::list && i < list.size; ++i, item = ws_.canonical[item].next) {
      step.value += (i == 0 ? "" : " | ") + shown(inner.target, item);
    }
  }

  std::string shown(const Target& target, std::uint32_t c) const {
    if (!is_set(target, c, ws_.canonical)) return "";
    const auto number = [&](std::uint32_t slot) { return static_cast<int>(ws_.canonical[c + slot].number); };
    const Cell& cell = ws_.canonical[c + target.slot];
    const auto& node = plan_.canonical[static_cast<std::size_t>(target.node)];
    std::string out;
    if (target.shape == Target::Shape::date) {
      out = to_string(Date{number(target.year), number(target.month), number(target.day)});
    } else if (cell.is == Is::boolean) {
      out = cell.number != 0 ? "true" : "false";
    } else if (node.enum_type != nullptr && cell.is == Is::number) {
      out = schemas::short_name(*static_cast<const google::protobuf::EnumDescriptor*>(node.enum_type),
                                number(target.slot));
    } else if (cell.is == Is::number) {
      out = std::to_string(cell.number);
    } else if (cell.is == Is::text) {
      out = shortened(cell.text());
    }
    if (target.words >= 0 && !ws_.canonical[c + target.words_slot].nothing())
      out += "（" + shortened(ws_.canonical[c + target.words_slot].text()) + "）";
    return out;
  }

  const Plan& plan_;
  const Workspace& ws_;
  std::string_view source_;
  Offsets offsets_;
  std::vector<std::uint32_t> index_;
  std::vector<Step> steps_;
};

std::string masked(const std::string& text) {
  return text.empty() ? text : "〔" + std::to_string(characters(text)) + " 字〕";
}

}  // namespace

std::vector<Step> steps_of(const Plan& plan, const Workspace& ws, std::string_view source, std::size_t skipped) {
  return Explainer(plan, ws, source, skipped).run();
}

std::vector<Splice> splices_of(const Plan& plan, std::string_view source, std::size_t skipped, const Edits& edits) {
  const Offsets offsets(*plan.charset, source, skipped);
  std::vector<Splice> out;
  for (const auto& edit : edits) {
    const auto before = source.substr(edit.begin, edit.end - edit.begin);
    out.push_back(
        {offsets(edit.begin), offsets(edit.end) - offsets(edit.begin), shortened(before), shortened(edit.text)});
  }
  return out;
}

void mask(Explanation& explanation) {
  for (auto& step : explanation.steps) {
    if (step.open) continue;
    step.lexeme = masked(step.lexeme);
    step.value = masked(step.value);
  }
  for (auto& splice : explanation.splices) {
    splice.before = masked(splice.before);
    splice.after = masked(splice.after);
  }
}

}  // namespace chuanyu::adapters
