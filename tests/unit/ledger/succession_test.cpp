// A log-signing key names its successor; nobody else can.
#include "gateway/ledger/succession.h"

#include <gtest/gtest.h>

namespace chuanyu::ledger {
namespace {

constexpr std::string_view kLog = "chuanyu.sc/2026q4";

TEST(Succession, TheOldKeyNamesTheNew) {
  const auto old = crypto::SigningKey::generate();
  const auto now = crypto::SigningKey::generate();
  const std::string line = succession_line(kLog, old, now.verify_key());
  EXPECT_TRUE(line.starts_with("log-succeeds " + to_vkey(kLog, old.verify_key()) + " "));
  const auto read = parse_succession(line);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->valid);
  EXPECT_EQ(read->from.key.raw(), old.verify_key().raw());
  EXPECT_EQ(read->to.key.raw(), now.verify_key().raw());
}

TEST(Succession, AnotherKeyCannotSayIt) {
  const auto old = crypto::SigningKey::generate();
  const auto now = crypto::SigningKey::generate();
  const auto thief = crypto::SigningKey::generate();
  const std::string mine = succession_line(kLog, thief, now.verify_key());
  const std::string signature = mine.substr(mine.rfind(' '));
  const std::string forged =
      "log-succeeds " + to_vkey(kLog, old.verify_key()) + " " + to_vkey(kLog, now.verify_key()) + signature;
  ASSERT_TRUE(parse_succession(forged));
  EXPECT_FALSE(parse_succession(forged)->valid);
  // Nor can what the old key said of one key be put upon another, or upon another log.
  const std::string said = succession_line(kLog, old, now.verify_key());
  const std::string true_signature = said.substr(said.rfind(' '));
  for (const auto& [log, key] : {std::pair{std::string(kLog), &thief}, {std::string("chuanyu.sc/2027q1"), &now}}) {
    const auto moved = parse_succession("log-succeeds " + to_vkey(kLog, old.verify_key()) + " " +
                                        to_vkey(log, key->verify_key()) + true_signature);
    ASSERT_TRUE(moved);
    EXPECT_FALSE(moved->valid);
  }
}

TEST(Succession, OtherLines) {
  const auto key = crypto::SigningKey::generate();
  EXPECT_FALSE(parse_succession("log " + to_vkey(kLog, key.verify_key())));
  EXPECT_FALSE(parse_succession("log-succeeds "));
  EXPECT_FALSE(parse_succession("log-succeeds a b"));
  EXPECT_FALSE(parse_succession("log-succeeds a b c"));
}

TEST(Succession, EitherOfTwoKeysCounts) {
  const auto old = crypto::SigningKey::generate();
  const auto now = crypto::SigningKey::generate();
  const Checkpoint checkpoint{std::string(kLog), 7, {}, {}};
  const std::string text = sign_checkpoint(checkpoint, now) + log_line(checkpoint, old);
  const Note note = parse_note(text).value();
  VerifyKeys both(old.verify_key());
  both.add(now.verify_key());
  both.add(now.verify_key());
  EXPECT_EQ(both.size(), 2U);
  EXPECT_TRUE(is_signed_by(note, kLog, both));
  EXPECT_TRUE(is_signed_by(note, kLog, old.verify_key()));
  EXPECT_TRUE(is_signed_by(note, kLog, now.verify_key()));
  EXPECT_FALSE(is_signed_by(note, kLog, crypto::SigningKey::generate().verify_key()));
  EXPECT_FALSE(is_signed_by(note, kLog, VerifyKeys()));
  // A wrong line by one of them spoils what the other signed.
  const Checkpoint other{std::string(kLog), 8, {}, {}};
  EXPECT_FALSE(is_signed_by(parse_note(sign_checkpoint(checkpoint, now) + log_line(other, old)).value(), kLog, both));
}

}  // namespace
}  // namespace chuanyu::ledger
