#include "gateway/ledger/merkle.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>

namespace chuanyu::ledger {
namespace {

// The oracle: RFC 6962 §2.1 word for word, over a list of leaf hashes.
Digest slow_root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return crypto::sha256(BytesView{});
  if (end - begin == 1) return leaves[begin];
  std::size_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  return node_hash(slow_root(leaves, begin, begin + split), slow_root(leaves, begin + split, end));
}

Proof slow_path(std::size_t index, const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return {};
  std::size_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  split += begin;
  Proof proof = index < split ? slow_path(index, leaves, begin, split) : slow_path(index, leaves, split, end);
  proof.push_back(index < split ? slow_root(leaves, split, end) : slow_root(leaves, begin, split));
  return proof;
}

std::vector<Digest> some_leaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

NodeReader nodes_of(const std::vector<Digest>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<Digest> {
    const std::size_t width = std::size_t{1} << level;
    if ((index + 1) * width > leaves.size()) return error(Code::LOG_INCOMPLETE, "asked beyond the edge");
    return slow_root(leaves, index * width, (index + 1) * width);
  };
}

constexpr std::size_t kMost = 2'000;

TEST(Merkle, KnownHashes) {
  // RFC 6962's empty tree, and the leaf hash of an empty entry (as certificate-transparency-go tests them).
  EXPECT_EQ(to_hex(crypto::view(empty_root())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(crypto::view(leaf_hash(""))), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, TheFrontierHasTheOraclesRootAtEverySize) {
  const auto leaves = some_leaves(kMost);
  Frontier frontier;
  EXPECT_EQ(frontier.root(), empty_root());
  for (std::size_t size = 1; size <= kMost; ++size) {
    frontier.append(leaves[size - 1]);
    ASSERT_EQ(frontier.size(), size);
    ASSERT_EQ(frontier.nodes().size(), static_cast<std::size_t>(std::popcount(size)));
    // The slow oracle costs n hashes a size: every size to 300, then one in seven.
    if (size <= 300 || size % 7 == 0) {
      ASSERT_EQ(frontier.root(), slow_root(leaves, 0, size)) << size;
    }
  }
}

TEST(Merkle, AFrontierIsReadFromNodes) {
  const auto leaves = some_leaves(300);
  Frontier grown;
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    grown.append(leaves[size - 1]);
    ASSERT_EQ(read_frontier(size, nodes_of(leaves)).value(), grown);
  }
  EXPECT_FALSE(Frontier::from(3, {leaves[0]}).has_value());
  EXPECT_EQ(read_root(0, nodes_of(leaves)).value(), empty_root());
  EXPECT_EQ(read_root(301, nodes_of(leaves)).error().code, Code::LOG_INCOMPLETE);
}

TEST(Merkle, EveryInclusionProofOfSmallTrees) {
  const auto leaves = some_leaves(70);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const Digest root = slow_root(leaves, 0, size);
    for (std::size_t index = 0; index < size; ++index) {
      const Proof proof = inclusion_proof(index, size, nodes_of(leaves)).value();
      ASSERT_EQ(proof, slow_path(index, leaves, 0, size));
      ASSERT_TRUE(verify_inclusion(index, size, leaves[index], proof, root));
      if (size > 1) {
        ASSERT_FALSE(verify_inclusion((index + 1) % size, size, leaves[index], proof, root));
      }
    }
  }
  EXPECT_EQ(inclusion_proof(5, 5, nodes_of(leaves)).error().code, Code::CLIENT_NOT_FOUND);
}

TEST(Merkle, EveryConsistencyProofOfSmallTrees) {
  const auto leaves = some_leaves(70);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      const Proof proof = consistency_proof(old_size, size, nodes_of(leaves)).value();
      const Digest old_root = slow_root(leaves, 0, old_size);
      const Digest root = slow_root(leaves, 0, size);
      ASSERT_TRUE(verify_consistency(old_size, size, old_root, root, proof)) << old_size << " " << size;
      ASSERT_FALSE(verify_consistency(old_size, size, leaf_hash("another"), root, proof));
      ASSERT_FALSE(verify_consistency(old_size, size, old_root, leaf_hash("another"), proof));
    }
  }
  EXPECT_FALSE(consistency_proof(0, 5, nodes_of(leaves)).ok());
  EXPECT_FALSE(consistency_proof(6, 5, nodes_of(leaves)).ok());
}

RC_GTEST_PROP(MerkleLaw, ProofsOfAnySizeToTwoThousandHold, ()) {
  static const auto kLeaves = some_leaves(kMost);
  const auto size = *rc::gen::inRange<std::size_t>(1, kMost + 1);
  const auto index = *rc::gen::inRange<std::size_t>(0, size);
  const Digest root = slow_root(kLeaves, 0, size);
  Proof proof = inclusion_proof(index, size, nodes_of(kLeaves)).value();
  RC_ASSERT(proof == slow_path(index, kLeaves, 0, size));
  RC_ASSERT(verify_inclusion(index, size, kLeaves[index], proof, root));

  const std::size_t old_size = index + 1;
  const Proof consistency = consistency_proof(old_size, size, nodes_of(kLeaves)).value();
  RC_ASSERT(verify_consistency(old_size, size, slow_root(kLeaves, 0, old_size), root, consistency));

  // One flipped bit anywhere spoils it.
  if (!proof.empty()) {
    const auto place = *rc::gen::inRange<std::size_t>(0, proof.size() * 256);
    proof[place / 256][place % 256 / 8] ^= static_cast<std::uint8_t>(1U << (place % 8));
    RC_ASSERT(!verify_inclusion(index, size, kLeaves[index], proof, root));
  }
}

}  // namespace
}  // namespace chuanyu::ledger
