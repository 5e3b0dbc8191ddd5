#include "gateway/http/request_json.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace chuanyu::http {
namespace {

using nlohmann::json;

constexpr int kDepth = 64;
constexpr std::size_t kTextBytes = 4096;

// Follows the parser and sees what nlohmann would let pass: duplicate keys and deep nesting.
class Watch {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& value) {
    using Event = json::parse_event_t;
    deep_ = deep_ || depth > kDepth;
    if (deep_) return false;  // from here on not every beginning is followed by its end
    if (event == Event::object_end || event == Event::array_end) {
      frames_.pop_back();
    } else if (event == Event::key) {
      enter(value.get<std::string>());
    } else {
      if (!frames_.empty() && frames_.back().list) frames_.back().at = std::to_string(frames_.back().count++);
      if (event != Event::value) frames_.push_back({event == Event::array_start, {}, {}, 0});
    }
    return true;
  }
  bool deep() const { return deep_; }
  const std::string& duplicate() const { return duplicate_; }  // JSON pointer; empty: none

 private:
  struct Frame {
    bool list = false;
    std::set<std::string> keys;
    std::string at;  // key or index of the member that is being read
    std::size_t count = 0;
  };

  void enter(std::string key) {
    frames_.back().at = key;
    if (frames_.back().keys.insert(std::move(key)).second || !duplicate_.empty()) return;
    for (const Frame& frame : frames_) {
      duplicate_.push_back('/');
      for (const char c : frame.at) duplicate_.append(c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c));
    }
  }

  std::vector<Frame> frames_;
  std::string duplicate_;
  bool deep_ = false;
};

Result<json> parse_strict(std::string_view body) {
  Watch watch;
  try {
    json document = json::parse(body, std::ref(watch));
    if (watch.deep()) return error(Code::RECORD_TOO_DEEP, "嵌套超过 64 层");
    if (!watch.duplicate().empty()) return error(Code::RECORD_DUPLICATE_KEY, "同一对象中字段名重复", watch.duplicate());
    if (!document.is_object()) return error(Code::CLIENT_JSON_INVALID, "请求体须为 JSON 对象");
    return document;
  } catch (const json::parse_error& failure) {
    if (watch.deep()) return error(Code::RECORD_TOO_DEEP, "嵌套超过 64 层");
    return error(Code::CLIENT_JSON_INVALID, "在第 " + std::to_string(failure.byte) + " 字节处不合 JSON 语法");
  } catch (const json::exception&) {
    return error(Code::CLIENT_JSON_INVALID, "不是 UTF-8 编码的 JSON");
  }
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

std::size_t skip_string(std::string_view text, std::size_t at) {  // at: the opening quote
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// The end of the value that starts at `at`, in text that is known to be JSON.
std::size_t skip_value(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
      ++at;
    } else if (c == ',' && depth == 0) {
      return at;
    } else {
      ++at;
      continue;
    }
    if (depth == 0) return at;
  }
  return at;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

// The bytes of a member of the outermost object.
std::string_view raw_member(std::string_view object, std::string_view name) {
  std::size_t at = skip_space(object, 0) + 1;  // past '{'
  while (true) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] == '}') return {};
    const std::size_t key_end = skip_string(object, at);
    const std::string key = json::parse(object.substr(at, key_end - at)).get<std::string>();
    at = skip_space(object, skip_space(object, key_end) + 1);  // past ':'
    const std::size_t end = skip_value(object, at);
    if (key == name) return trimmed(object.substr(at, end - at));
    at = skip_space(object, end);
    if (at < object.size() && object[at] == ',') ++at;
  }
}

}  // namespace

struct RequestJson::Impl {
  std::string_view body;
  json document;
  std::string pointer;
  std::set<std::string, std::less<>> asked;
  Status failure;

  const json* find(std::string_view name) {
    asked.emplace(name);
    const auto found = document.find(std::string(name));
    return found == document.end() || found->is_null() ? nullptr : &*found;
  }
  std::string place(std::string_view name) const { return pointer + "/" + std::string(name); }
  void fail(Code code, std::string detail, std::string where) {
    if (failure.ok()) failure = error(code, std::move(detail), std::move(where));
  }
};

