#include "tests/unit/adapters/oracle_values.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>

#include "schemas/enums.h"
#include "schemas/identifiers.h"
#include "schemas/regions.h"
#include "tests/unit/adapters/oracle.h"

namespace chuanyu::adapters::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

namespace {

constexpr std::string_view kSpace = " \t\r\n";

struct Field {
  Message* in;
  const FieldDescriptor* field;
};

// "subject.region_code": the message that holds the last name; "" is the message itself.
Field field_of(Message& from, const std::string& c) {
  Message* at = &from;
  std::string rest = c;
  while (true) {
    const auto dot = rest.find('.');
    const auto* field = at->GetDescriptor()->FindFieldByName(rest.substr(0, dot));
    if (dot == std::string::npos) return {at, field};
    at = at->GetReflection()->MutableMessage(at, field);
    rest = rest.substr(dot + 1);
  }
}

void set_text(const Field& to, const std::string& text) {
  if (!text.empty()) to.in->GetReflection()->SetString(to.in, to.field, text);
}

void set_name(const Field& to, const std::string& name) {
  const auto* of = to.in->GetReflection();
  if (to.field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    of->SetBool(to.in, to.field, name == "true");
  } else if (to.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const auto* full = to.field->enum_type()->FindValueByName(name);
    of->SetEnumValue(to.in, to.field,
                     full != nullptr ? full->number() : *schemas::parse_short(*to.field->enum_type(), name));
  } else {
    set_text(to, name);
  }
}

bool digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Decimal text, `scale` digits to the left: an exact whole number, or refused.
std::int64_t scaled(const std::string& text, std::size_t scale, std::int64_t max) {
  const auto point = text.find('.');
  std::string whole = text.substr(0, point);
  std::string part = point == std::string::npos ? "0" : text.substr(point + 1);
  Values::must(digits(whole) && digits(part));
  part.resize(std::max(part.size(), scale), '0');
  Values::must(part.find_first_not_of('0', scale) == std::string::npos);
  whole += part.substr(0, scale);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  Values::must(whole.size() <= 18 && std::stoll(whole) <= max);
  return std::stoll(whole);
}

// The parts of a date pattern as a regular expression; `order` gets Y, m, d.
std::regex date_regex(const std::string& pattern, std::string& order) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += std::string(std::string(".*+?()[]{}|^$\\").find(pattern[i]) == std::string::npos ? "" : "\\") + pattern[i];
      continue;
    }
    const bool loose = pattern[i + 1] == '-';
    order += pattern[i += loose ? 2 : 1];
    out += order.back() == 'Y' ? "([0-9]{4})" : loose ? "([0-9]{1,2})" : "([0-9]{2})";
  }
  return std::regex(out);
}

