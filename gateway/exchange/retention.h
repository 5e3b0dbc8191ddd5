// gateway/exchange/retention.h: erases payloads whose time of keeping has passed (保存期限届满), a slice at a time.
//
// 政务数据共享条例 第二十九条 wants records kept for three years at least, 个人信息保护法 第四十七条 wants content gone
// when its time has passed. What is older than the rule says is erased as any lawful erasure is (erasure.h): an ERASURE
// entry a slice, then the keys. What the state still needs is kept and counted: exchanges under way, what waits in an
// inbox or outbox, publications in force whose own end has not come, open quarantine. The log's own entries keep their
// content. Memory: a slice, and the outbox. Threads: one, with nobody else at the desk. Failure: LOCAL_*; what was
// erased until then is erased, and a next run goes on.
#pragma once

#include <map>
#include <string>

#include "gateway/exchange/desk.h"

namespace chuanyu::exchange {

struct RetentionRule {
  unsigned months = 0;                    // 0: kept for ever
  std::map<std::string, unsigned> kinds;  // of a record kind or message type, instead
  bool keeps_everything() const;
};

struct RetentionOrder {
  RetentionRule rule;
  std::string approver;  // who ran it
  bool dry_run = false;  // count only
};

struct RetentionReport {
  std::uint64_t payloads = 0;  // erased, or that would be
  std::uint64_t erasures = 0;  // entries that say so
  Date oldest{};               // days of the payloads
  Date newest{};
  // As old, and kept.
  std::uint64_t under_way = 0;
  std::uint64_t waiting = 0;  // in an inbox or outbox
  std::uint64_t in_force = 0;
  std::uint64_t quarantined = 0;
};
// The same day so many months earlier; the last of its month where there is no such day.
Date months_before(Date day, unsigned months);

Result<RetentionReport> retain(Desk& desk, const RetentionOrder& order);

}  // namespace chuanyu::exchange
