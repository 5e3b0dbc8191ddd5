// gateway/exchange/quarantine.h: records that were refused but kept (RECORD_QUARANTINED), until they can be taken.
//
// A record stands here with its diagnosis until its command takes effect: run again after the mapping was mended, or
// sent again under its idempotency key. A rerun converts with the mapping in force and lets policy decide anew; it
// takes effect as the first command would have, under the same exchange id, once, as an entry that names the first.
// What fails again stays. An agency sees and runs its own; an operator all; an auditor sees all. Threads: any. Failure:
// CLIENT_NOT_FOUND when nothing of the exchange is here, LOCAL_*; of one record: in its outcome.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gateway/exchange/publish.h"
#include "gateway/exchange/push.h"

namespace chuanyu::exchange {

struct Held {
  std::string cursor;
  std::string agency;  // USCC
  Uuid exchange;
  std::uint64_t index = 0;  // log index of the refusal
  TimeUs time = 0;
  Verb verb = Verb::publish;  // publish, import or push
  std::string what;
  std::uint64_t row = 0;  // of an import
  std::string detail;
  std::string where;
  ledger::MappingRef mapping;
};

struct RerunOutcome {
  std::uint64_t index = 0;  // of the refusal
  std::variant<journal::Receipt, Failure> result;
};
struct Reran {
  Uuid exchange;
  std::vector<RerunOutcome> outcomes;
  bool more = false;  // the exchange has more rows than are run at a time
};
constexpr std::size_t kRerunAtOnce = 1'000;

class Quarantine {
 public:
  Quarantine(Desk& desk, Publishing& publishing, Pushing& pushing)
      : desk_(desk), publishing_(publishing), pushing_(pushing) {}
  // Behind `cursor` (empty: from the start).
  Result<std::vector<Held>> list(const identity::Principal& reader, const std::string& cursor, std::size_t limit) const;
  void rerun(const std::shared_ptr<const identity::Principal>& caller, const Uuid& exchange, const Reply<Reran>& reply);

 private:
  void run(const std::shared_ptr<const identity::Principal>& caller, const State::Held& held,
           const Reply<journal::Receipt>& reply);
  Desk& desk_;
  Publishing& publishing_;
  Pushing& pushing_;
};

}  // namespace chuanyu::exchange
