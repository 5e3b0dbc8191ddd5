#include "gateway/cli/session.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/uuid.h"

namespace chuanyu::cli {
namespace {

int exit_of(int status) {
  if (status >= 500) return kTrouble;
  return status >= 400 ? kRefused : kOk;
}

// The client's words are about any server; the one at the other end here is the caller's own gateway.
Json problem_of(const Error& failure, const Connection& connection) {
  const bool away = failure.code == Code::PEER_UNREACHABLE;
  const auto& about = info(away ? Code::LOCAL_UNREACHABLE : failure.code);
  std::string_view advice = about.advice;
  // The table's advice is for who was refused; here it is the command line that refuses the gateway.
  if (failure.code == Code::TLS_UNTRUSTED && failure.where == connection.trust) {
    advice = "请先核对 --trust（或连接档案的 trust）是否为签发网关证书的根 CA；无误则请网关运维人员检查其证书链";
  } else if (failure.code == Code::TLS_UNTRUSTED && failure.where != connection.url) {
    advice = "请核对 --url（或连接档案的 url）中的主机名是否与网关证书所载一致";
  }
  return Json{
      {"code", about.name},        {"title", about.title_zh},
      {"titleEn", about.title_en}, {"detail", away ? "地址 " + connection.url + "：" + failure.detail : failure.detail},
      {"pointer", failure.where},  {"advice", advice}};
}

std::string resolve(const std::string& profile, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const auto slash = profile.find_last_of('/');
  return slash == std::string::npos ? path : profile.substr(0, slash + 1) + path;
}

}  // namespace

Status Connection::complete() {
  if (!profile.empty()) {
    std::ifstream file(profile);
    if (!file) return error(Code::CONFIG_UNREADABLE, "连接档案不能打开", profile);
    const auto document = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
    if (!document.is_object()) return error(Code::CONFIG_SYNTAX, "连接档案应为 JSON 对象", profile);
    struct Member {
      const char* name;
      std::string* value;
      bool is_path;
    };
    const Member members[] = {
        {"url", &url, false}, {"cert", &cert, true}, {"key", &key, true}, {"trust", &trust, true}, {"crl", &crl, true}};
    for (const auto& item : document.items()) {
      const auto* member =
          std::find_if(std::begin(members), std::end(members), [&](const Member& m) { return item.key() == m.name; });
      if (member == std::end(members)) {
        return error(Code::CONFIG_KEY_UNKNOWN, "连接档案只有 url、cert、key、trust、crl", profile + "#/" + item.key());
      }
      if (!item.value().is_string()) return error(Code::CONFIG_VALUE, "应为文本", profile + "#/" + item.key());
      if (!member->value->empty()) continue;  // the command line wins
      const auto text = item.value().get<std::string>();
      *member->value = member->is_path ? resolve(profile, text) : text;
    }
  }
  if (url.empty()) return error(Code::CONFIG_KEY_MISSING, "请用 --url 给出网关地址，或用 --as 给出连接档案", "--url");
  if (url.rfind("https://", 0) != 0) return {};
  if (cert.empty()) return error(Code::CONFIG_KEY_MISSING, "请用 --cert 给出本机构的证书链", "--cert");
  if (key.empty()) return error(Code::CONFIG_KEY_MISSING, "请用 --key 给出证书的私钥", "--key");
  if (trust.empty()) return error(Code::CONFIG_KEY_MISSING, "请用 --trust 给出受信任的根 CA", "--trust");
  return {};
}

Json Purpose::to_json() const {
  Json out = Json::object();
  if (!matter.empty()) out["matter"] = matter;
  if (!basis.empty()) out["basis"] = basis;
  if (!grant.empty()) out["grant"] = grant;
  if (!operator_name.empty()) out["operator"] = operator_name;
  if (!cause.empty()) out["cause"] = cause;
  return out;
}

std::vector<transport::Header> Purpose::to_headers() const {
  std::vector<transport::Header> out;
  const auto add = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out.push_back({name, percent_encode(value)});
  };
  add("Chuanyu-Matter", matter);
  add("Chuanyu-Basis", basis);
  add("Chuanyu-Grant", grant);
  add("Chuanyu-Operator", operator_name);
  add("Chuanyu-Cause", cause);
  return out;
}

Session::Session(Connection connection, bool json, std::ostream& out, std::ostream& err)
    : connection_(std::move(connection)), json_(json), out_(out), err_(err) {}

Session::~Session() = default;

