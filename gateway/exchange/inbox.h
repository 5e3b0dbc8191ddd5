// gateway/exchange/inbox.h: what waits for an agency: records, messages, deferred answers; and where an exchange is.
//
// An item stays until it is acknowledged: at least once to the agency, exactly once into the inbox. Threads: any.
// Failure: CLIENT_NOT_FOUND for what is not there or is not the caller's to see, LOCAL_*.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/exchange/query.h"

namespace chuanyu::exchange {

struct InboxItem {
  std::uint64_t cursor = 0;
  Uuid exchange;
  bool answer = false;  // a deferred answer to a query of the caller's
  std::string what;     // record kind or message type
  std::string from;     // USCC
  TimeUs received = 0;
  Uuid in_reply_to;  // nil: none
  std::string matter, basis, grant;
  std::string profile;         // of the records
  std::vector<Bytes> records;  // native, the caller's format
  Bytes message;               // canonical bytes of a message; empty for records
  std::vector<adapters::Note> notes;
  std::string error;  // a query that was refused by the other side: code name
  bool erased = false;
};

struct LogPosition {
  std::uint64_t index = 0;
  ledger::EntryKind kind = ledger::EntryKind::published;
  TimeUs time = 0;
};

struct PeerPosition {
  std::string gateway;
  std::uint64_t index = 0;
  TimeUs time = 0;
};

struct ExchangeView {
  Uuid exchange;
  ExchangeRow row;
  std::vector<LogPosition> log;
  std::vector<PeerPosition> receipts;  // of the other gateway
  std::string error_detail;
  std::string error_where;
};

class Inbox {
 public:
  explicit Inbox(Desk& desk) : desk_(desk) {}
  // Items after the cursor; when there are none, waits for one until `wait` is over and then answers with an empty
  // list.
  void list(const std::shared_ptr<const identity::Principal>& reader, std::uint64_t after, std::size_t limit,
            std::chrono::milliseconds wait, const Reply<std::vector<InboxItem>>& reply);
  // Repeating it answers with the first receipt.
  void acknowledge(const std::shared_ptr<const identity::Principal>& reader, const Uuid& exchange,
                   const Reply<journal::Receipt>& reply);
  // For sender, receiver, operators and auditors.
  Result<ExchangeView> view(const identity::Principal& reader, const Uuid& exchange) const;

 private:
  Result<std::vector<InboxItem>> read(const std::string& uscc, std::uint64_t after, std::size_t limit) const;
  Result<InboxItem> item(std::uint64_t index, const Uuid& exchange) const;
  Desk& desk_;
};

}  // namespace chuanyu::exchange
