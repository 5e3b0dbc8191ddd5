// gateway/exchange/query.h: an agency asks for records: of agencies here, or of the other province through its gateway.
//
// A query to the other gateway is an envelope in the outbox like any other message; the asker's reply comes when the
// answer's entry is durable here, or after the wait with `deferred`, and then the answer goes to the inbox. A query is
// answered with what may be shown (standards.md 6.6) at the moment its entry is appended. Threads: any. Failure:
// CLIENT_POLICY_DENIED, CLIENT_TARGET_UNKNOWN, CLIENT_FIELD_*, PEER_REFUSED (with the peer's code), RECORD_* when an
// answer cannot be put into the asker's format, LOCAL_*.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::v1 {
class RecordQuery;
}

namespace chuanyu::exchange {

struct QueryCommand {
  Command command;
  adapters::Kind kind = adapters::Kind::credit;
  std::string uscc;  // exactly one of these three
  std::string id_no;
  std::string record_id;
  std::string owner;                    // USCC; empty: every agency of the gateway
  std::string gateway;                  // empty: the owner's home, or this one
  std::vector<std::string> list_kinds;  // credit: RED, BLACK, FOCUS, PENALTY; empty: all
  std::chrono::milliseconds wait{0};    // 0: the configured wait
};

struct Answer {
  Uuid exchange;
  journal::Receipt receipt;  // of the answer's entry; of the query's when deferred
  bool deferred = false;
  std::string what;
  std::string profile;         // the asker's
  bool truncated = false;      // the answering gateway had more records than an answer may hold
  std::vector<Bytes> records;  // native
  std::vector<adapters::Note> notes;
  std::string rule;
};

// Records of this gateway that a query finds, and from which entries; what may not be shown is left out.
struct Found {
  std::vector<Bytes> canonical;
  std::vector<std::uint64_t> indexes;
  std::vector<Bytes> tokens;
  bool truncated = false;  // there are more than an answer may hold
};
Result<Found> look_up(const Desk& desk, const v1::RecordQuery& query);
// True when every found record still is the one in the state: asked on the writer thread.
bool still_current(const Desk& desk, const storage::ReadTxn& state, const Found& found);

class Querying {
 public:
  explicit Querying(Desk& desk) : desk_(desk) {}
  void query(const QueryCommand& command, Reply<Answer> reply);
  // The answer of a settled query, as it was given; used for repetitions, status and inbox as well.
  std::variant<Answer, Failure> answer_of(const Uuid& exchange, const ExchangeRow& row) const;

 private:
  struct Asked;
  void local(const std::shared_ptr<Asked>& asked, int attempts);
  void remote(const std::shared_ptr<Asked>& asked);
  void await(const std::shared_ptr<Asked>& asked, Waiters::Clock::time_point deadline);
  void defer(const std::shared_ptr<Asked>& asked);
  void replay(const std::shared_ptr<Asked>& asked, const Uuid& exchange);
  void refuse(const std::shared_ptr<Asked>& asked, ledger::EntryKind kind, Error why);
  Desk& desk_;
};

}  // namespace chuanyu::exchange
