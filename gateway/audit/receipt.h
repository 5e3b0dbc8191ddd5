// gateway/audit/receipt.h: chuanyu-audit receipt: whether a receipt (C2SP tlog-proof) holds, without the log.
// Threads: any. Failure: the report's findings; LOG_* as gateway/ledger/receipt.h, LOG_UNWITNESSED without a quorum.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "gateway/audit/erasures.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/entry.h"
#include "gateway/ledger/witness_policy.h"

namespace chuanyu::audit {

struct ReceiptReport {
  ledger::Entry entry;
  std::optional<std::uint64_t> in_log;  // its number through all shards, when the log was given
  std::uint64_t index = 0;
  ledger::Checkpoint checkpoint;
  std::optional<ledger::WitnessPolicy::Verdict> witnesses;  // with a policy
  Fate fate{};                                              // with the log: what became of the entry's payload
};

// Against the keys of a log (of that name; empty: of the one that it says it is of), or against the logs and the quorum
// of a policy.
Result<ReceiptReport> check_receipt(std::string_view text, const std::string& log, const ledger::VerifyKeys& keys,
                                    const std::optional<ledger::WitnessPolicy>& policy);
// With the log beside it: the entry must be the one that stands there (LOG_TAMPERED, CLIENT_NOT_FOUND), and tells what
// became of its payload.
Status look_up(ReceiptReport& report, const LogReader& log);
void print(const ReceiptReport& report, bool json, std::ostream& out);
void print_refusal(const Error& why, std::ostream& out);  // as JSON

}  // namespace chuanyu::audit