RequestJson::RequestJson(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestJson::RequestJson(RequestJson&&) noexcept = default;
RequestJson& RequestJson::operator=(RequestJson&&) noexcept = default;
RequestJson::~RequestJson() = default;

Result<RequestJson> RequestJson::parse(std::string_view body) {
  CHUANYU_TRY(json document, parse_strict(body));
  auto impl = std::make_unique<Impl>();
  impl->body = body;
  impl->document = std::move(document);
  return RequestJson(std::move(impl));
}

std::string RequestJson::text(std::string_view name, bool mandatory) {
  const json* value = impl_->find(name);
  if (value == nullptr) {
    if (mandatory) impl_->fail(Code::CLIENT_FIELD_MISSING, "必填", impl_->place(name));
    return {};
  }
  if (!value->is_string()) {
    impl_->fail(Code::CLIENT_FIELD_INVALID, "须为字符串", impl_->place(name));
    return {};
  }
  std::string text = value->get<std::string>();
  if (mandatory && text.empty()) impl_->fail(Code::CLIENT_FIELD_MISSING, "不得为空", impl_->place(name));
  if (text.size() > kTextBytes) impl_->fail(Code::CLIENT_FIELD_INVALID, "超过 4096 字节", impl_->place(name));
  return text;
}

std::vector<std::string> RequestJson::texts(std::string_view name) {
  std::vector<std::string> list;
  const json* value = impl_->find(name);
  if (value == nullptr) return list;
  if (!value->is_array()) {
    impl_->fail(Code::CLIENT_FIELD_INVALID, "须为字符串数组", impl_->place(name));
    return list;
  }
  for (const json& item : *value) {
    if (!item.is_string()) {
      impl_->fail(Code::CLIENT_FIELD_INVALID, "须为字符串", impl_->place(name) + "/" + std::to_string(list.size()));
      return list;
    }
    list.push_back(item.get<std::string>());
  }
  return list;
}

std::optional<std::int64_t> RequestJson::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const json* value = impl_->find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() || *value < least || *value > most) {
    impl_->fail(Code::CLIENT_FIELD_INVALID, "须为 " + std::to_string(least) + " 至 " + std::to_string(most) + " 的整数",
                impl_->place(name));
    return std::nullopt;
  }
  return value->get<std::int64_t>();
}

std::optional<Uuid> RequestJson::uuid(std::string_view name) {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  const auto id = Uuid::parse(value);
  if (!id) impl_->fail(Code::CLIENT_FIELD_INVALID, "须为 UUID", impl_->place(name));
  return id;
}

std::optional<TimeUs> RequestJson::time(std::string_view name) {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  const auto time = parse_rfc3339(value);
  if (!time) impl_->fail(Code::CLIENT_FIELD_INVALID, "须为带时区的 RFC 3339 时间", impl_->place(name));
  return time;
}

std::optional<RequestJson> RequestJson::object(std::string_view name) {
  const json* value = impl_->find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) {
    impl_->fail(Code::CLIENT_FIELD_INVALID, "须为对象", impl_->place(name));
    return std::nullopt;
  }
  auto inner = std::make_unique<Impl>();
  inner->body = raw_member(impl_->body, name);
  inner->document = *value;
  inner->pointer = impl_->place(name);
  return RequestJson(std::move(inner));
}

std::string_view RequestJson::raw(std::string_view name) {
  return impl_->find(name) == nullptr ? std::string_view() : raw_member(impl_->body, name);
}

Status RequestJson::status() const {
  if (!impl_->failure.ok()) return impl_->failure;
  for (const auto& [name, value] : impl_->document.items()) {
    if (!impl_->asked.contains(name)) return error(Code::CLIENT_FIELD_UNKNOWN, "接口没有这一字段", impl_->place(name));
  }
  return {};
}

void RequestJson::include(const RequestJson& inner) {
  const Status status = inner.status();
  if (!status.ok() && impl_->failure.ok()) impl_->failure = status;
}

Result<std::string> unquoted(std::string_view literal) {
  const json value = json::parse(literal, nullptr, false);
  if (!value.is_string()) return error(Code::CLIENT_FIELD_INVALID, "须为字符串");
  return value.get<std::string>();
}

}  // namespace chuanyu::http
