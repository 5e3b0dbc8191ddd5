// The oracle's way back: what create must write, as the texts of the native fields by their paths.
#include <google/protobuf/descriptor.h>

#include <cstdio>
#include <cstdlib>

#include "schemas/enums.h"
#include "tests/unit/adapters/oracle.h"
#include "tests/unit/adapters/oracle_values.h"

namespace chuanyu::adapters::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

namespace {

struct Field {
  const Message* in;
  const FieldDescriptor* field;

  bool there() const {
    const auto* of = in->GetReflection();
    if (field->has_presence()) return of->HasField(*in, field) && !(is_text() && text().empty());
    return is_text() ? !text().empty() : number() != 0;
  }
  bool is_text() const { return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING; }
  std::string text() const { return in->GetReflection()->GetString(*in, field); }
  std::int64_t number() const {
    const auto* of = in->GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL: return of->GetBool(*in, field) ? 1 : 0;
      case FieldDescriptor::CPPTYPE_ENUM: return of->GetEnumValue(*in, field);
      case FieldDescriptor::CPPTYPE_INT32: return of->GetInt32(*in, field);
      case FieldDescriptor::CPPTYPE_INT64: return of->GetInt64(*in, field);
      default: std::abort();
    }
  }
};

Field field_of(const Message& from, const std::string& c) {
  const Message* at = &from;
  std::string rest = c;
  while (true) {
    const auto dot = rest.find('.');
    const auto* field = at->GetDescriptor()->FindFieldByName(rest.substr(0, dot));
    if (dot == std::string::npos) return {at, field};
    at = &at->GetReflection()->GetMessage(*at, field);
    rest = rest.substr(dot + 1);
  }
}

