// gateway/ledger/succession.h: a log-signing key names its successor (日志签名密钥的更换).
//
//   log-succeeds <old vkey> <new vkey> <base64 signature by the old key>
//
// The line stands in a KEY entry (FORMAT.md §2). Who trusts the old key may trust the new one, once the entry is under
// a checkpoint that the old key signed. Pure, threads: plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/ledger/checkpoint.h"

namespace chuanyu::ledger {

struct Succession {
  NamedKey from;
  NamedKey to;
  bool valid = false;  // both of one log, and the old key signed it
};

// The line, without its line feed.
std::string succession_line(std::string_view log, const crypto::SigningKey& from, const crypto::VerifyKey& to);
// Nothing when it is another line.
std::optional<Succession> parse_succession(std::string_view line);

}  // namespace chuanyu::ledger
