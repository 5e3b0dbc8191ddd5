#include "gateway/ledger/receipt.h"

#include <gtest/gtest.h>

namespace chuanyu::ledger {
namespace {

constexpr const char* kOrigin = "chuanyu.sc/2026q4";

// A log of three entries "a", "b", "c", and the receipt of "b".
struct ThreeEntries {
  crypto::SigningKey key = crypto::SigningKey::generate();
  Digest a = leaf_hash("a"), b = leaf_hash("b"), c = leaf_hash("c");
  Digest root = node_hash(node_hash(a, b), c);
  NamedKey log{kOrigin, key.verify_key()};
  ProvenEntry receipt{"b", 1, {a, c}, sign_checkpoint({kOrigin, 3, root, {}}, key)};
};

TEST(Receipt, GoesThereAndBackAndHolds) {
  const ThreeEntries three;
  const std::string text = to_text(three.receipt);
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nextra Yg==\nindex 1\n"));
  const auto read = parse_receipt(text);
  ASSERT_TRUE(read.ok()) << read.error().to_text();
  EXPECT_EQ(to_text(*read), text);
  const auto checkpoint = open_receipt(*read, three.log.name, three.log.key);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().to_text();
  EXPECT_EQ(checkpoint->size, 3U);
}

TEST(Receipt, NothingOfItCanBeChanged) {
  const ThreeEntries three;
  const auto code = [&](ProvenEntry changed) {
    return open_receipt(changed, three.log.name, three.log.key).error().code;
  };
  ProvenEntry r = three.receipt;
  r.entry = "B";
  EXPECT_EQ(code(r), Code::LOG_TAMPERED);
  r = three.receipt;
  r.index = 0;
  EXPECT_EQ(code(r), Code::LOG_TAMPERED);
  r.index = 3;
  EXPECT_EQ(code(r), Code::LOG_INCOMPLETE);
  r = three.receipt;
  r.proof.pop_back();
  EXPECT_EQ(code(r), Code::LOG_TAMPERED);
  r = three.receipt;
  r.proof.push_back(three.a);
  EXPECT_EQ(code(r), Code::LOG_TAMPERED);
  r = three.receipt;
  r.checkpoint = sign_checkpoint({kOrigin, 3, three.root, {}}, crypto::SigningKey::generate());
  EXPECT_EQ(code(r), Code::LOG_SIGNATURE);
}

TEST(Receipt, AnyFlippedBitIsSeen) {
  const ThreeEntries three;
  const std::string text = to_text(three.receipt);
  const std::size_t spelled = text.rfind("\xE2\x80\x94 ");  // base64 has spare bits, and the dash is only text
  for (std::size_t at = 0; at < spelled; ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1U << bit));
      const auto read = parse_receipt(changed);
      EXPECT_FALSE(read.ok() && open_receipt(*read, three.log.name, three.log.key).ok())
          << "byte " << at << " bit " << bit;
    }
  }
}

}  // namespace
}  // namespace chuanyu::ledger
