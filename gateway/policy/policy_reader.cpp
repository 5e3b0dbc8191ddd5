// From the policy's JSON text to a Policy: every check of the file, every error at once.
#include <algorithm>
#include <set>

#include "gateway/identity/json_file.h"
#include "gateway/policy/rule.h"
#include "schemas/canonical_json.h"
#include "schemas/identifiers.h"

namespace chuanyu::policy {
namespace {

using identity::JsonFile;
using identity::JsonNode;
using identity::JsonText;
using identity::Need;

constexpr std::size_t kMaxId = 64;

bool is_rule_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxId && text != "default-deny" &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool is_region_prefix(std::string_view text) {
  return text.size() >= 2 && text.size() <= 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> values(const std::vector<JsonText>& texts) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (const JsonText& each : texts) out.push_back(each.text);
  return out;
}

}  // namespace

class PolicyReader {
 public:
  explicit PolicyReader(std::string_view json) : text_(json), file_(json) {}

  std::variant<std::shared_ptr<const Policy>, std::vector<Error>> read() {
    if (const auto root = file_.root()) {
      root->only_keys({"version", "rules"});
      root->text("version", Need::optional);
      for (const JsonNode& node : root->objects("rules", Need::mandatory)) read_rule(node);
    }
    if (!file_.errors().empty()) return std::move(file_.errors());
    const std::shared_ptr<Policy> policy(new Policy);
    policy->rules_ = std::make_shared<const std::vector<Policy::Rule>>(std::move(rules_));
    policy->text_ = std::string(text_);
    policy->digest_ = crypto::sha256(text_);
    return std::shared_ptr<const Policy>(policy);
  }

 private:
  void read_rule(const JsonNode& node) {
    node.only_keys(
        {"id", "effect", "verbs", "what", "from", "to", "matters", "grants", "valid_from", "valid_until", "why"});
    Policy::Rule rule;
    rule.id = node.text("id", Need::mandatory).value_or("");
    if (!rule.id.empty() && !is_rule_id(rule.id)) {
      node.fail(Code::CONFIG_VALUE, "规则编号应为 1 至 64 个小写字母、数字或 - . _，且不是 default-deny",
                node.pointer("id"));
    } else if (!rule.id.empty() && !ids_.insert(rule.id).second) {
      node.fail(Code::CONFIG_VALUE, "规则编号重复", node.pointer("id"));
    }
    rule.allow = read_effect(node);
    rule.verbs = read_verbs(node);
    rule.what = read_what(node);
    rule.from = read_selector(node, "from");
    rule.to = read_selector(node, "to");
    rule.matters = read_words(node, "matters");
    rule.grants = read_words(node, "grants");
    rule.valid_from = read_date(node, "valid_from");
    rule.valid_until = read_date(node, "valid_until");
    if (rule.valid_from && rule.valid_until && *rule.valid_until < *rule.valid_from) {
      node.fail(Code::CONFIG_VALUE, "止日早于起日", node.pointer("valid_until"));
    }
    rule.why = node.text("why", Need::optional).value_or("");
    if (rule.allow) check_allow(node);
    rules_.push_back(std::move(rule));
  }

  // An allow rule that forgets a condition allows far too much; the wide ones must be written out.
  static void check_allow(const JsonNode& node) {
    for (const char* key : {"verbs", "what"}) {
      if (!node.has(key)) node.fail(Code::CONFIG_KEY_MISSING, "允许规则必须写明此项", node.pointer(key));
    }
    if (!node.has("from") && !node.has("to")) {
      node.fail(Code::CONFIG_KEY_MISSING, "允许规则必须写明 from 或 to", node.pointer("from"));
    }
  }

  static bool read_effect(const JsonNode& node) {
    const auto effect = node.text("effect", Need::mandatory);
    if (effect && *effect != "allow" && *effect != "deny") {
      node.fail(Code::CONFIG_VALUE, "应为 allow 或 deny", node.pointer("effect"));
    }
    return effect == "allow";
  }

