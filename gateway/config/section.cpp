#include "gateway/config/section.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gateway/base/json_mistakes.h"
#include "gateway/base/nearest.h"

namespace chuanyu::config {
namespace {

std::string octal(mode_t mode) {
  const char digits[] = {'0', static_cast<char>('0' + ((mode >> 6) & 7)), static_cast<char>('0' + ((mode >> 3) & 7)),
                         static_cast<char>('0' + (mode & 7)), '\0'};
  return digits;
}

// The folder itself or its nearest ancestor that exists must let us write.
std::string made_folder_problem(const std::string& path) {
  std::string at = path;
  struct stat info {};
  while (::stat(at.c_str(), &info) != 0) {
    if (errno != ENOENT) return std::string("不能访问：") + std::strerror(errno);
    const auto slash = at.find_last_of('/');
    if (slash == std::string::npos) {
      at = ".";
    } else {
      at = slash == 0 ? "/" : at.substr(0, slash);
    }
  }
  if (!S_ISDIR(info.st_mode)) return "应为目录，但所在位置是文件";
  if (::access(at.c_str(), W_OK | X_OK) != 0) return "目录不可写";
  return {};
}

// Empty when the file is as it should be.
std::string file_problem(const std::string& path, FileKind kind) {
  if (kind == FileKind::made) return made_folder_problem(path);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string("不能访问：") + std::strerror(errno);
  if (kind == FileKind::folder) {
    if (!S_ISDIR(info.st_mode)) return "应为目录";
    return ::access(path.c_str(), R_OK | X_OK) == 0 ? "" : "目录不可读";
  }
  if (!S_ISREG(info.st_mode)) return "应为普通文件";
  if (::access(path.c_str(), R_OK) != 0) return "文件不可读";
  if (kind == FileKind::open) return info.st_size > 0 ? "" : "文件为空";
  if ((info.st_mode & 077) != 0) return "密钥文件的权限为 " + octal(info.st_mode) + "，应为 0600（仅属主可读）";
  if (kind == FileKind::kek && info.st_size != 32) {
    return "密钥加密密钥应恰为 32 字节，实为 " + std::to_string(info.st_size) + " 字节";
  }
  return info.st_size > 0 ? "" : "文件为空";
}

const char* type_name(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::null: return "null";
    case nlohmann::json::value_t::object: return "对象";
    case nlohmann::json::value_t::array: return "数组";
    case nlohmann::json::value_t::string: return "文本";
    case nlohmann::json::value_t::boolean: return "布尔值";
    case nlohmann::json::value_t::number_float: return "小数";
    default: return "整数";
  }
}

}  // namespace

void Reading::fail(Code code, std::string detail, const std::string& pointer) {
  errors.push_back(error(code, std::move(detail), path + "#" + pointer));
}

Section::Section(Reading& reading, const nlohmann::json* value, std::string pointer)
    : reading_(reading), value_(value), pointer_(std::move(pointer)) {
  if (value_ != nullptr && !value_->is_object()) {
    reading_.fail(Code::CONFIG_VALUE, std::string("应为对象，实为") + type_name(*value_), pointer_);
    value_ = nullptr;
  }
}

const nlohmann::json* Section::member(const char* key, Need need) {
  known_.emplace_back(key);
  if (value_ != nullptr) {
    if (const auto found = value_->find(key); found != value_->end()) return &*found;
  }
  if (need == Need::mandatory) fail(Code::CONFIG_KEY_MISSING, std::string("缺少 ") + key, key);
  return nullptr;
}

Section Section::object(const char* key, Need need) { return {reading_, member(key, need), pointer(key)}; }

std::string Section::pointer(std::string_view key) const { return pointer_ + "/" + json_pointer_token(key); }

void Section::fail(Code code, std::string detail, std::string_view key) {
  reading_.fail(code, std::move(detail), pointer(key));
}

void Section::text(const char* key, std::string& out, Need need) {
  text(
      key, out, need, [need](const std::string& value) { return need == Need::optional || !value.empty(); },
      "非空文本");
}

void Section::text(const char* key, std::string& out, Need need, const std::function<bool(const std::string&)>& fits,
                   std::string_view wanted) {
  const auto* value = member(key, need);
  if (value == nullptr) return;
  if (!value->is_string()) {
    fail(Code::CONFIG_VALUE, "应为" + std::string(wanted) + "，实为" + type_name(*value), key);
    return;
  }
  const auto& read = value->get_ref<const std::string&>();
  if (!fits(read)) {
    fail(Code::CONFIG_VALUE, "应为" + std::string(wanted) + "，实为 \"" + read + "\"", key);
    return;
  }
  out = read;
}

void Section::boolean(const char* key, bool& out) {
  const auto* value = member(key);
  if (value == nullptr) return;
  if (!value->is_boolean()) {
    fail(Code::CONFIG_VALUE, std::string("应为 true 或 false，实为") + type_name(*value), key);
    return;
  }
  out = value->get<bool>();
}

void Section::file(const char* key, std::string& out, FileKind kind, Need need) {
  const auto before = reading_.errors.size();
  std::string written;
  text(key, written, need);
  if (reading_.errors.size() != before || written.empty()) return;
  out = written.front() == '/' ? written : reading_.folder + written;
  if (reading_.files == Files::ignore) return;
  if (auto problem = file_problem(out, kind); !problem.empty()) {
    fail(Code::CONFIG_UNREADABLE, written + "：" + problem, key);
  }
}

std::optional<std::int64_t> Section::integer(const char* key, std::int64_t least, std::int64_t most) {
  const auto* value = member(key);
  if (value == nullptr) return std::nullopt;
  const std::string wanted = "应为 " + std::to_string(least) + " 至 " + std::to_string(most) + " 的整数，实为";
  if (!value->is_number_integer()) {
    fail(Code::CONFIG_VALUE, wanted + type_name(*value), key);
    return std::nullopt;
  }
  const bool too_large = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
  if (too_large || value->get<std::int64_t>() < least) {
    fail(Code::CONFIG_VALUE, wanted + " " + value->dump(), key);
    return std::nullopt;
  }
  return value->get<std::int64_t>();
}

void Section::duration(const char* key, std::chrono::milliseconds& out, std::int64_t least, std::int64_t most) {
  if (const auto read = integer(key, least, most)) out = std::chrono::milliseconds(*read);
}

void Section::finish() {
  if (value_ == nullptr) return;
  for (const auto& item : value_->items()) {
    if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
    const auto meant = nearest(item.key(), known_);
    fail(Code::CONFIG_KEY_UNKNOWN, meant.empty() ? "没有这个配置项" : "没有这个配置项；是否应为 \"" + meant + "\"？",
         item.key());
  }
}

}  // namespace chuanyu::config
