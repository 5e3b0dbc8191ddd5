#include "adapters/plugin/declaration.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/formats/charset.h"
#include "gateway/base/json_mistakes.h"

namespace chuanyu::adapters::plugin {
namespace {

using nlohmann::json;

json read_object(const std::string& file, std::vector<Error>& errors) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    errors.push_back(error(Code::CONFIG_UNREADABLE, "不能读取文件", file));
    return nullptr;
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (auto& mistake : json_mistakes(text, file)) errors.push_back(std::move(mistake));
  json value = json::parse(text, nullptr, false, true);
  if (value.is_object()) return value;
  if (!value.is_discarded()) errors.push_back(error(Code::CONFIG_SYNTAX, "应为一个 JSON 对象", file));
  return nullptr;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The members of one object; what is wrong with them is added to the errors, at their place.
class Members {
 public:
  Members(const json& object, std::string at, std::vector<Error>& errors)
      : object_(object), at_(std::move(at)), errors_(errors) {}

  void only(std::initializer_list<std::string_view> known) {
    for (const auto& [key, unused] : object_.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) wrong(Code::CONFIG_KEY_UNKNOWN, key, "没有这一项");
    }
  }
  std::string text(const char* key, std::size_t longest = 4096) {
    const auto found = object_.find(key);
    if (found == object_.end()) {
      errors_.push_back(error(Code::CONFIG_KEY_MISSING, std::string("缺少 ") + key, at_));
      return {};
    }
    if (found->is_string() && !found->get_ref<const std::string&>().empty() &&
        found->get_ref<const std::string&>().size() <= longest) {
      return found->get<std::string>();
    }
    wrong(Code::CONFIG_VALUE, key, "应为不空的文本，至多 " + std::to_string(longest) + " 字节");
    return {};
  }
  void number(const char* key, std::uint32_t low, std::uint32_t high, std::uint32_t& value) {
    const auto found = object_.find(key);
    if (found == object_.end()) return;
    if (found->is_number_unsigned() && found->get<std::uint64_t>() >= low && found->get<std::uint64_t>() <= high) {
      value = found->get<std::uint32_t>();
    } else {
      wrong(Code::CONFIG_VALUE, key, "应为 " + std::to_string(low) + " 至 " + std::to_string(high) + " 的整数");
    }
  }
  void wrong(Code code, const std::string& key, std::string detail) {
    errors_.push_back(error(code, std::move(detail), at_ + "/" + key));
  }

 private:
  const json& object_;
  std::string at_;
  std::vector<Error>& errors_;
};

void read_limits(const json& object, const std::string& file, Limits& limits, std::vector<Error>& errors) {
  const auto found = object.find("limits");
  if (found == object.end()) return;
  const std::string at = file + "#/limits";
  if (!found->is_object()) {
    errors.push_back(error(Code::CONFIG_VALUE, "应为对象", at));
    return;
  }
  Members members(*found, at, errors);
  members.only({"bytes", "memory_mib", "deadline_ms", "restarts"});
  members.number("bytes", 1, 1 << 20, limits.bytes);
  members.number("memory_mib", 1, 4096, limits.memory_mib);
  members.number("deadline_ms", 10, 60'000, limits.deadline_ms);
  members.number("restarts", 0, 1000, limits.restarts);
}

std::string read_config(const json& object, Members& members) {
  const auto found = object.find("config");
  if (found == object.end()) return "{}";
  std::string text = found->is_object() ? found->dump() : "";
  if (text.empty() || text.size() >= sizeof(Setup::config)) {
    members.wrong(Code::CONFIG_VALUE, "config",
                  "应为对象，至多 " + std::to_string(sizeof(Setup::config) - 1) + " 字节");
  }
  return text;
}

}  // namespace

std::optional<Declaration> parse_declaration(const std::string& file, std::vector<Error>& errors) {
  namespace fs = std::filesystem;
  const std::size_t before = errors.size();
  const json object = read_object(file, errors);
  if (object.is_null()) return std::nullopt;
  Members members(object, file + "#", errors);
  members.only({"plugin", "profile", "kind", "media_type", "charset", "library", "sha256", "isolation", "config",
                "samples", "limits"});
  Declaration d;
  d.file = file;
  d.plugin = members.text("plugin", sizeof(Setup::plugin) - 1);
  d.profile.id = members.text("profile");
  d.profile.syntax = Syntax::text;
  d.profile.media_type = members.text("media_type");
  d.profile.charset = members.text("charset");
  const std::string kind = members.text("kind");
  const std::string library = members.text("library");
  d.sha256 = members.text("sha256");
  const std::string isolation = members.text("isolation");
  d.in_process = isolation == "in-process";
  d.config = read_config(object, members);
  const std::string samples = object.contains("samples") ? members.text("samples") : "";
  read_limits(object, file, d.limits, errors);
  if (errors.size() > before) return std::nullopt;

  if (const auto parsed = parse_kind(kind); parsed.ok())
    d.profile.kind = *parsed;
  else
    members.wrong(Code::CONFIG_VALUE, "kind", "应为 credit | licence | case");
  if (Charset::find(d.profile.charset) == nullptr) {
    members.wrong(Code::CONFIG_VALUE, "charset", "应为 utf-8 | gb18030-2022 | gb18030-2000 | gbk");
  }
  if (!d.profile.media_type.starts_with("text/plain")) {
    members.wrong(Code::CONFIG_VALUE, "media_type", "应为 text/plain，插件的格式是一行一条记录的文本");
  }
  if (!is_sha256(d.sha256)) members.wrong(Code::CONFIG_VALUE, "sha256", "应为 64 个小写十六进制数字");
  if (isolation != "worker" && !d.in_process)
    members.wrong(Code::CONFIG_VALUE, "isolation", "应为 worker | in-process");
  const std::pair<const char*, const std::string*> beside[] = {{"library", &library}, {"samples", &samples}};
  for (const auto& [key, name] : beside) {
    if (name->find('/') != std::string::npos) members.wrong(Code::CONFIG_VALUE, key, "应为同一目录中的文件名");
  }
  if (fs::path(file).filename().string() != d.profile.id + std::string(kSuffix)) {
    members.wrong(Code::MAPPING_INVALID, "profile", "文件名应为 " + d.profile.id + std::string(kSuffix));
  }
  d.library = (fs::path(file).parent_path() / library).string();
  if (!samples.empty()) d.samples = (fs::path(file).parent_path() / samples).string();
  if (errors.size() > before) return std::nullopt;
  return d;
}

std::set<std::string> parse_allow_list(const std::string& file, std::vector<Error>& errors) {
  if (file.empty()) return {};
  const json object = read_object(file, errors);
  if (object.is_null()) return {};
  Members members(object, file + "#", errors);
  members.only({"in_process"});
  std::set<std::string> allowed;
  const json list = object.contains("in_process") ? object["in_process"] : json::array();
  for (const auto& digest : list.is_array() ? list : json::array({list})) {
    if (digest.is_string() && is_sha256(digest.get_ref<const std::string&>()))
      allowed.insert(digest.get<std::string>());
    else
      members.wrong(Code::CONFIG_VALUE, "in_process", "应为 64 个小写十六进制数字的数组");
  }
  return allowed;
}

}  // namespace chuanyu::adapters::plugin