  static unsigned read_verbs(const JsonNode& node) {
    unsigned verbs = 0;
    if (!node.has("verbs")) return verbs;
    for (const JsonText& each : node.texts("verbs", Need::mandatory)) {
      unsigned found = 0;
      for (const Verb verb : {Verb::publish, Verb::query, Verb::push}) {
        if (each.text == to_string(verb)) found = bit(verb);
      }
      if (found == 0) node.fail(Code::CONFIG_VALUE, "应为 publish、query 或 push", each.pointer);
      verbs |= found;
    }
    return verbs;
  }

  static std::vector<std::string> read_what(const JsonNode& node) {
    if (!node.has("what")) return {};
    std::vector<std::string> out;
    bool any = false;
    for (const JsonText& each : node.texts("what", Need::mandatory)) {
      any = any || each.text == "*";
      // A misspelt word would make a deny rule silently void.
      if (each.text != "*" && !schemas::parse_kind(each.text).ok() &&
          schemas::find_message_type(each.text) == nullptr) {
        node.fail(Code::CONFIG_VALUE, "应为记录种类（credit、licence、case）、消息类型（如 clue-transfer）或 *",
                  each.pointer);
      }
      out.push_back(each.text);
    }
    if (any) out.clear();
    return out;
  }

  static std::optional<Selector> read_selector(const JsonNode& parent, std::string_view key) {
    const auto node = parent.object(key, Need::optional);
    if (!node) return std::nullopt;
    node->only_keys({"uscc", "region", "home"});
    if (!node->has("uscc") && !node->has("region") && !node->has("home")) {
      node->fail(Code::CONFIG_VALUE, "至少应写明 uscc、region、home 之一", node->pointer());
    }
    Selector selector;
    if (node->has("uscc")) {
      for (const JsonText& each : node->texts("uscc", Need::mandatory)) {
        const auto checked = schemas::check_uscc(each.text);
        if (!checked.ok() || checked.value != each.text) {
          node->fail(Code::CONFIG_VALUE, "不是合格的统一社会信用代码", each.pointer);
        }
        selector.uscc.push_back(each.text);
      }
    }
    if (node->has("region")) {
      for (const JsonText& each : node->texts("region", Need::mandatory)) {
        if (!is_region_prefix(each.text)) node->fail(Code::CONFIG_VALUE, "应为 2 至 6 位行政区划前缀", each.pointer);
        selector.region.push_back(each.text);
      }
    }
    selector.home = read_words(*node, "home");
    return selector;
  }

  static std::vector<std::string> read_words(const JsonNode& node, std::string_view key) {
    if (!node.has(key)) return {};
    const auto texts = node.texts(key, Need::mandatory);
    for (const JsonText& each : texts) {
      if (each.text.empty()) node.fail(Code::CONFIG_VALUE, "不应为空", each.pointer);
    }
    return values(texts);
  }

  static std::optional<Date> read_date(const JsonNode& node, std::string_view key) {
    const auto text = node.text(key, Need::optional);
    if (!text) return std::nullopt;
    const auto date = parse_date(*text);
    if (!date) node.fail(Code::CONFIG_VALUE, "应为 YYYY-MM-DD 形式的日期", node.pointer(key));
    return date;
  }

  std::string_view text_;
  JsonFile file_;
  std::vector<Policy::Rule> rules_;
  std::set<std::string> ids_;
};

std::variant<std::shared_ptr<const Policy>, std::vector<Error>> Policy::parse(std::string_view json) {
  return PolicyReader(json).read();
}

std::variant<std::shared_ptr<const Policy>, std::vector<Error>> Policy::load(const std::string& path) {
  const auto text = identity::read_text_file(path);
  if (!text.ok()) return std::vector<Error>{text.error()};
  auto parsed = parse(*text);
  if (auto* errors = std::get_if<std::vector<Error>>(&parsed)) {
    for (Error& error : *errors)  // "file#/json/pointer" or "file:line:column"
      error.where = path + (error.where.starts_with('/') ? "#" : error.where.empty() ? "" : ":") + error.where;
  }
  return parsed;
}

}  // namespace chuanyu::policy
