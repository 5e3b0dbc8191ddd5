#include "gateway/ledger/payload.h"

#include <gtest/gtest.h>

#include "gateway/ledger/layout.h"

namespace chuanyu::ledger {
namespace {

Secret secret_of(char byte) { return Secret(std::string(32, byte)); }
DataKey key_of(char byte, Profile profile = Profile::international) { return {secret_of(byte), profile}; }

class PayloadOf : public testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(Profiles, PayloadOf, testing::Values(Profile::international, Profile::sm));

TEST_P(PayloadOf, OpensOnlyInItsPlace) {
  const Uuid exchange = Uuid::make(1'795'302'633'123'456);
  const DataKey key = key_of('k', GetParam());
  const Bytes sealed = seal_payload(key, exchange, 7, "body");
  EXPECT_EQ(open_payload(key, exchange, 7, sealed).value(), "body");
  EXPECT_EQ(open_payload(key_of('x', GetParam()), exchange, 7, sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(open_payload(key, exchange, 8, sealed).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(open_payload(key, Uuid(), 7, sealed).error().code, Code::LOCAL_CRYPTO);
  const Profile other = GetParam() == Profile::sm ? Profile::international : Profile::sm;
  EXPECT_EQ(open_payload(key_of('k', other), exchange, 7, sealed).error().code, Code::LOCAL_CRYPTO);
}

// A sealed payload is on disk for years: these bytes must open for ever.
TEST(PayloadGolden, Opens) {
  const auto exchange = *Uuid::parse("019ab0c4-6e5b-7000-8000-0123456789ab");
  EXPECT_EQ(to_hex(seal_payload(key_of('k'), exchange, 7, "body")), "820194d039e049e8bffe9d3b960ecfc0dbc7cf9f");
  const auto row = from_hex(
      "01000000038d2630145a8580ab73e236c4cfa2a6c22127087d0cc73602016b245b17bec2765db457c237a4a76408978173334804c080e57e"
      "b72bbe33f7c2bee458");
  const DataKey key = unwrap_key(secret_of('K'), slot_name(7), *row).value();
  EXPECT_EQ(key.secret.reveal(), std::string(32, 'k'));
  EXPECT_EQ(key.profile, Profile::international);
}

// The values were computed from FORMAT.md §5 by a program of its own (SM4 and SM3 of the openssl command line).
TEST(PayloadGolden, OpensInTheSmProfile) {
  const auto exchange = *Uuid::parse("019ab0c4-6e5b-7000-8000-0123456789ab");
  EXPECT_EQ(to_hex(seal_payload(key_of('k', Profile::sm), exchange, 7, "body")),
            "8eb4251e91a27bb493134306fb9d7dc0824c134382a6fa5fb453857db130b58a78274189");
  const auto row = from_hex(
      "0200000003000102030405060708090a0b81416ec832c44b73d8bf7aeed1d1ff553643fe38491c92abab368481f61ac9a321b36959ab4569"
      "1bdd6963c1664524a6d7b3d499783f48fb0d64b2c4422f6423");
  const DataKey key = unwrap_key(secret_of('K'), slot_name(7), *row).value();
  EXPECT_EQ(key.secret.reveal(), std::string(32, 'k'));
  EXPECT_EQ(key.profile, Profile::sm);
}

TEST_P(PayloadOf, AWrappedKeyBelongsToItsNameEpochAndProfile) {
  const Secret master = secret_of('K');
  Bytes row = wrap_key(master, 3, slot_name(7), key_of('k', GetParam()));
  EXPECT_EQ(row.size(), GetParam() == Profile::sm ? 81U : 65U);
  EXPECT_EQ(unwrap_key(master, slot_name(7), row).value().secret.reveal(), std::string(32, 'k'));
  EXPECT_EQ(unwrap_key(master, slot_name(7), row).value().profile, GetParam());
  EXPECT_EQ(unwrap_key(master, slot_name(8), row).error().code, Code::LOCAL_CRYPTO);
  EXPECT_EQ(unwrap_key(secret_of('x'), slot_name(7), row).error().code, Code::LOCAL_CRYPTO);
  row[4] ^= 1;
  EXPECT_EQ(unwrap_key(master, slot_name(7), row).error().code, Code::LOCAL_CRYPTO) << "the epoch is bound";
  row[4] ^= 1;
  row[0] ^= 3;  // 1 and 2 change places
  EXPECT_EQ(unwrap_key(master, slot_name(7), row).error().code, Code::LOCAL_CRYPTO) << "the profile is bound";
  row[0] = 3;
  EXPECT_EQ(unwrap_key(master, slot_name(7), row).error().code, Code::LOG_VERSION);
  EXPECT_EQ(unwrap_key(master, slot_name(7), BytesView("\x01\x00", 2)).error().code, Code::LOCAL_CRYPTO);
}

TEST(Layout, TheTreeRowComesBackOrIsRefused) {
  Frontier frontier;
  for (int i = 0; i < 11; ++i) frontier.append(leaf_hash(std::to_string(i)));
  const Bytes row = layout::encode({"chuanyu/sc/2026q4", frontier});
  const auto back = layout::decode_tree_row(row);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->origin, "chuanyu/sc/2026q4");
  EXPECT_EQ(back->frontier, frontier);

  for (std::size_t place = 1; place < 41 + 3 * 32; ++place) {  // version aside: what the root covers
    Bytes changed = row;
    changed[place] ^= 1;
    if (place >= 1 && place < 9) continue;  // the size is checked against the entries
    EXPECT_EQ(layout::decode_tree_row(changed).error().code, Code::LOCAL_CORRUPT) << place;
  }
  EXPECT_EQ(layout::decode_tree_row(row.substr(0, 60)).error().code, Code::LOCAL_CORRUPT);
  EXPECT_EQ(layout::decode_tree_row("").error().code, Code::LOG_VERSION);
  EXPECT_EQ(layout::blob_path("/d", crypto::Digest{}), "/d/blobs/00/" + std::string(64, '0'));
}

}  // namespace
}  // namespace chuanyu::ledger
