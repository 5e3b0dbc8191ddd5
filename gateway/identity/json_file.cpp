#include "gateway/identity/json_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gateway/base/json_mistakes.h"

namespace chuanyu::identity {
namespace {

using Json = nlohmann::json;

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} * 1024 * 1024;

const Json& as_json(const void* value) { return *static_cast<const Json*>(value); }

}  // namespace

struct JsonFile::Impl {
  Json json;
};

JsonFile::JsonFile(std::string_view text) : impl_(std::make_unique<Impl>()) {
  errors_ = json_mistakes(text);
  impl_->json = Json::parse(text, nullptr, false, true);
  if (!impl_->json.is_discarded() && !impl_->json.is_object()) {
    errors_.push_back(error(Code::CONFIG_SYNTAX, "最外层应为对象", "1:1"));
  }
}

JsonFile::~JsonFile() = default;

std::optional<JsonNode> JsonFile::root() {
  if (!impl_->json.is_object()) return std::nullopt;
  return JsonNode(*this, &impl_->json, "");
}

void JsonNode::only_keys(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : as_json(value_).items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      fail(Code::CONFIG_KEY_UNKNOWN, "未知的键", pointer(key));
    }
  }
}

bool JsonNode::has(std::string_view key) const { return as_json(value_).contains(key); }

std::string JsonNode::pointer(std::string_view key) const { return pointer_ + "/" + json_pointer_token(key); }

void JsonNode::fail(Code code, std::string detail, std::string pointer) const {
  file_->errors().push_back(error(code, std::move(detail), std::move(pointer)));
}

const void* JsonNode::member(std::string_view key, Need need) const {
  const Json& json = as_json(value_);
  if (const auto found = json.find(key); found != json.end()) return &*found;
  if (need == Need::mandatory) fail(Code::CONFIG_KEY_MISSING, "缺少此键", pointer(key));
  return nullptr;
}

std::optional<std::string> JsonNode::text(std::string_view key, Need need) const {
  const void* value = member(key, need);
  if (value == nullptr) return std::nullopt;
  const auto* text = as_json(value).get_ptr<const std::string*>();
  if (text == nullptr || (need == Need::mandatory && text->empty())) {
    fail(Code::CONFIG_VALUE, need == Need::mandatory ? "应为非空文本" : "应为文本", pointer(key));
    return std::nullopt;
  }
  return *text;
}

bool JsonNode::flag(std::string_view key, bool fallback) const {
  const void* value = member(key, Need::optional);
  if (value == nullptr) return fallback;
  if (const auto* flag = as_json(value).get_ptr<const bool*>(); flag != nullptr) return *flag;
  fail(Code::CONFIG_VALUE, "应为 true 或 false", pointer(key));
  return fallback;
}

std::vector<JsonText> JsonNode::texts(std::string_view key, Need need) const {
  std::vector<JsonText> out;
  const void* value = member(key, need);
  if (value == nullptr) return out;
  const Json& array = as_json(value);
  if (!array.is_array() || (need == Need::mandatory && array.empty())) {
    fail(Code::CONFIG_VALUE, need == Need::mandatory ? "应为非空的文本数组" : "应为文本数组", pointer(key));
    return out;
  }
  for (std::size_t i = 0; i < array.size(); ++i) {
    std::string at = pointer(key) + "/" + std::to_string(i);
    if (array[i].is_string()) {
      out.push_back({.key = {}, .text = array[i].get<std::string>(), .pointer = std::move(at)});
    } else {
      fail(Code::CONFIG_VALUE, "应为文本", std::move(at));
    }
  }
  return out;
}

std::vector<JsonText> JsonNode::members(std::string_view key) const {
  std::vector<JsonText> out;
  const auto node = object(key, Need::optional);
  if (!node) return out;
  for (const auto& [name, value] : as_json(node->value_).items()) {
    if (value.is_string()) {
      out.push_back({.key = name, .text = value.get<std::string>(), .pointer = node->pointer(name)});
    } else {
      fail(Code::CONFIG_VALUE, "应为文本", node->pointer(name));
    }
  }
  return out;
}

std::optional<JsonNode> JsonNode::object(std::string_view key, Need need) const {
  const void* value = member(key, need);
  if (value == nullptr) return std::nullopt;
  if (as_json(value).is_object()) return JsonNode(*file_, value, pointer(key));
  fail(Code::CONFIG_VALUE, "应为对象", pointer(key));
  return std::nullopt;
}

std::vector<JsonNode> JsonNode::objects(std::string_view key, Need need) const {
  std::vector<JsonNode> out;
  const void* value = member(key, need);
  if (value == nullptr) return out;
  const Json& array = as_json(value);
  if (!array.is_array()) {
    fail(Code::CONFIG_VALUE, "应为对象数组", pointer(key));
    return out;
  }
  for (std::size_t i = 0; i < array.size(); ++i) {
    std::string at = pointer(key) + "/" + std::to_string(i);
    if (array[i].is_object()) {
      out.push_back(JsonNode(*file_, &array[i], std::move(at)));
    } else {
      fail(Code::CONFIG_VALUE, "应为对象", std::move(at));
    }
  }
  return out;
}

Result<std::string> read_text_file(const std::string& path) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);  // fails for folders and what is not there
  if (problem) return error(Code::CONFIG_UNREADABLE, "不能读取：" + problem.message(), path);
  if (size > kMaxFileBytes) return error(Code::CONFIG_UNREADABLE, "文件超过 64 MiB", path);
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size()))) {
    return error(Code::CONFIG_UNREADABLE, std::string("不能读取：") + std::strerror(errno), path);
  }
  return text;
}

}  // namespace chuanyu::identity
