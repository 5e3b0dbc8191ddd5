// S10: what a new version of a mapping no longer reads, or reads as something else.
#include <algorithm>
#include <map>

#include "adapters/mapping/checker.h"

namespace chuanyu::adapters {
namespace {

// How one native field is read: the parts of a plan that a version may not change in silence.
struct Reading {
  const Rule* rule = nullptr;
  const PrismCase* option = nullptr;  // of a prism: the case
  const Convert* convert = nullptr;   // nullptr: a constant, a list
  std::string canonical;
};

class Versions {
 public:
  Versions(const Plan& old, const Plan& now) : old_(old), now_(now) {}

  std::vector<Finding> run() {
    document();
    const auto before = readings(old_, old_.rules);
    const auto after = readings(now_, now_.rules);
    for (const auto& [path, old] : before) {
      const auto now = after.find(path);
      if (now == after.end()) {
        found(now_.file + "#/rules", "不再读本地字段 " + path + "；请保留它的规则", {path, old.rule->id});
      } else {
        compare(path, old, now->second);
      }
    }
    for (const auto& [path, now] : after) {
      if (now.rule->required && !before.contains(path)) {
        found(now.rule->at, "新的必填字段 " + path + " 在旧记录中没有；请去掉 \"required\"", {path, now.rule->id});
      }
    }
    return std::move(findings_);
  }

 private:
  void found(std::string where, std::string detail, std::vector<std::string> names) {
    findings_.push_back({"S10", std::move(where), std::move(detail), std::move(names)});
  }

  void document() {
    const auto same = [&](bool holds, const std::string& pointer, const std::string& what) {
      if (!holds) found(now_.file + "#/" + pointer, what + " 与旧版不同，旧文档读不出；请另立一个数据格式", {pointer});
    };
    same(old_.profile.kind == now_.profile.kind, "kind", "记录种类");
    same(old_.profile.syntax == now_.profile.syntax, "native/format", "格式");
    same(old_.profile.charset == now_.profile.charset, "native/charset", "字符集");
    same(old_.record_name == now_.record_name, "native/record", "记录元素");
    same(old_.list_name == now_.list_name, "native/list", "文档元素");
    for (const auto& node : now_.unknown == Unknown::reject ? old_.native : std::vector<NativeNode>()) {
      const bool known = !node.dropped || std::any_of(now_.native.begin(), now_.native.end(),
                                                      [&](const NativeNode& n) { return n.path == node.path; });
      const auto path = place(node.path, {});
      if (!known)
        found(now_.file + "#/rules", "不再认得本地字段 " + path + "，有它的记录会被拒收；请保留它的 drop", {path});
    }
    same(now_.unknown != Unknown::reject || old_.unknown == Unknown::reject, "native/unknown", "对未知字段的处理");
    same(old_.max_bytes <= now_.max_bytes && old_.max_depth <= now_.max_depth, "native/limits", "较小的上限");
  }

  // By native path; a derived field beside another rule for the same text adds nothing that is read.
  static std::map<std::string, Reading> readings(const Plan& plan, const std::vector<Rule>& rules) {
    std::map<std::string, Reading> out;
    collect(plan, rules, out);
    return out;
  }
  static void collect(const Plan& plan, const std::vector<Rule>& rules, std::map<std::string, Reading>& out) {
    const auto canonical = [&](int node) {
      return node < 0 ? std::string() : place(plan.canonical[static_cast<std::size_t>(node)].path, {});
    };
    for (const auto& rule : rules) {
      if (rule.native >= 0 && rule.op != Op::derived_create) {
        auto path = place(plan.native[static_cast<std::size_t>(rule.native)].path, {});
        if (rule.op == Op::derived_get) path += " -> " + canonical(rule.target.node);
        const bool list = rule.op == Op::each || rule.op == Op::split;
        const bool value = rule.op == Op::value || rule.op == Op::derived_get;
        out[path] = {&rule, nullptr, value ? &rule.convert : nullptr, canonical(list ? rule.c_node : rule.target.node)};
        for (const auto& option : rule.cases) {
          const auto field = canonical(option.target.node);
          for (const auto& text : option.when)
            out[std::string(path).append(" = ").append(text)] = {&rule, &option, nullptr, field};
          if (option.when.empty()) out[path + " 的其他写法"] = {&rule, &option, &option.convert, field};
        }
      }
      collect(plan, rule.inner, out);
    }
  }

