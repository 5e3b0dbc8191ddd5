// Rows of the state: what is written is what is read.
#include "gateway/exchange/state.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chuanyu::exchange {
namespace {

rc::Gen<Bytes> bytes_of(std::size_t size) { return rc::gen::container<Bytes>(size, rc::gen::arbitrary<char>()); }

RC_GTEST_PROP(State, AnExchangeRowReadsAsItWasWritten, ()) {
  ExchangeRow row;
  row.verb = *rc::gen::element(Verb::publish, Verb::import, Verb::push, Verb::query);
  row.status = static_cast<ExchangeStatus>(*rc::gen::inRange(1, 9));
  row.deferred = *rc::gen::arbitrary<bool>();
  row.from = *rc::gen::arbitrary<std::string>();
  row.to = *rc::gen::arbitrary<std::string>();
  row.what = *rc::gen::arbitrary<std::string>();
  row.error = *rc::gen::arbitrary<std::string>();
  row.opened = *rc::gen::arbitrary<std::uint64_t>();
  row.settled = *rc::gen::arbitrary<std::uint64_t>();
  row.inbox = *rc::gen::arbitrary<std::uint64_t>();
  row.entries = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
  const ExchangeRow read = decode_exchange(encode(row));
  RC_ASSERT(encode(read) == encode(row));
  RC_ASSERT(read.verb == row.verb && read.status == row.status && read.deferred == row.deferred);
  RC_ASSERT(read.from == row.from && read.to == row.to && read.what == row.what && read.error == row.error);
  RC_ASSERT(read.opened == row.opened && read.settled == row.settled && read.inbox == row.inbox);
  RC_ASSERT(read.entries == row.entries);
}

RC_GTEST_PROP(State, ARecordRowReadsAsItWasWritten, ()) {
  RecordRow row;
  row.index = *rc::gen::arbitrary<std::uint64_t>();
  row.digest = *bytes_of(kTokenBytes);
  row.terms = *rc::gen::container<std::vector<Bytes>>(bytes_of(kTokenBytes));
  const RecordRow read = decode_record(encode(row));
  RC_ASSERT(read.index == row.index && read.digest == row.digest && read.terms == row.terms);
}

RC_GTEST_PROP(State, KeysOfATableKeepTheOrderOfTheirNumbers, (std::uint64_t a, std::uint64_t b)) {
  RC_ASSERT((inbox_key("11510900MBDEM0023P", a) < inbox_key("11510900MBDEM0023P", b)) == (a < b));
  RC_ASSERT((outbox_key("cq", a) < outbox_key("cq", b)) == (a < b));
  const Bytes stream(16, 's');
  RC_ASSERT((inbound_key("cq", stream, a) < inbound_key("cq", stream, b)) == (a < b));
}

TEST(State, NoPeersKeysStandAmongAnothers) {
  // "c" is a prefix of "cq": the ids are told apart all the same.
  EXPECT_FALSE(outbox_key("cq", 1).starts_with(outbox_key("c", 1).substr(0, 2)));
}

TEST(State, EveryStatusAndVerbHasAWord) {
  for (int i = 1; i <= 8; ++i) EXPECT_FALSE(to_string(static_cast<ExchangeStatus>(i)).empty()) << i;
  for (int i = 1; i <= 4; ++i) EXPECT_FALSE(to_string(static_cast<Verb>(i)).empty()) << i;
}

}  // namespace
}  // namespace chuanyu::exchange
