#include "gateway/config/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "gateway/base/json_mistakes.h"
#include "gateway/config/section.h"

namespace chuanyu::config {
namespace {

using nlohmann::json;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kMebibyte = 1024 * 1024;
constexpr std::size_t kLargestFile = 4 * kMebibyte;

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// The form only; check digits belong to the room `schemas`, and the directory checks them.
bool is_uscc_shaped(const std::string& text) {
  static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  return text.size() == 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_region(const std::string& text) { return text.size() == 6 && is_digits(text); }

// Stands on the first line of a checkpoint and in a key's name: no space, no '+'.
bool is_origin(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '+'; });
}

bool is_origin_or_none(const std::string& text) { return text.empty() || is_origin(text); }

bool is_address(const std::string& text) {
  unsigned char buffer[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), buffer) == 1 || ::inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

bool is_https_url(const std::string& text) {
  static constexpr std::string_view kScheme = "https://";
  if (text.rfind(kScheme, 0) != 0) return false;
  const std::string rest = text.substr(kScheme.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string port = rest.substr(colon + 1);
  return is_digits(port) && port.size() <= 5 && std::stoul(port) >= 1 && std::stoul(port) <= 65535 &&
         rest.find_first_of("/?# @") == std::string::npos;
}

bool is_log_level(const std::string& text) {
  return text == "debug" || text == "info" || text == "warn" || text == "error";
}

void read_gateway(Section section, Gateway& out) {
  section.text("id", out.id, Need::mandatory, is_id, "1 至 16 个小写字母、数字或连字符");
  section.text("uscc", out.uscc, Need::mandatory, is_uscc_shaped, " 18 位统一社会信用代码");
  section.text("name", out.name, Need::mandatory);
  section.text("region", out.region, Need::mandatory, is_region, " 6 位行政区划代码");
  section.text("origin", out.origin, Need::mandatory, is_origin, "不含空格与加号的 ASCII 文本（至多 64 个字符）");
  section.finish();
}

void read_listen(Section section, Listen& out) {
  section.text("address", out.address, Need::optional, is_address, " IP 地址");
  section.number("port", out.port, 0, 65535);
  section.text("admin_address", out.admin_address, Need::optional, is_address, " IP 地址");
  section.number("admin_port", out.admin_port, 0, 65535);
  section.finish();
  if (out.port != 0 && out.port == out.admin_port && out.address == out.admin_address) {
    section.fail(Code::CONFIG_VALUE, "admin_port 与 port 相同", "admin_port");
  }
}

void read_tls(Section section, Tls& out) {
  section.file("certificate", out.certificate, FileKind::open);
  section.file("key", out.key, FileKind::secret);
  section.file("trust", out.trust, FileKind::open);
  section.file("crl", out.crl, FileKind::open);
  section.boolean("allow_tls12", out.allow_tls12);
  section.text("ciphersuites", out.ciphersuites);
  section.text("groups", out.groups);
  section.text("signature_algorithms", out.signature_algorithms);
  section.finish();
}

void read_keys(Section section, Keys& out) {
  section.file("log_key", out.log_key, FileKind::secret);
  section.file("old_log_key", out.old_log_key, FileKind::secret, Need::optional);
  section.file("sm2_log_key", out.sm2_log_key, FileKind::secret, Need::optional);
  section.file("kek", out.kek, FileKind::kek);
  section.number("kek_epoch", out.kek_epoch, 1, 0xffff'ffff);
  section.finish();
}

void read_crypto(Section section, const Keys& keys, Crypto& out) {
  static const auto kIsProfile = [](const std::string& text) { return text == "international" || text == "sm"; };
  section.text("profile", out.profile, Need::optional, kIsProfile, " international 或 sm");
  section.finish();
  if (out.profile == "sm" && keys.sm2_log_key.empty()) {
    section.fail(Code::CONFIG_VALUE, "国密（sm）需要 SM2 日志签名密钥：请填 keys.sm2_log_key", "profile");
  }
}

void read_limits(Section section, Limits& out) {
  section.number("connections", out.connections, 1, 1'000'000);
  section.number("connections_per_address", out.connections_per_address, 1, 1'000'000);
  section.number("header_count", out.header_count, 8, 10'000);
  section.number("header_bytes", out.header_bytes, 1024, kMebibyte);
  section.number("target_bytes", out.target_bytes, 256, 64 * 1024);
  section.number("body_bytes", out.body_bytes, 1024, 64 * kMebibyte);
  section.number("stream_bytes", out.stream_bytes, 1024, std::int64_t{1} << 40);
  section.duration("handshake_ms", out.handshake, 100, kHourMs);
  section.duration("request_ms", out.request, 100, kHourMs);
  section.duration("idle_ms", out.idle, 100, 24 * kHourMs);
  section.duration("write_ms", out.write, 100, kHourMs);
  section.duration("stream_stall_ms", out.stream_stall, 100, kHourMs);
  section.number("requests_per_second", out.requests_per_second, 0, 1'000'000);
  section.duration("query_wait_ms_max", out.query_wait_max, 0, kHourMs);
  section.number("query_records", out.query_records, 1, 10'000);
  section.finish();
}

void read_peer(Section section, const Config& config, Peer& out, std::set<std::string>& ids) {
  section.text("id", out.id, Need::mandatory, is_id, "1 至 16 个小写字母、数字或连字符");
  section.text("url", out.url, Need::mandatory, is_https_url, " https://主机:端口");
  section.file("log_key", out.log_key, FileKind::open);
  section.text("log_origin", out.log_origin, Need::optional, is_origin_or_none,
               "不含空格与加号的 ASCII 文本（至多 64 个字符）");
  section.duration("retry_min_ms", out.retry_min, 10, kHourMs);
  section.duration("retry_max_ms", out.retry_max, 10, 24 * kHourMs);
  section.finish();
  if (out.retry_min > out.retry_max) section.fail(Code::CONFIG_VALUE, "retry_max_ms 小于 retry_min_ms", "retry_max_ms");
  if (!out.id.empty() && out.id == config.gateway.id) section.fail(Code::CONFIG_VALUE, "对端的 id 与本网关相同", "id");
  if (!out.id.empty() && !ids.insert(out.id).second) section.fail(Code::CONFIG_VALUE, "对端的 id 重复", "id");
}

void read_witness(Section section, Witness& out) {
  section.file("policy", out.policy, FileKind::open, Need::optional);
  section.text("name", out.name, Need::optional, is_origin_or_none, "不含空格与加号的 ASCII 文本（至多 64 个字符）");
  section.file("key", out.key, FileKind::secret, Need::optional);
  section.duration("every_ms", out.every, 10, kHourMs);
  section.number("grace_seconds", out.grace_seconds, 1, 86'400 * 30);
  section.number("entangle_seconds", out.entangle_seconds, 1, 86'400);
  section.finish();
  if (!out.key.empty() && out.name.empty()) section.fail(Code::CONFIG_KEY_MISSING, "有私钥而没有见证方名称", "name");
}

void read_peers(Reading& reading, Section& top, Config& config) {
  const auto* list = top.member("peers");
  if (list == nullptr) return;
  if (!list->is_array()) {
    top.fail(Code::CONFIG_VALUE, "应为数组", "peers");
    return;
  }
  std::set<std::string> ids;
  for (std::size_t i = 0; i < list->size(); ++i) {
    Peer peer;
    read_peer(Section(reading, &(*list)[i], top.pointer("peers") + "/" + std::to_string(i)), config, peer, ids);
    config.peers.push_back(std::move(peer));
  }
}

void read_checks(Reading& reading, Section& top, Config& config) {
  static const auto kIsAction = [](const std::string& text) {
    return text == "reject" || text == "quarantine" || text == "warn";
  };
  const auto* sources = top.member("checks");
  if (sources == nullptr) return;
  if (!sources->is_object()) {
    top.fail(Code::CONFIG_VALUE, "应为对象：统一社会信用代码（或 \"*\"）→ 检查名 → reject、quarantine 或 warn",
             "checks");
    return;
  }
  for (const auto& source : sources->items()) {
    const std::string at = top.pointer("checks") + "/" + json_pointer_token(source.key());
    if (source.key() != "*" && !is_uscc_shaped(source.key())) {
      reading.fail(Code::CONFIG_VALUE, "来源应为 18 位统一社会信用代码或 \"*\"", at);
    }
    Section section(reading, &source.value(), at);
    for (const char* name : {"uscc", "org_code", "id_number", "licence_id", "region"}) {
      std::string action;
      section.text(name, action, Need::optional, kIsAction, " reject、quarantine 或 warn");
      if (!action.empty()) config.checks[source.key()][name] = action;
    }
    section.finish();
  }
}

// 0, or not less than the law's time.
void read_months(Section& section, const char* key, unsigned& out) {
  section.number(key, out, 0, 1'200);
  if (out == 0 || out >= Retention::kLeast) return;
  section.fail(Code::CONFIG_VALUE, "保存期限应为 0（永久）或至少 " + std::to_string(Retention::kLeast) + " 个月", key);
}

void read_retention(Section section, Retention& out) {
  read_months(section, "keep_months", out.keep_months);
  if (const auto* kinds = section.member("kinds"); kinds != nullptr && kinds->is_object()) {
    Section each = section.object("kinds");
    for (const auto& kind : kinds->items()) read_months(each, kind.key().c_str(), out.kinds[kind.key()]);
    each.finish();
  } else if (kinds != nullptr) {
    section.fail(Code::CONFIG_VALUE, "应为对象：记录或消息种类 → 月数", "kinds");
  }
  section.finish();
}

Config read_all(Reading& reading, const json& document) {
  Config config;
  config.path = reading.path;
  Section top(reading, &document, "");
  read_gateway(top.object("gateway", Need::mandatory), config.gateway);
  top.file("data", config.data, FileKind::made);
  read_listen(top.object("listen"), config.listen);
  read_tls(top.object("tls", Need::mandatory), config.tls);
  read_keys(top.object("keys", Need::mandatory), config.keys);
  read_crypto(top.object("crypto"), config.keys, config.crypto);
  top.file("directory", config.directory, FileKind::open);
  top.file("policy", config.policy, FileKind::open);
  top.file("adapters", config.adapters, FileKind::folder);
  top.file("plugins_in_process", config.plugins_in_process, FileKind::open, Need::optional);
  top.file("accepted_mappings", config.accepted_mappings, FileKind::open, Need::optional);
  read_peers(reading, top, config);
  read_witness(top.object("witness"), config.witness);
  read_checks(reading, top, config);
  read_limits(top.object("limits"), config.limits);

  Section threads = top.object("threads");
  threads.number("loops", config.threads.loops, 0, 256);
  threads.number("workers", config.threads.workers, 0, 1024);
  threads.number("stream_workers", config.threads.stream_workers, 1, 256);
  threads.finish();

  Section exchange = top.object("exchange");
  exchange.number("default_expiry_hours", config.exchange.default_expiry_hours, 1, 24 * 365);
  exchange.duration("query_wait_ms", config.exchange.query_wait, 0, kHourMs);
  exchange.finish();
  if (config.exchange.query_wait > config.limits.query_wait_max) {
    exchange.fail(Code::CONFIG_VALUE, "query_wait_ms 大于 limits.query_wait_ms_max", "query_wait_ms");
  }

  static const auto kIsShard = [](const std::string& text) { return text == "quarterly" || text == "never"; };
  Section log = top.object("log");
  log.text("shard", config.log.shard, Need::optional, kIsShard, " quarterly 或 never");
  log.finish();

  Section disk = top.object("disk");
  disk.number("refuse_percent", config.disk.refuse_percent, 1, 100);
  disk.number("ballast_mb", config.disk.ballast_mb, 0, 1024 * 1024);
  disk.number("scrub_entries_per_second", config.disk.scrub_entries_per_second, 0, 1'000'000);
  disk.finish();

  read_retention(top.object("retention"), config.retention);

  top.text("log_level", config.log_level, Need::optional, is_log_level, " debug、info、warn 或 error");
  top.finish();
  return config;
}

// Notes every key that stands twice in one object; nlohmann would keep the last one silently.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(Reading& reading) : reading_(reading) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == json::parse_event_t::key && !open_.empty()) {
      auto key = value.get<std::string>();
      if (!open_.back().insert(key).second) {
        reading_.fail(Code::CONFIG_SYNTAX, "同一对象中重复的配置项 \"" + key + "\"", "");
      }
    }
    return true;
  }

 private:
  Reading& reading_;
  std::vector<std::set<std::string>> open_;
};

std::string position(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, std::min(text.size(), byte == 0 ? 0 : byte - 1));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return "第 " + std::to_string(line) + " 行第 " + std::to_string(column) + " 字节处";
}

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

}  // namespace

Loaded parse(std::string_view text, const std::string& path, Files files) {
  Reading reading{path, folder_of(path), files, {}};
  json document;
  try {
    document = json::parse(text.begin(), text.end(), DuplicateFinder(reading), /*allow_exceptions=*/true,
                           /*ignore_comments=*/true);
  } catch (const json::parse_error& failure) {
    reading.fail(Code::CONFIG_SYNTAX, position(text, failure.byte) + "不是合规的 JSON（允许 // 注释，不允许末尾逗号）",
                 "");
    return std::move(reading.errors);
  } catch (const json::exception&) {  // a number beyond double
    reading.fail(Code::CONFIG_SYNTAX, "含有无法表示的数值", "");
    return std::move(reading.errors);
  }
  Config config = read_all(reading, document);
  if (!reading.errors.empty()) return std::move(reading.errors);
  config.text = text;
  return config;
}

Loaded load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::vector<Error>{error(Code::CONFIG_UNREADABLE, "配置文件不能打开", path)};
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return std::vector<Error>{error(Code::CONFIG_UNREADABLE, "配置文件不能读取（应为文件）", path)};
  if (text.size() > kLargestFile) return std::vector<Error>{error(Code::CONFIG_UNREADABLE, "配置文件超过 4 MiB", path)};
  return parse(text, path, Files::check);
}

}  // namespace chuanyu::config
