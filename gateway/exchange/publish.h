// gateway/exchange/publish.h: an agency puts records of its own here, to be queried by others: one (PUT) or many
// (import).
//
// publish() is asynchronous: the reply comes after the entry is durable. import_records() runs on the caller's thread
// and pulls the document; rows are appended in groups while the next rows are converted, so memory does not grow with
// the document. A row that cannot be taken is reported and the rest goes on; a row that says what the gateway already
// has takes no effect. Threads: any. Failure: RECORD_*, CLIENT_NOT_OWNER, CLIENT_RECORD_ID_MISMATCH,
// CLIENT_POLICY_DENIED, CLIENT_IDEMPOTENCY_CONFLICT, LOCAL_*.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

struct PublishCommand {
  Command command;
  adapters::Kind kind = adapters::Kind::credit;
  std::string id;  // record id as the path says it; empty: whatever the record says
  Bytes native;    // one record in the caller's profile
};

struct Published {
  Uuid exchange;
  journal::Receipt receipt;
  bool created = false;  // false: it replaced an earlier version
  std::vector<adapters::Note> notes;
};

struct ImportCommand {
  Command command;
  adapters::Kind kind = adapters::Kind::credit;
  // More bytes of the document; empty at its end.
  std::function<Result<std::string_view>()> read;
};

struct RowOutcome {
  std::uint64_t row = 0;   // 1-based
  std::uint64_t line = 0;  // of the document
  Error error;
};

struct Imported {
  Uuid exchange;
  journal::Receipt receipt;  // of the last entry; index 0 when every row was refused or unchanged
  std::uint64_t rows = 0;
  std::uint64_t accepted = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t rejected = 0;
  std::uint64_t noted = 0;             // accepted rows of which something did not fit
  std::vector<RowOutcome> rejections;  // the first kListedRejections
  bool broken_off = false;             // the document ended by an error: `end` says which; what came before stands
  Error end;
};
constexpr std::size_t kListedRejections = 1000;

class Publishing {
 public:
  explicit Publishing(Desk& desk) : desk_(desk) {}
  void publish(PublishCommand command, Reply<Published> reply);
  std::variant<Imported, Failure> import_records(const ImportCommand& command);

 private:
  void overtaken(const Command& command, const World& world, std::string_view what,
                 const Reply<Published>& reply) const;
  void replay(const Uuid& exchange, const Reply<Published>& reply) const;
  Desk& desk_;
};

}  // namespace chuanyu::exchange
