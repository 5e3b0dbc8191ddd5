// Values that code sets do not know, as the state counts them.
#include "tests/unit/exchange/testing.h"

namespace chuanyu::exchange {
namespace {

using ledger::EntryKind;
using testing::Book;
using testing::line;

Book::Line gap(EntryKind kind, const std::string& profile, const std::string& set, int value) {
  Book::Line made = line(kind, value);
  made.entry.mapping_in.id = profile;
  made.entry.time = 1000 + value;
  v1::ConversionNote& note = *made.body.add_notes();
  note.set_kind("gap");
  note.set_code_set(set);
  note.set_gap(Bytes(testing::id_of(value).bytes()));
  note.set_sample("样例 " + std::to_string(value));
  return made;
}

TEST(Gaps, EachValueIsCountedWhateverBecameOfTheRecord) {
  Book book;
  book.apply(gap(EntryKind::failed, "sc.case.v1", "sc.state", 1));
  book.apply(gap(EntryKind::accepted, "sc.case.v1", "sc.state", 2));
  book.apply(gap(EntryKind::failed, "sc.case.v1", "sc.state", 1));
  book.apply(gap(EntryKind::failed, "cq.case.v1", "cq.state", 1));
  Book::Line other = line(EntryKind::accepted, 7);
  other.body.add_notes()->set_kind("loss");
  book.apply(other);
  const auto rows = book.state().gaps(book.read());
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].profile, "cq.case.v1");
  EXPECT_EQ(rows[1].set, "sc.state");
  EXPECT_EQ(rows[1].sample, "样例 1");
  EXPECT_EQ(rows[1].count, 2U);
  EXPECT_EQ(rows[1].first, 1U);
  EXPECT_EQ(rows[1].first_time, 1001);
  EXPECT_EQ(rows[2].count, 1U);
}

TEST(Gaps, BeyondTheLimitTheyAreOneRow) {
  Book book;
  std::vector<Book::Line> lines;
  for (int value = 0; value < static_cast<int>(kMaxGaps) + 5; ++value)
    lines.push_back(gap(EntryKind::failed, "sc.case.v1", "sc.state", value));
  lines.push_back(gap(EntryKind::failed, "sc.case.v1", "sc.state", 3));
  lines.push_back(gap(EntryKind::failed, "cq.case.v1", "cq.state", 3));
  book.apply(lines, 1);
  const auto rows = book.state().gaps(book.read());
  ASSERT_EQ(rows.size(), kMaxGaps + 2);
  EXPECT_EQ(rows.back().set, kOtherGaps);
  EXPECT_EQ(rows.back().count, 5U);
  EXPECT_EQ(rows[4].count, 2U) << "a row that is there goes on counting";
}

}  // namespace
}  // namespace chuanyu::exchange
