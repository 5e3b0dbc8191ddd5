// whoami, selftest: what the gateway takes the caller for, and whether all is well between the two.
#include <cmath>

#include "gateway/base/clock.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/table.h"
#include "gateway/crypto/certificate.h"

namespace chuanyu::cli {
namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kDay = 86'400 * kSecond;
constexpr TimeUs kSoon = 30 * kDay;           // a certificate that is about to expire
constexpr TimeUs kLargestSkew = 5 * kSecond;  // log entries of the two provinces are compared by time

std::string seconds_text(TimeUs span) {
  return std::to_string(std::llround(static_cast<double>(span) / kSecond)) + " 秒";
}

// One line a check: done ✓ or ✗, what it looked at, what it found.
class Checks {
 public:
  explicit Checks(Session& session) : session_(session) {}

  bool add(bool ok, const std::string& name, const std::string& found, int exit_when_not) {
    if (!session_.json()) session_.out() << (ok ? "✓ " : "✗ ") << name << "：" << found << '\n';
    list_.push_back({{"name", name}, {"ok", ok}, {"found", found}});
    if (!ok && exit_ == kOk) exit_ = exit_when_not;
    return ok;
  }
  int finish() {
    if (session_.json()) session_.out() << Json{{"ok", exit_ == kOk}, {"checks", list_}}.dump(2) << '\n';
    return exit_;
  }

 private:
  Session& session_;
  Json list_ = Json::array();
  int exit_ = kOk;
};

std::string found_of(const Answer& answer) {
  if (answer.exit == kOk) return "HTTP " + std::to_string(answer.status);
  const auto advice = text_at(answer.body, "/advice");
  return text_at(answer.body, "/code") + " " + text_at(answer.body, "/title") + "：" + text_at(answer.body, "/detail") +
         (advice.empty() ? "" : "；" + advice);
}

std::string connection_text(const Session& session) {
  const auto tls = session.negotiated();
  return session.connection().url + (tls.empty() ? "" : "，" + tls);
}

void check_certificate(Checks& checks, const std::string& path, TimeUs now) {
  const auto certificate = crypto::parse_certificate_pem_file(path);
  if (!certificate) {
    checks.add(false, "本机构证书", certificate.error().to_text(), kUsage);
    return;
  }
  const TimeUs left = certificate->not_after - now;
  checks.add(
      left > 0, "本机构证书",
      left > 0 ? "还有 " + std::to_string(left / kDay) + " 天到期" + (left < kSoon ? "，请尽快换发" : "") : "已过期",
      kUsage);
}

// The gateway said its time between `before` and `after`; what lies outside is skew.
void check_clock(Checks& checks, const Answer& who, TimeUs before, TimeUs after) {
  const auto theirs = parse_rfc3339(text_at(who.body, "/time"));
  if (!theirs) return;
  TimeUs skew = 0;
  if (*theirs < before) skew = before - *theirs;
  if (*theirs > after) skew = *theirs - after;
  checks.add(skew <= kLargestSkew, "时钟", "与网关相差 " + seconds_text(skew), kTrouble);
}

void check_health(Checks& checks, Session& session, const std::string& admin_url) {
  Connection connection;
  connection.url = admin_url;
  Session admin(connection, session.json(), session.out(), session.err());
  const auto ready = admin.call("GET", "/readyz", {}, {}, /*quiet=*/true);
  checks.add(ready.exit == kOk, "网关就绪", found_of(ready), ready.exit);
}

}  // namespace

int whoami(Session& session) {
  const auto answer = session.call("GET", "/v1/whoami");
  if (answer.exit != kOk || session.printed(answer)) return answer.exit;
  const auto& body = answer.body;
  std::vector<std::pair<std::string, std::string>> pairs = {{"机构", text_at(body, "/name")},
                                                            {"统一社会信用代码", text_at(body, "/uscc")},
                                                            {"行政区划", text_at(body, "/region")},
                                                            {"角色", text_at(body, "/role")},
                                                            {"系统", text_at(body, "/system")},
                                                            {"身份", text_at(body, "/urn")},
                                                            {"本网关", text_at(body, "/gateway")},
                                                            {"所属网关", text_at(body, "/home")},
                                                            {"证书指纹", text_at(body, "/certificate/fingerprint")},
                                                            {"证书到期", text_at(body, "/certificate/notAfter")}};
  const auto profiles = body.value("profiles", Json::object());
  for (const auto& item : profiles.items()) {
    pairs.emplace_back("格式 " + item.key(),
                       item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
  }
  print_pairs(session.out(), pairs);
  return kOk;
}

int selftest(Session& session, const std::string& admin_url) {
  Checks checks(session);
  const SystemClock clock;
  if (!session.connection().cert.empty()) check_certificate(checks, session.connection().cert, clock.now());
  const TimeUs before = clock.now();
  const auto who = session.call("GET", "/v1/whoami", {}, {}, /*quiet=*/true);
  const TimeUs after = clock.now();
  const bool connected = who.status != 0;
  checks.add(connected, "连接（双向 TLS）", connected ? connection_text(session) : found_of(who), who.exit);
  if (connected) {
    if (checks.add(who.exit == kOk, "身份",
                   who.exit == kOk ? text_at(who.body, "/name") + " " + text_at(who.body, "/urn") : found_of(who),
                   who.exit)) {
      const bool home =
          text_at(who.body, "/role") != "agency" || text_at(who.body, "/gateway") == text_at(who.body, "/home");
      checks.add(home, "所属网关", text_at(who.body, "/home"), kRefused);
    }
    check_clock(checks, who, before, after);
  }
  if (!admin_url.empty()) check_health(checks, session, admin_url);
  return checks.finish();
}

}  // namespace chuanyu::cli
