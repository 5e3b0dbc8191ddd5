// gateway/exchange/push.h: an agency sends a record or a message (profiles.md 5.5) to a named agency of either
// province.
//
// Local receivers find it in their inbox at once, in their own format; for the other province it goes to the outbox.
// The reply comes when the entry is durable. Threads: any. Failure: CLIENT_TARGET_UNKNOWN, CLIENT_POLICY_DENIED,
// CLIENT_FIELD_*, RECORD_*, LOCAL_*.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

struct PushCommand {
  Command command;
  std::string to;      // USCC
  std::string what;    // credit | licence | case, or a message type of schemas/canonical_json.h
  bool record = true;  // `native` is a record in the sender's profile; otherwise a message in its JSON form
  Bytes native;
  std::optional<Uuid> in_reply_to;
  std::optional<TimeUs> expires_at;
};

struct Pushed {
  Uuid exchange;
  journal::Receipt receipt;
  ExchangeStatus status = ExchangeStatus::accepted;
  std::vector<adapters::Note> notes;
};

class Pushing {
 public:
  explicit Pushing(Desk& desk) : desk_(desk) {}
  void push(PushCommand command, Reply<Pushed> reply);

 private:
  void replay(const Uuid& exchange, const Reply<Pushed>& reply) const;
  Desk& desk_;
};

}  // namespace chuanyu::exchange
