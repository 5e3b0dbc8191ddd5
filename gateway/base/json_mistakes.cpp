#include "gateway/base/json_mistakes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace chuanyu {

std::string json_pointer_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

namespace {

using Json = nlohmann::json;

// "line:column" of the byte with this number (from 1).
std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto here = before.substr(before.rfind('\n') + 1);
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };  // a character
  return std::to_string(line) + ":" + std::to_string(std::count_if(here.begin(), here.end(), begins) + 1);
}

// Follows the parser's events; the names are the parser's.
class Mistakes : public nlohmann::json_sax<Json> {
 public:
  explicit Mistakes(std::string_view text) : text_(text) {}
  std::vector<Error> found;

  bool null() override { return element(); }
  bool boolean(bool) override { return element(); }
  bool number_integer(number_integer_t) override { return element(); }
  bool number_unsigned(number_unsigned_t) override { return element(); }
  bool number_float(number_float_t, const string_t&) override { return element(); }
  bool string(string_t&) override { return element(); }
  bool binary(binary_t&) override { return element(); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.at = json_pointer_token(name);
    if (level.keys.insert(name).second) return true;
    std::string pointer;
    for (const Level& each : levels_) pointer += "/" + each.at;
    found.push_back(error(Code::CONFIG_VALUE, "同一对象中此键重复", pointer));
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& failure) override {
    // 406: a number that nothing can hold; otherwise what stands here is not JSON.
    const auto* const what = failure.id == 406 ? "含有无法表示的数值" : "此处不是合格的 JSON（UTF-8）";
    found.push_back(error(Code::CONFIG_SYNTAX, what, place(text_, position)));
    return false;
  }

 private:
  struct Level {
    bool array = false;
    std::size_t next = 0;  // of an array
    std::string at;        // present key or index
    std::set<std::string> keys;
  };

  bool element() {
    if (!levels_.empty() && levels_.back().array) levels_.back().at = std::to_string(levels_.back().next++);
    return true;
  }
  bool open(bool array) {
    element();
    levels_.push_back(Level{.array = array, .next = 0, .at = {}, .keys = {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string_view text_;
  std::vector<Level> levels_;
};

}  // namespace

std::vector<Error> json_mistakes(std::string_view text, const std::string& file) {
  Mistakes mistakes(text);
  Json::sax_parse(text, &mistakes, Json::input_format_t::json, true, true);
  for (auto& mistake : mistakes.found) {
    if (!file.empty()) mistake.where = file + (mistake.where.starts_with('/') ? "#" : ":") + mistake.where;
  }
  return std::move(mistakes.found);
}

}  // namespace chuanyu