std::string padded(std::int64_t number, std::size_t width) {
  auto text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

// Whole fen -> the unit, with `frac` digits behind the point.
std::string money(std::int64_t fen, std::size_t scale, std::size_t frac) {
  auto digits = padded(fen, scale + 1);
  auto part = digits.substr(digits.size() - scale);
  part.resize(frac, '0');
  digits.resize(digits.size() - scale);
  return part.empty() ? digits : digits + "." + part;
}

bool has(const json& list, const std::string& text) {
  for (const auto& one : list) {
    if (one == text) return true;
  }
  return false;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (c & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

class Writer {
 public:
  Writer(const json& mapping, Leaves& out) : mapping_(mapping), out_(out) {}

  void rules(const json& all, const Message& record, const std::string& at) {
    for (const auto& rule : all) one(rule, record, at);
  }

 private:
  void one(const json& rule, const Message& record, const std::string& at) {
    const std::string kind = rule["kind"];
    if (kind == "drop" || kind == "lost" || (kind == "derived" && rule["dir"] == "get")) return;
    if (kind == "each") return each(rule, record, at);
    const auto text = kind == "const"   ? rule["v"].get<std::string>()
                      : kind == "prism" ? prism(rule, record)
                                        : printed(rule["as"], rule["c"], record);
    put(rule, text, at);
  }

  void put(const json& rule, std::string text, const std::string& at) {
    if (text.empty()) text = rule.value("default", "");
    Values::must(!text.empty() || !rule.value("required", false));
    if (!text.empty()) out_[place(at, rule["n"])] = text;
  }

  // Item[@name=scope] is the element, and its attribute beside it.
  std::string place(const std::string& at, std::string path) {
    if (path.rfind('/', 0) == 0) path = path.substr(1);
    if (path == "text()") path.clear();
    if (path.size() > 7 && path.substr(path.size() - 7) == "/text()") path.resize(path.size() - 7);
    if (const auto open = path.find("[@"); open != std::string::npos) {
      const auto equals = path.find('=', open);
      const auto element = path.substr(0, open);
      out_[at + "/" + element + "/" + path.substr(open + 1, equals - open - 1)] =
          path.substr(equals + 1, path.size() - equals - 2);
      path = element;
    }
    return path.empty() ? at : at + "/" + path;
  }

  std::string prism(const json& rule, const Message& record) {
    std::string text;
    for (const auto& option : rule["cases"]) {
      const bool otherwise = option.contains("else");
      const json& to = otherwise ? option["else"] : option;
      if (!text.empty() || option.value("alias", false)) continue;
      if (to.contains("const")) {
        const auto field = field_of(record, to["c"]);
        const bool holds = field.is_text() ? to["const"] == field.text() : field.number() != 0;
        const auto& when = option["when"];
        if (holds) return when.contains("eq") ? when["eq"] : when["in"][0];
        continue;
      }
      text = printed(to["as"], to["c"], record);
      for (const auto& other : rule["cases"]) {  // what another case would read
        if (!other.contains("when") || text.empty()) continue;
        Values::must(other["when"].value("eq", "") != text && !has(other["when"].value("in", json::array()), text));
      }
    }
    return text;
  }

  void each(const json& rule, const Message& record, const std::string& at) {
    const auto list = field_of(record, rule["c"]);
    const int size = list.in->GetReflection()->FieldSize(*list.in, list.field);
    Values::must(size > 0 || !rule.value("required", false));
    const auto item = [&](int i) -> const Message& {
      return list.in->GetReflection()->GetRepeatedMessage(*list.in, list.field, i);
    };
    if (rule.contains("zip")) return zip(rule, size, item, at);
    if (rule.contains("split")) {
      std::vector<std::string> texts;
      for (int i = 0; i < size; ++i) texts.push_back(needed(printed(rule["item"]["as"], "", item(i))));
      return join(place(at, rule["n"]), texts, rule["split"]);
    }
    const auto path = place(at, rule["n"]);
    for (int i = 0; i < size; ++i) {
      const bool xml = mapping_["native"]["format"] == "xml";
      const auto inside = xml && i == 0 ? path : path + "#" + std::to_string(i);
      if (rule.contains("rules"))
        rules(rule["rules"], item(i), inside);
      else
        out_[inside] = needed(printed(rule["item"]["as"], "", item(i)));
    }
  }

  template <typename Item>
  void zip(const json& rule, int size, Item item, const std::string& at) {
    std::vector<Leaves> rows(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i)
      Writer(mapping_, rows[static_cast<std::size_t>(i)]).rules(rule["rules"], item(i), "");
    for (const auto& column : rule["rules"]) {
      if (!column.contains("n") || (column["kind"] == "derived" && column["dir"] == "get")) continue;
      std::vector<std::string> texts;
      for (auto& row : rows) texts.push_back(row[place("", column["n"])]);
      join(place(at, column["n"]), texts, rule["zip"]);
    }
  }

  void join(const std::string& path, const std::vector<std::string>& texts, const std::string& separator) {
    std::string out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Values::must(texts[i].find(separator) == std::string::npos);
      out += (i == 0 ? "" : separator) + texts[i];
    }
    if (!out.empty()) out_[path] = out;
  }

  static std::string needed(std::string text) {
    Values::must(!text.empty());
    return text;
  }

  // --- one value ---

  std::string printed(const json& as, const std::string& c, const Message& record) const {
    if (as.is_object() && as.contains("code")) return code(as, c, record);
    const std::string kind = as.is_string() ? as.get<std::string>() : as.begin().key();
    const json options = as.is_string() ? json::object() : as.begin().value();
    const auto field = field_of(record, c);
    if (kind == "date") return date(options["out"], field);
    if (!field.there()) return "";
    if (kind == "bool") return field.number() != 0 ? "true" : "false";
    if (kind == "int") return std::to_string(field.number());
    if (kind == "dec") {
      const std::size_t scale = options["unit"] == "fen" ? 0 : options["unit"] == "yuan" ? 2 : 6;
      Values::must(field.number() >= 0 && field.number() <= options.value("max", std::int64_t{1'000'000'000'000'000}));
      return money(field.number(), scale, options.value("frac", scale));
    }
    auto text = field.text();
    if (kind == "region") {
      if (text.find_first_not_of("0123456789") == std::string::npos && text.size() % 3 == 0)
        text.resize(options.value("digits", std::size_t{6}), '0');
      return text;
    }
    Values::must(!options.contains("max") || characters(text) <= options["max"].get<std::size_t>());
    return text;
  }

  static std::string date(const std::string& pattern, const Field& field) {
    if (!field.in->GetReflection()->HasField(*field.in, field.field)) return "";
    const auto& day = field.in->GetReflection()->GetMessage(*field.in, field.field);
    const auto part = [&](const char* name) { return field_of(day, name).number(); };
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] != '%') {
        out += pattern[i];
        continue;
      }
      const bool loose = pattern[i + 1] == '-';
      const char which = pattern[i += loose ? 2 : 1];
      out += which == 'Y' ? padded(part("year"), 4) : padded(part(which == 'm' ? "month" : "day"), loose ? 1 : 2);
    }
    return out;
  }

  std::string code(const json& as, const std::string& c, const Message& record) const {
    const json& set = mapping_["codesets"][as["code"].get<std::string>()];
    Field value{&record, nullptr};
    if (!c.empty()) value = field_of(record, c);
    std::string words;
    if (c.empty() || value.field->message_type() != nullptr) {
      const Message& coded = c.empty() ? record : value.in->GetReflection()->GetMessage(*value.in, value.field);
      words = field_of(coded, "native_text").text();
      value = field_of(coded, "canonical");
    } else if (as.contains("text")) {
      words = field_of(record, as["text"]).text();
    }
    const auto is_it = [&](const std::string& canonical) { return names(value, canonical); };
    const auto gap = set.value("gap", json("reject"));
    const std::string fallback = gap.is_object() ? gap["other"].get<std::string>() : "";
    const bool other = gap.is_object() && (fallback.empty() ? !value.there() : is_it(fallback));
    std::string usual;
    bool known = false;
    for (const auto& pair : set["pairs"]) {
      if (pair[0] == words && !words.empty()) known = true;
      if (!is_it(pair[1])) continue;
      if (pair[0] == words) return words;
      const auto prefer = set.value("prefer", json::object());
      if (!prefer.contains(pair[1].get<std::string>()) || prefer[pair[1].get<std::string>()] == pair[0])
        usual = pair[0];
    }
    const auto back = set.value("back_text", "never");
    const bool may = back == "always" || (back == "code" && like_a_code(set, words));
    if (!words.empty() && !known && other && may) return words;
    if (!usual.empty() || !set_at_all(value)) return usual;
    for (const auto& pair : set["pairs"]) {
      if (is_it(pair[1])) return usual;  // absent says it
    }
    const auto back_gap = set.value("back_gap", json("refuse"));
    if (back_gap.is_object()) return back_gap["code"];
    Values::must(back_gap == "omit");
    return "";
  }

  static bool set_at_all(const Field& value) {
    return value.is_text() || value.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM ? value.there() : true;
  }

  static bool names(const Field& value, const std::string& canonical) {
    if (value.is_text()) return !canonical.empty() && value.text() == canonical;
    if (value.field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return (canonical == "true") == (value.number() != 0);
    const auto& type = *value.field->enum_type();
    const auto* full = type.FindValueByName(canonical);
    return value.number() == (full != nullptr ? full->number() : schemas::parse_short(type, canonical).value_or(-1));
  }

  static bool like_a_code(const json& set, const std::string& text) {
    for (const auto& pair : set["pairs"]) {
      const std::string first = pair[0];
      if (first.empty()) continue;
      return text.size() == first.size() &&
             text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
                 std::string::npos;
    }
    return false;
  }

  const json& mapping_;
  Leaves& out_;
};

void flatten(const Tree& tree, const std::string& at, Leaves& out) {
  if (!tree.text.empty()) out[at] = tree.text;
  std::map<std::string, int> seen;
  for (const auto& [name, member] : tree.members) {
    const int i = seen[name]++;
    const auto place = name.empty() ? at : at + "/" + name;
    flatten(member, i == 0 && !name.empty() ? place : place + "#" + std::to_string(i), out);
  }
}

}  // namespace

Leaves leaves_of(const Tree& native) {
  Leaves out;
  flatten(native, "", out);
  return out;
}

std::optional<Leaves> Oracle::create(const Message& record) const {
  Leaves out;
  try {
    Writer(mapping_, out).rules(mapping_["rules"], record, "");
  } catch (const Refused&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace chuanyu::adapters::testing
