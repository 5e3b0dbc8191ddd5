// The state is a pure function of the entries: however they are grouped, and from whatever start, it comes out the
// same.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/exchange/testing.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;
using testing::Book;
using testing::line;
using testing::token_of;

// Any line at all, also ones that no gateway would write: apply() may not depend on good sense.
rc::Gen<Book::Line> any_line() {
  return rc::gen::exec([] {
    const auto kind =
        *rc::gen::element(EntryKind::published, EntryKind::accepted, EntryKind::queried, EntryKind::received,
                          EntryKind::answered, EntryKind::deferred, EntryKind::delivered, EntryKind::refused,
                          EntryKind::acknowledged, EntryKind::expired, EntryKind::denied, EntryKind::failed);
    Book::Line made = line(kind, *rc::gen::inRange(1, 12));
    if (*rc::gen::arbitrary<bool>()) std::swap(made.entry.from, made.entry.to);
    if (*rc::gen::arbitrary<bool>()) made.entry.peer = "cq";
    if (!made.entry.peer.empty() && *rc::gen::arbitrary<bool>()) {
      made.entry.stream = static_cast<std::uint64_t>(*rc::gen::inRange(1, 20));
      made.entry.peer_log = testing::id_of(*rc::gen::inRange(1, 3));
    }
    if (kind == EntryKind::published) {
      made.body.mutable_index()->set_token(token_of(static_cast<char>('a' + *rc::gen::inRange(0, 5))));
      made.body.mutable_index()->set_digest(token_of(static_cast<char>('A' + *rc::gen::inRange(0, 5))));
      const int terms = *rc::gen::inRange(0, 4);
      for (int i = 0; i < terms; ++i)
        made.body.mutable_index()->add_terms(token_of(static_cast<char>('p' + *rc::gen::inRange(0, 4))));
      if (*rc::gen::arbitrary<bool>()) made.body.set_row(static_cast<std::uint64_t>(*rc::gen::inRange(1, 9)));
    }
    if (*rc::gen::arbitrary<bool>()) {
      made.body.set_idempotency(token_of(static_cast<char>('0' + *rc::gen::inRange(0, 9))));
      made.body.set_request_digest(token_of('d'));
    }
    if (kind == EntryKind::failed && *rc::gen::arbitrary<bool>()) {
      made.entry.result = "RECORD_QUARANTINED";
      made.body.set_native_in("<案件/>");
    }
    if (*rc::gen::inRange(0, 4) == 0)
      made.body.mutable_rerun_of()->set_index(static_cast<std::uint64_t>(*rc::gen::inRange(1, 9)));
    if (kind == EntryKind::refused) made.entry.result = "CLIENT_POLICY_DENIED";
    return made;
  });
}

RC_GTEST_PROP(Rebuild, GroupsMakeNoDifference, ()) {
  const auto lines = *rc::gen::container<std::vector<Book::Line>>(any_line());
  Book at_once;
  at_once.apply(lines, 1);
  Book in_groups;
  std::size_t from = 0;
  while (from < lines.size()) {
    const auto count = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
    const std::size_t to = std::min(lines.size(), from + count);
    in_groups.apply(
        {lines.begin() + static_cast<std::ptrdiff_t>(from), lines.begin() + static_cast<std::ptrdiff_t>(to)}, from + 1);
    from = to;
  }
  RC_ASSERT(at_once.digest() == in_groups.digest());
}

RC_GTEST_PROP(Rebuild, WhatIsToBeDeliveredIsWhatHasNoEnd, ()) {
  // However pushes and their ends are mixed, the outbox holds the positions without one, in order.
  Book book;
  std::vector<std::uint64_t> open;
  std::uint64_t next = 1;
  const auto steps = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  for (const bool send : steps) {
    Book::Line made = line(send ? EntryKind::accepted : EntryKind::delivered, static_cast<int>(next));
    made.entry.peer = "cq";
    if (send) {
      open.push_back(next++);
    } else {
      if (open.empty()) continue;
      const auto at = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(open.size())));
      made.entry.stream = open[at];
      made.entry.exchange = testing::id_of(static_cast<int>(open[at]));
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    }
    book.apply(made);
  }
  std::vector<std::uint64_t> found;
  for (const auto& row : book.state().outbox(book.read(), "cq", 0, 1000)) found.push_back(row.position);
  RC_ASSERT(found == open);
}

}  // namespace
}  // namespace chuanyu::exchange
