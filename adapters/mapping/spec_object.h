// adapters/mapping/spec_object.h: one JSON object of a mapping file being read; only for spec.cpp.
//
// Remembers which keys were asked for, so that finish() can report the others. What is mistaken is added to the errors
// with its pointer and answered with the fallback. Threads: one.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/error.h"
#include "gateway/base/json_mistakes.h"

namespace chuanyu::adapters {

class Object {
 public:
  Object(const nlohmann::json& value, std::string at, std::vector<Error>& errors)
      : value_(value), at_(std::move(at)), errors_(errors) {
    if (!value_.is_object()) wrong("", "应为对象");
  }
  const std::string& at() const { return at_; }
  std::string at(std::string_view key) const { return at_ + "/" + json_pointer_token(key); }

  const nlohmann::json* find(const char* key) {
    known_.insert(key);
    if (!value_.is_object()) return nullptr;
    const auto it = value_.find(key);
    return it == value_.end() ? nullptr : &*it;
  }
  bool has(const char* key) { return find(key) != nullptr; }

  std::optional<std::string> text(const char* key) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return std::nullopt;
    if (!found->is_string()) {
      wrong(key, "应为文本");
      return std::nullopt;
    }
    return found->get<std::string>();
  }
  std::string need(const char* key) {
    auto got = text(key);
    if (!got && !has(key)) missing(key);
    return got.value_or("");
  }
  std::string one_of(const char* key, std::string fallback, std::initializer_list<std::string_view> allowed) {
    const auto got = text(key);
    if (!got) return fallback;
    if (std::find(allowed.begin(), allowed.end(), *got) != allowed.end()) return *got;
    std::string list;
    for (const auto& word : allowed) list += (list.empty() ? "" : " | ") + std::string(word);
    wrong(key, "应为 " + list);
    return fallback;
  }
  bool flag(const char* key) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return false;
    if (!found->is_boolean()) return wrong(key, "应为 true 或 false"), false;
    return found->get<bool>();
  }
  std::int64_t number(const char* key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return fallback;
    if (!found->is_number_integer() || found->get<std::int64_t>() < low || found->get<std::int64_t>() > high) {
      wrong(key, "应为 " + std::to_string(low) + " 至 " + std::to_string(high) + " 的整数");
      return fallback;
    }
    return found->get<std::int64_t>();
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> out;
    const nlohmann::json* found = find(key);
    if (found == nullptr) return out;
    if (!found->is_array()) return wrong(key, "应为文本数组"), out;
    for (const auto& item : *found) {
      if (!item.is_string()) return wrong(key, "应为文本数组"), out;
      out.push_back(item.get<std::string>());
    }
    return out;
  }
  void finish() {
    if (!value_.is_object()) return;
    for (const auto& [key, unused] : value_.items()) {
      if (!known_.contains(key)) errors_.push_back(error(Code::CONFIG_KEY_UNKNOWN, "没有这一项", at(key)));
    }
  }
  void wrong(std::string_view key, std::string detail) {
    errors_.push_back(error(Code::CONFIG_VALUE, std::move(detail), key.empty() ? at_ : at(key)));
  }
  void missing(std::string_view key) {
    errors_.push_back(error(Code::CONFIG_KEY_MISSING, "缺少 " + std::string(key), at_));
  }
  std::vector<Error>& errors() { return errors_; }

 private:
  const nlohmann::json& value_;
  std::string at_;
  std::vector<Error>& errors_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace chuanyu::adapters