Answer Session::call(const std::string& method, const std::string& target, std::vector<transport::Header> headers,
                     Bytes body, bool quiet) {
  Answer answer;
  const auto give_up = [&](const Error& failure) {
    answer.exit = failure.code == Code::CONFIG_UNREADABLE || failure.code == Code::CONFIG_VALUE ? kUsage : kUnreachable;
    answer.body = problem_of(failure, connection_);
    if (!quiet) report(answer);
    return answer;
  };
  if (!client_) {
    transport::ClientOptions options;
    options.url = connection_.url;
    options.files.certificate_chain = connection_.cert;
    options.files.private_key = connection_.key;
    options.files.trust = connection_.trust;
    options.files.crl = connection_.crl;
    options.answer = std::chrono::seconds(connection_.timeout_seconds);
    const bool unchecked = options.url.starts_with("https://") && options.files.crl.empty();
    if (unchecked && !json_) {
      err_ << "警告：没有给出吊销列表（--crl，或连接档案的 crl），不能发现网关证书已被吊销\n";
    }
    auto made = transport::Client::make(std::move(options));
    if (!made) return give_up(made.error());
    client_ = std::move(made).value();
  }
  if (!connection_.level.empty()) headers.push_back({"Chuanyu-Ack", connection_.level});
  auto sent = client_->call(method, target, std::move(headers), std::move(body));
  if (!sent) return give_up(sent.error());
  answer.response = std::move(sent).value();
  answer.status = answer.response.status;
  answer.exit = exit_of(answer.status);
  answer.body = Json::parse(answer.response.body, nullptr, /*allow_exceptions=*/false);
  if (answer.body.is_discarded()) answer.body = nullptr;
  if (answer.exit != kOk && !quiet) report(answer);
  return answer;
}

Answer Session::post_json(const std::string& target, const Json& body, std::vector<transport::Header> headers) {
  headers.push_back({"Content-Type", "application/json"});
  return call("POST", target, std::move(headers), body.dump());
}

bool Session::printed(const Answer& answer) {
  if (!json_) return false;
  out_ << answer.body.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  return true;
}

int Session::write_file(const std::string& path, BytesView bytes) {
  if (path == "-") {
    out_ << bytes;
    return kOk;
  }
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) return fail(error(Code::LOCAL_IO, "结果文件不能写入", path));
  if (!json_) out_ << "已写入 " << path << "（" << bytes.size() << " 字节）\n";
  return kOk;
}

std::string Session::negotiated() const { return client_ ? client_->negotiated() : std::string(); }

transport::Header Session::idempotency(const std::string& given) {
  if (!given.empty()) return {"Idempotency-Key", given};
  const auto made = Uuid::make(SystemClock{}.now()).to_string();
  err_ << "幂等键 " << made << "（重试时请用 --idempotency-key 给出同一值）\n";
  return {"Idempotency-Key", made};
}

int Session::fail(const Error& failure) {
  err_ << "错误 " << to_string(failure.code) << "：" << info(failure.code).title_zh << '\n';
  if (!failure.where.empty()) err_ << "  位置：" << failure.where << '\n';
  if (!failure.detail.empty()) err_ << "  说明：" << failure.detail << '\n';
  return kUsage;
}

void Session::report(const Answer& answer) {
  if (json_ && answer.body.is_object()) {
    printed(answer);
    return;
  }
  if (!answer.body.is_object() || !answer.body.contains("code")) {
    err_ << "错误：网关以 HTTP " << answer.status << " 应答，未给出原因\n";
    return;
  }
  const auto& problem = answer.body;
  err_ << "错误 " << text_at(problem, "/code") << "：" << text_at(problem, "/title") << " ("
       << text_at(problem, "/titleEn") << ")\n";
  const std::pair<const char*, const char*> lines[] = {{"  说明：", "/detail"},
                                                       {"  位置：", "/pointer"},
                                                       {"  对端错误：", "/peerCode"},
                                                       {"  建议：", "/advice"},
                                                       {"  交换编号：", "/exchangeId"}};
  for (const auto& [label, path] : lines) {
    if (const auto value = text_at(problem, path); !value.empty()) err_ << label << value << '\n';
  }
}

std::string text_at(const Json& object, const std::string& path) {
  const Json::json_pointer pointer(path);
  if (!object.is_structured() || !object.contains(pointer)) return {};
  const auto& value = object.at(pointer);
  if (value.is_null() || value.is_structured()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace chuanyu::cli