bool is_day(int year, int month, int day) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool contains(const json& as, const char* list, const std::string& text) {
  for (const auto& one : as.value(list, json::array())) {
    if (one == text) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> Values::steps(const std::string& path) const {
  if (format() == "csv") return path.empty() ? std::vector<std::string>() : std::vector<std::string>{path};
  std::vector<std::string> out;
  for (std::size_t from = 0; from < path.size();) {
    const auto to = std::min(path.find('/', from), path.size());
    if (to > from && path.substr(from, to - from) != "text()") out.push_back(path.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

bool Values::selected(const std::string& step, const std::string& name, const Tree& tree) {
  const auto equals = step.find('=');
  const Tree* attribute = tree.find(step.substr(name.size() + 1, equals - name.size() - 1));
  return attribute != nullptr && attribute->text == step.substr(equals + 1, step.size() - equals - 2);
}

const Tree* Values::node(const Scope& scope, const std::string& path) const {
  const Tree* at = &scope.native;
  for (const auto& step : steps(path)) {
    if (at->is == Tree::Is::null) return nullptr;
    must(at->is == Tree::Is::object);
    const auto found = std::find_if(at->members.begin(), at->members.end(), [&](const auto& member) {
      return member.first == step ||
             (step.rfind(member.first + "[@", 0) == 0 && selected(step, member.first, member.second));
    });
    if (found == at->members.end()) return nullptr;
    at = &found->second;
  }
  return at;
}

std::optional<Value> Values::find(const Scope& scope, const std::string& path) const {
  const Tree* tree = node(scope, path);
  if (tree == nullptr || tree->is == Tree::Is::null) return std::nullopt;
  const bool element = format() == "xml" && tree->is == Tree::Is::object;
  must(element || (tree->is != Tree::Is::object && tree->is != Tree::Is::list));
  if (tree->text.empty()) return std::nullopt;
  if (element && !tree->members.empty() && tree->text.find_first_not_of(kSpace) == std::string::npos)
    return std::nullopt;
  return Value{element ? Tree::Is::text : tree->is, tree->text};
}

std::vector<Tree> Values::items(const Scope& scope, const std::string& path) const {
  std::vector<Tree> out;
  if (format() != "xml") {
    const Tree* list = node(scope, path);
    if (list == nullptr || list->is == Tree::Is::null) return out;
    must(list->is == Tree::Is::list);
    for (const auto& item : list->members) out.push_back(item.second);
    return out;
  }
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const Tree* parent = slash == std::string::npos ? &scope.native : node(scope, path.substr(0, slash));
  if (parent == nullptr) return out;
  for (const auto& [key, tree] : parent->members) {
    if (key == name) out.push_back(tree);
  }
  return out;
}

std::string Values::pointer(const Scope& scope, const std::string& path) const {
  std::string out = scope.at;
  for (const auto& step : steps(path)) out += "/" + step.substr(0, step.find("[@"));
  return out;
}

std::string Values::escaped(const std::string& name) {
  return std::regex_replace(std::regex_replace(name, std::regex("~"), "~0"), std::regex("/"), "~1");
}

bool Values::holds(const json& condition, const std::string& text) const {
  return condition.contains("eq") ? condition["eq"] == text : contains(condition, "in", text);
}

Message& Values::add(const Scope& scope, const std::string& list) const {
  const auto to = field_of(scope.canonical, list);
  return *to.in->GetReflection()->AddMessage(to.in, to.field);
}

void Values::set_constant(const Scope& scope, const std::string& c, const json& value) const {
  set_name(field_of(scope.canonical, c), value.is_boolean() ? "true" : value.get<std::string>());
}

void Values::entry(const std::string& pointer, const std::string& text) const {
  const auto* ext = record_.GetDescriptor()->FindFieldByName("ext");
  auto* one = record_.GetReflection()->AddMessage(&record_, ext);
  const auto* type = one->GetDescriptor();
  one->GetReflection()->SetString(one, type->map_key(), mapping_["mapping"].get<std::string>() + pointer);
  one->GetReflection()->SetString(one, type->map_value(), text);
}

void Values::keep(const Scope& scope, const std::string& n, const std::string& text) const {
  entry(pointer(scope, n), text);
}

void Values::unknown(const std::string& pointer) const {
  const auto mode = mapping_["native"].value("unknown", "ext");
  must(mode != "reject");
  if (mode == "ext") entry(pointer, kOwnBytes);
}

void Values::read(const json& rule, const json& as, const std::string& c, const Scope& scope) const {
  const std::string n = rule["n"];
  const auto value = find(scope, n);
  const std::string kind = as.is_string() ? as.get<std::string>() : as.begin().key();
  const json options = as.is_string() ? json::object() : as.begin().value();
  if (!value) {
    must(!rule.value("required", false));
    if (kind == "code" || (as.is_object() && as.contains("code"))) code(as, n, c, scope, "");
    return;
  }
  const std::string& text = value->text;
  if (as.is_object() && as.contains("code")) {
    must(value->is != Tree::Is::number);
    return code(as, n, c, scope, text);
  }
  const auto to = [&] { return field_of(scope.canonical, c); };
  if (kind == "bool") {
    must((text == "true" || text == "false") && (format() != "json" || value->is == Tree::Is::boolean));
    return set_name(to(), text);
  }
  if (kind == "dec") {
    must(value->is != Tree::Is::boolean);
    const std::size_t scale = options["unit"] == "fen" ? 0 : options["unit"] == "yuan" ? 2 : 6;
    const auto fen = scaled(text, scale, options.value("max", std::int64_t{1'000'000'000'000'000}));
    return to().in->GetReflection()->SetInt64(to().in, to().field, fen);
  }
  must(value->is == Tree::Is::text);
  if (kind == "date") return date(options, c, scope, text);
  if (kind == "region") return region(options, n, c, scope, text);
  if (kind == "text") {
    must(!options.contains("max") || characters(text) <= options["max"].get<std::size_t>());
    return set_text(to(), text);
  }
  if (kind == "id") {
    const auto by = find(scope, options["by"]);
    for (const char* which : {"uscc", "org_code", "id_number"}) {
      if (contains(options, which, by ? by->text : "")) return identifier(which, options, c, scope, text);
    }
    return set_text(to(), text);
  }
  identifier(kind, options, c, scope, text);
}

void Values::identifier(const std::string& which, const json& options, const std::string& c, const Scope& scope,
                        const std::string& text) const {
  schemas::Checked checked;
  if (which == "uscc") {
    checked = schemas::check_uscc(text);
  } else if (which == "org_code") {
    checked = schemas::check_org_code(text);
  } else if (which == "id_number") {
    checked = schemas::check_id_number(text);
  } else if (which == "licence_id") {
    checked.fault = schemas::check_licence_id(text).fault;
    checked.value = text;
  } else {
    std::fprintf(stderr, "the oracle does not know \"as\": %s\n", which.c_str());
    std::abort();
  }
  must(checked.ok() || options.value("check", "reject") == "warn");
  set_text(field_of(scope.canonical, c), checked.ok() ? checked.value : text);
}

void Values::region(const json& options, const std::string& n, const std::string& c, const Scope& scope,
                    const std::string& text) const {
  const bool ok = schemas::look_up_region(text).ok();
  must(ok || options.value("check", "reject") == "warn");
  set_text(field_of(scope.canonical, c), ok ? text.substr(0, 6) : text);
  if (ok && text.find_first_not_of('0', 6) != std::string::npos) keep(scope, n, text);
}

void Values::date(const json& options, const std::string& c, const Scope& scope, const std::string& text) const {
  for (const auto& pattern : options.value("in", json::array({options["out"]}))) {
    std::string order;
    std::smatch parts;
    if (!std::regex_match(text, parts, date_regex(pattern, order))) continue;
    const auto part = [&](char which) { return std::stoi(parts[order.find(which) + 1]); };
    must(is_day(part('Y'), part('m'), part('d')));
    const auto to = field_of(scope.canonical, c);
    if (to.field->message_type() == nullptr) {
      char iso[16];
      std::snprintf(iso, sizeof iso, "%04d-%02d-%02d", part('Y'), part('m'), part('d'));
      return set_text(to, iso);
    }
    Message& day = *to.in->GetReflection()->MutableMessage(to.in, to.field);
    for (const auto& [name, which] : {std::pair("year", 'Y'), {"month", 'm'}, {"day", 'd'}})
      day.GetReflection()->SetInt32(&day, day.GetDescriptor()->FindFieldByName(name), part(which));
    return;
  }
  must(false);
}

void Values::code(const json& as, const std::string& n, const std::string& c, const Scope& scope,
                  const std::string& text) const {
  const json& set = mapping_["codesets"][as["code"].get<std::string>()];
  const auto pair =
      std::find_if(set["pairs"].begin(), set["pairs"].end(), [&](const json& one) { return one[0] == text; });
  if (text.empty() && pair == set["pairs"].end()) return;
  // Where the code goes, and where the source's words.
  Field to{&scope.canonical, nullptr};
  if (!c.empty()) to = field_of(scope.canonical, c);
  if (c.empty() || to.field->message_type() != nullptr) {
    Message* coded = c.empty() ? to.in : to.in->GetReflection()->MutableMessage(to.in, to.field);
    to = {coded, coded->GetDescriptor()->FindFieldByName("canonical")};
  }
  std::optional<Field> words;
  if (as.contains("text"))
    words = field_of(scope.canonical, as["text"]);
  else if (to.field->name() == "canonical")
    words = Field{to.in, to.in->GetDescriptor()->FindFieldByName("native_text")};
  const auto say_words = [&] { words ? set_text(*words, text) : keep(scope, n, text); };
  if (pair != set["pairs"].end()) {
    const std::string canonical = (*pair)[1];
    set_name(to, canonical);
    const auto prefer = set.value("prefer", json::object());
    if (prefer.contains(canonical) && prefer[canonical] != text) say_words();
    return;
  }
  const auto gap = set.value("gap", json("reject"));
  must(gap.is_object());
  if (gap["other"] != "") set_name(to, gap["other"]);
  say_words();
}

}  // namespace chuanyu::adapters::testing
