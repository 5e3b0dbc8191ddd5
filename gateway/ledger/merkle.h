// gateway/ledger/merkle.h: the Merkle tree of RFC 6962 over the log's entries: growing it, and proofs about it.
//
// Leaf H(0x00 ‖ entry), node H(0x01 ‖ left ‖ right); the empty tree's root is H(""). H is SHA-256; the SM profile's
// second tree is the same with SM3, of which only the frontier is kept.
// Pure, threads: plain values. Failure: the functions that make proofs pass on what the NodeReader says; the functions
// that verify return false for anything that is not a proof, whatever is wrong with it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/crypto/digest.h"

namespace chuanyu::ledger {

using crypto::Digest;

// The hash functions of the two trees.
struct Sha256Hash {
  static Digest of(std::initializer_list<BytesView> parts) { return crypto::sha256(parts); }
};
struct Sm3Hash {
  static Digest of(std::initializer_list<BytesView> parts) { return crypto::sm3(parts); }
};

Digest leaf_hash(BytesView entry);
Digest node_hash(const Digest& left, const Digest& right);
Digest empty_root();
Digest sm3_leaf_hash(BytesView entry);

// The roots of the full subtrees that a tree of some size is made of, largest first: all that is needed to grow it.
template <typename Hash>
class BasicFrontier {
 public:
  BasicFrontier() = default;
  // Nothing when `nodes` has not as many hashes as `size` has one-bits.
  static std::optional<BasicFrontier> from(std::uint64_t size, std::vector<Digest> nodes);

  // Calls on_node(level, hash) for every subtree of 2^level leaves, level >= 1, that this leaf completes.
  template <typename OnNode>
  void append(Digest leaf, OnNode&& on_node) {
    unsigned level = 0;
    for (std::uint64_t bits = size_++; (bits & 1) != 0; bits >>= 1) {
      leaf = node(nodes_.back(), leaf);
      nodes_.pop_back();
      on_node(++level, leaf);
    }
    nodes_.push_back(leaf);
  }
  void append(const Digest& leaf) {
    append(leaf, [](unsigned, const Digest&) {});
  }

  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& nodes() const { return nodes_; }
  bool operator==(const BasicFrontier&) const = default;

 private:
  static Digest node(const Digest& left, const Digest& right);

  std::uint64_t size_ = 0;
  std::vector<Digest> nodes_;
};
using Frontier = BasicFrontier<Sha256Hash>;
using Sm3Frontier = BasicFrontier<Sm3Hash>;

// The hash of the full subtree over the leaves [index << level, (index + 1) << level).
using NodeReader = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

Result<Frontier> read_frontier(std::uint64_t size, const NodeReader& node);
Result<Digest> read_root(std::uint64_t size, const NodeReader& node);

using Proof = std::vector<Digest>;
// Requires index < size.
Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& node);
// Requires 0 < old_size <= size.
Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const NodeReader& node);

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, const Proof& proof,
                      const Digest& root);
// False for old_size 0: nothing can be said about an empty tree.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root, const Digest& root,
                        const Proof& proof);

}  // namespace chuanyu::ledger
