// gateway/policy/policy.h: decides whether an organisation may do a thing with a kind of record, for a stated purpose.
//
// Threads: a Policy is immutable after parse(); decide() may run on any thread at once. Reload = parse anew and swap.
// Failure: parse() reports every error it finds, each with its JSON pointer. decide() cannot fail.
// No match is a deny (rule id "default-deny"). A deny rule that matches wins over every allow rule. A request to every
// organisation of a gateway (`to` null) is allowed only by rules that name no single organisation or region under "to",
// and denied by every deny rule that names one of that gateway: what was refused one by one cannot be had all at once.
// The file's keys: gateway/policy/README.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/error.h"
#include "gateway/crypto/digest.h"
#include "gateway/identity/principal.h"

namespace chuanyu::policy {

// 使用目的: what every request that moves a record states (809号 Art 20, 25).
struct Purpose {
  std::string matter;         // 事项编码
  std::string basis;          // 使用依据
  std::string grant;          // 授权编号
  std::string operator_name;  // 经办人姓名或编号: personal, goes only into encrypted payloads
  std::string use_cause;      // 使用事由, licences: mandatory, at most 200 characters
};

enum class Verb : std::uint8_t { publish, query, push };
std::string_view to_string(Verb verb);

struct Request {
  Verb verb = Verb::query;
  std::string_view what;                  // record kind (credit, licence, case) or message type (clue-transfer, ...)
  const identity::Party* from = nullptr;  // who asks, sends or publishes
  const identity::Party* to = nullptr;    // whose records, or who receives; nullptr: every organisation of `to_home`
  std::string_view to_home;               // gateway id of the target
  const Purpose* purpose = nullptr;
  Date today;  // at +08:00
};

struct Decision {
  bool allow = false;   // deny unless a rule says otherwise
  std::string rule_id;  // the rule that decided (the first in the file); written to the log entry
  std::string reason;   // for the log; never sent to the peer
};

class Policy {
 public:
  static std::variant<std::shared_ptr<const Policy>, std::vector<Error>> parse(std::string_view json);
  // As parse(); CONFIG_UNREADABLE with the path when there is no such file.
  static std::variant<std::shared_ptr<const Policy>, std::vector<Error>> load(const std::string& path);
  Decision decide(const Request& request) const;
  const crypto::Digest& digest() const { return digest_; }  // SHA-256 of the text
  const std::string& text() const { return text_; }

 private:
  struct Rule;
  friend class PolicyReader;
  Policy() = default;

  std::shared_ptr<const std::vector<Rule>> rules_;
  crypto::Digest digest_{};
  std::string text_;
};

}  // namespace chuanyu::policy
