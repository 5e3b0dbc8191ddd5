#include "gateway/ledger/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chuanyu::ledger {
namespace {

crypto::Digest filled(std::uint8_t byte) {
  crypto::Digest digest{};
  digest.fill(byte);
  return digest;
}

Entry full_entry() {
  Entry e;
  e.kind = EntryKind::received;
  e.time = 1'795'302'633'123'456;
  e.exchange = *Uuid::parse("019ab0c4-6e5b-7000-8000-0123456789ab");
  e.gateway = "cq";
  e.from = "11510000008282717J";
  e.to = "11500000009275908N";
  e.principal = filled(0x11);
  e.what = "case";
  e.matter = "M-001";
  e.basis = "依据";
  e.grant = "G-1";
  e.allowed = true;
  e.rule = "r-1";
  e.policy = filled(0x22);
  e.directory = filled(0x33);
  e.mapping_in = {"sc.case.v1", "1.0", 0x1122334455667788};
  e.mapping_out = {"cq.case.v1", "2.0", 0xFF};
  e.native_in = filled(0x44);
  e.canonical = filled(0x55);
  e.native_out = filled(0x66);
  e.result = "RECORD_DATE";
  e.count = 300;
  e.peer = "sc";
  e.stream = 65'536;
  e.receipt = std::string("\x00\x01\x02", 3);
  e.slot = 7;
  e.key_epoch = 1;
  e.payload = std::string(200, '\x77');
  e.blob = filled(0x88);
  e.blob_bytes = 40'000;
  e.content = "{}";
  e.peer_log = *Uuid::parse("019ab0c4-6e5b-7000-8000-00000000000f");
  return e;
}

// The bytes are on disk: a change here is a change of the format.
TEST(EntryGolden, TheExampleOfFormatMd) {
  Entry e;
  e.kind = EntryKind::acknowledged;
  e.time = 1'795'302'633'123'456;
  e.exchange = *Uuid::parse("019ab0c4-6e5b-7000-8000-0123456789ab");
  e.gateway = "cq";
  e.allowed = true;
  e.count = 300;
  EXPECT_EQ(to_hex(encode(e)),
            "01"
            "010109"
            "0208000660d177b62e80"
            "0310019ab0c46e5b700080000123456789ab"
            "04026371"
            "0c0101"
            "1a02012c");
}

TEST(EntryGolden, EveryField) {
  EXPECT_EQ(to_hex(crypto::view(crypto::sha256(encode(full_entry())))),
            "4d1b50fac88b91e57d9259ad6456ef109f87ea2568c07f434b1a91ac9a10d5d7");
  EXPECT_EQ(encode(full_entry()).size(), 661U);
}

TEST(Entry, EveryFieldComesBack) {
  const Entry entry = full_entry();
  const Bytes bytes = encode(entry);
  EXPECT_EQ(bytes.size(), encoded_bytes(entry));
  EXPECT_EQ(decode(bytes).value(), entry);
}

TEST(Entry, NothingOfTheEntryBeforeIsLeft) {
  Entry small;
  small.kind = EntryKind::acknowledged;
  small.time = 1;
  Entry again;
  for (const Entry& entry : {full_entry(), small, full_entry()}) {
    ASSERT_TRUE(decode(encode(entry), again).ok());
    EXPECT_EQ(again, entry);
  }
}

TEST(Entry, EveryKindHasANameAndComesBack) {
  int kinds = 0;
  for (int number = 0; number < 256; ++number) {
    const auto kind = static_cast<EntryKind>(number);
    const std::string bytes = std::string("\x01\x01\x01", 3) + static_cast<char>(number);
    if (to_string(kind).empty()) {
      EXPECT_EQ(decode(bytes).error().code, Code::LOG_VERSION) << number;
    } else {
      EXPECT_EQ(decode(bytes).value().kind, kind);
      ++kinds;
    }
  }
  EXPECT_EQ(kinds, 25);
  EXPECT_FALSE(is_own(EntryKind::corrected));
  EXPECT_TRUE(is_own(EntryKind::key));
}

TEST(Entry, OnlyTheCanonicalSpellingIsRead) {
  const struct {
    const char* hex;
    Code code;
    const char* why;
  } cases[] = {
      {"", Code::LOG_ENTRY_INVALID, "empty"},
      {"01", Code::LOG_ENTRY_INVALID, "no kind"},
      {"02010101", Code::LOG_VERSION, "version 2"},
      {"0104026371", Code::LOG_ENTRY_INVALID, "kind missing"},
      {"01010100", Code::LOG_VERSION, "kind 0"},
      {"0101020001", Code::LOG_ENTRY_INVALID, "kind of two bytes"},
      {"010101010101", Code::LOG_ENTRY_INVALID, "a field twice"},
      {"01010101050161040161", Code::LOG_ENTRY_INVALID, "out of order"},
      {"01010101250161", Code::LOG_VERSION, "tag 37"},
      {"010101010400", Code::LOG_ENTRY_INVALID, "an absent field spelled out"},
      {"0101010104810061", Code::LOG_ENTRY_INVALID, "a length that is not the shortest"},
      {"01010101040561", Code::LOG_ENTRY_INVALID, "cut short"},
      {"0101010104", Code::LOG_ENTRY_INVALID, "no length"},
      {"0101010104ffffffff7f61", Code::LOG_ENTRY_INVALID, "a huge length"},
      {"010101010c0100", Code::LOG_ENTRY_INVALID, "false spelled out"},
      {"010101010c0102", Code::LOG_ENTRY_INVALID, "a flag that is neither"},
      {"010101011a020001", Code::LOG_ENTRY_INVALID, "a number with a leading zero"},
      {"010101011a050102030405", Code::LOG_ENTRY_INVALID, "a number too large for its field"},
      {"0101010102080000000000000000", Code::LOG_ENTRY_INVALID, "time zero spelled out"},
      {"01010101070101", Code::LOG_ENTRY_INVALID, "a digest of one byte"},
  };
  for (const auto& c : cases) {
    const auto entry = decode(*from_hex(c.hex));
    ASSERT_FALSE(entry.ok()) << c.why;
    EXPECT_EQ(entry.error().code, c.code) << c.why << ": " << entry.error().to_text();
  }
}

TEST(Entry, EveryTruncationIsRefused) {
  const Bytes bytes = encode(full_entry());
  std::size_t whole = 0;  // a cut between two fields is an entry of its own
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto entry = decode(BytesView(bytes).substr(0, size));
    if (entry.ok()) {
      EXPECT_EQ(encode(*entry), bytes.substr(0, size));
      ++whole;
    }
  }
  EXPECT_EQ(whole, 35U);
}

RC_GTEST_PROP(EntryLaw, WhateverDecodesEncodesToTheSameBytes, (std::vector<std::pair<std::size_t, char>> changes)) {
  Bytes bytes = encode(full_entry());
  for (const auto& [place, byte] : changes) bytes[place % bytes.size()] = byte;
  const auto entry = decode(bytes);
  if (entry.ok()) RC_ASSERT(encode(*entry) == bytes);
}

RC_GTEST_PROP(EntryLaw, AnyValuesComeBack,
              (std::string text, std::string payload, std::uint64_t stream, std::uint32_t count, std::int64_t time,
               bool allowed)) {
  Entry e;
  e.kind = EntryKind::queried;
  e.time = time;
  e.matter = text;
  e.payload = payload;
  e.stream = stream;
  e.count = count;
  e.allowed = allowed;
  RC_ASSERT(decode(encode(e)).value() == e);
}

}  // namespace
}  // namespace chuanyu::ledger