  void compare(const std::string& path, const Reading& old, const Reading& now) {
    const std::vector<std::string> names = {path, now.rule->id, now.canonical};
    const auto wrong = [&](const std::string& detail) { found(now.rule->at, path + " " + detail, names); };
    if (old.canonical != now.canonical) {
      return wrong("原来读作 " + old.canonical + "，现在读作 " + now.canonical + "；请改回");
    }
    if (old.rule->op != now.rule->op || old.rule->separator != now.rule->separator) {
      return wrong("的列表或分隔写法与旧版不同；请改回");
    }
    if (now.rule->required && !old.rule->required) wrong("新近必填，旧记录可能没有；请去掉 \"required\"");
    if (old.option != nullptr &&
        (old.option->constant != now.option->constant || old.option->constant_text != now.option->constant_text)) {
      return wrong("的含义与旧版不同；请改回");
    }
    if (old.convert != nullptr && now.convert != nullptr) values(wrong, now, *old.convert, *now.convert);
  }

  template <typename Wrong>
  void values(const Wrong& wrong, const Reading& reading, const Convert& old, const Convert& now) {
    if (old.as != now.as) return wrong("的类型与旧版不同；请改回");
    if (old.action == CheckAction::warn && now.action != CheckAction::warn)
      wrong("的校验原来只提示，现在会拒收；请改回 \"check\": \"warn\"");
    for (const auto list : {&Convert::by_uscc, &Convert::by_org_code, &Convert::by_id_number}) {
      for (const auto& type : now.*list) {
        if (std::find((old.*list).begin(), (old.*list).end(), type) == (old.*list).end())
          wrong("现在对类型“" + type + "”也校验号码，旧记录可能通不过；请从列表中去掉");
      }
    }
    if (old.as == As::money && old.scale != now.scale) wrong("的金额单位与旧版不同；请改回");
    if (old.as == As::money && old.max_fen > now.max_fen) wrong("的金额上限比旧版小；请改回");
    if (old.as == As::text && now.max_chars != 0 && (old.max_chars == 0 || old.max_chars > now.max_chars)) {
      wrong("的字数上限比旧版小；请改回");
    }
    if (old.as == As::date) {
      for (const auto& pattern : old.in) {
        if (std::find(now.in.begin(), now.in.end(), pattern) == now.in.end()) {
          wrong("不再认旧版的日期格式 " + to_text(pattern) + "；请把它留在 in 中");
        }
      }
    }
    if (old.as == As::code) codes(reading, *old.codes, *now.codes);
  }

  void codes(const Reading& reading, const CodeSet& old, const CodeSet& now) {
    const std::vector<std::string> names = {reading.rule->id, reading.canonical, now.name};
    for (const auto& pair : old.pairs) {
      const auto* same = now.by_native(pair.native);
      const auto text = "代码集 " + now.name + " 的 \"" + pair.native + "\" ";
      if (same == nullptr && now.gap != CodeSet::Gap::other) {
        found(reading.rule->at, text + "不再认得；请把它留在 pairs 中", names);
      } else if (same == nullptr || same->canonical != pair.canonical) {
        found(reading.rule->at, text + "原来是 " + pair.canonical + "，现在不是；请改回", names);
      }
    }
    if (old.gap == CodeSet::Gap::other && now.gap != CodeSet::Gap::other) {
      found(reading.rule->at, "代码集 " + now.name + " 不再收未知代码；请改回 \"gap\"", names);
    } else if (old.gap == CodeSet::Gap::other && old.other != now.other) {
      found(reading.rule->at, "代码集 " + now.name + " 的未知代码原来读作 " + old.other + "，现在不是；请改回 \"gap\"",
            names);
    }
  }

  static std::string to_text(const DatePattern& pattern) {
    std::string out;
    for (const auto& token : pattern.tokens) {
      out += token.what == 0 ? token.literal : std::string(token.padded ? "%" : "%-") + token.what;
    }
    return out;
  }

  const Plan& old_;
  const Plan& now_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Error> incompatible(const Plan& old, const Plan& now) {
  std::vector<bool> used(now.waivers.size());
  return without_waived(Versions(old, now).run(), now.waivers, used);
}

}  // namespace chuanyu::adapters
