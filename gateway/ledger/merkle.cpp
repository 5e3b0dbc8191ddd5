#include "gateway/ledger/merkle.h"

#include <bit>

namespace chuanyu::ledger {
namespace {

// The hash over the leaves [begin, end), where begin is a multiple of the largest power of two below or at end - begin.
Result<Digest> range_hash(std::uint64_t begin, std::uint64_t end, const NodeReader& node) {
  const std::uint64_t width = end - begin;
  if (std::has_single_bit(width)) {
    const auto level = static_cast<unsigned>(std::countr_zero(width));
    return node(level, begin >> level);
  }
  const std::uint64_t split = begin + std::bit_floor(width);
  CHUANYU_TRY(const Digest left, range_hash(begin, split, node));
  CHUANYU_TRY(const Digest right, range_hash(split, end, node));
  return node_hash(left, right);
}

// Where a subtree of `width` > 1 leaves splits: the largest power of two smaller than width.
std::uint64_t split_of(std::uint64_t width) { return std::bit_floor(width - 1); }

// RFC 6962 §2.1.1, PATH(index, D[begin:end]).
Status path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, const NodeReader& node, Proof& out) {
  if (end - begin == 1) return {};
  const std::uint64_t split = begin + split_of(end - begin);
  const bool in_left = index < split;
  CHUANYU_CHECK(in_left ? path(index, begin, split, node, out) : path(index, split, end, node, out));
  CHUANYU_TRY(const Digest sibling, in_left ? range_hash(split, end, node) : range_hash(begin, split, node));
  out.push_back(sibling);
  return {};
}

// RFC 6962 §2.1.2, SUBPROOF(old_size, D[begin:end], known): known when the verifier has the hash of [begin, old_size).
Status subproof(std::uint64_t old_size, std::uint64_t begin, std::uint64_t end, bool known, const NodeReader& node,
                Proof& out) {
  if (old_size == end) {
    if (known) return {};
    CHUANYU_TRY(const Digest whole, range_hash(begin, end, node));
    out.push_back(whole);
    return {};
  }
  const std::uint64_t split = begin + split_of(end - begin);
  const bool in_left = old_size <= split;
  CHUANYU_CHECK(in_left ? subproof(old_size, begin, split, known, node, out)
                        : subproof(old_size, split, end, false, node, out));
  CHUANYU_TRY(const Digest sibling, in_left ? range_hash(split, end, node) : range_hash(begin, split, node));
  out.push_back(sibling);
  return {};
}

template <typename Hash>
Digest leaf_of(BytesView entry) {
  return Hash::of({BytesView("\0", 1), entry});
}

template <typename Hash>
Digest node_of(const Digest& left, const Digest& right) {
  return Hash::of({BytesView("\x01", 1), crypto::view(left), crypto::view(right)});
}

}  // namespace

Digest leaf_hash(BytesView entry) { return leaf_of<Sha256Hash>(entry); }
Digest node_hash(const Digest& left, const Digest& right) { return node_of<Sha256Hash>(left, right); }
Digest empty_root() { return Sha256Hash::of({}); }
Digest sm3_leaf_hash(BytesView entry) { return leaf_of<Sm3Hash>(entry); }

template <typename Hash>
Digest BasicFrontier<Hash>::node(const Digest& left, const Digest& right) {
  return node_of<Hash>(left, right);
}

template <typename Hash>
std::optional<BasicFrontier<Hash>> BasicFrontier<Hash>::from(std::uint64_t size, std::vector<Digest> nodes) {
  if (static_cast<std::size_t>(std::popcount(size)) != nodes.size()) return std::nullopt;
  BasicFrontier made;
  made.size_ = size;
  made.nodes_ = std::move(nodes);
  return made;
}

template <typename Hash>
Digest BasicFrontier<Hash>::root() const {
  if (nodes_.empty()) return Hash::of({});
  Digest hash = nodes_.back();
  for (std::size_t i = nodes_.size() - 1; i-- > 0;) hash = node(nodes_[i], hash);
  return hash;
}

template class BasicFrontier<Sha256Hash>;
template class BasicFrontier<Sm3Hash>;

Result<Frontier> read_frontier(std::uint64_t size, const NodeReader& node) {
  std::vector<Digest> nodes;
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t width = std::bit_floor(size - begin);
    CHUANYU_TRY(const Digest hash, range_hash(begin, begin + width, node));
    nodes.push_back(hash);
    begin += width;
  }
  return *Frontier::from(size, std::move(nodes));
}

Result<Digest> read_root(std::uint64_t size, const NodeReader& node) {
  CHUANYU_TRY(const Frontier frontier, read_frontier(size, node));
  return frontier.root();
}

Result<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& node) {
  if (index >= size) return error(Code::CLIENT_NOT_FOUND, "条目位置超出日志长度");
  Proof out;
  CHUANYU_CHECK(path(index, 0, size, node, out));
  return out;
}

Result<Proof> consistency_proof(std::uint64_t old_size, std::uint64_t size, const NodeReader& node) {
  if (old_size == 0 || old_size > size) return error(Code::CLIENT_FIELD_INVALID, "旧的日志长度应在 1 与当前长度之间");
  Proof out;
  CHUANYU_CHECK(subproof(old_size, 0, size, true, node, out));
  return out;
}

// RFC 9162 §2.1.3.2
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, const Proof& proof,
                      const Digest& root) {
  if (index >= size) return false;
  std::uint64_t position = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if ((position & 1) != 0 || position == last) {
      hash = node_hash(sibling, hash);
      while ((position & 1) == 0 && position != 0) position >>= 1, last >>= 1;
    } else {
      hash = node_hash(hash, sibling);
    }
    position >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162 §2.1.4.2
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root, const Digest& root,
                        const Proof& proof) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  // A full old tree is itself the first node of the proof.
  const bool full = std::has_single_bit(old_size);
  if (!full && proof.empty()) return false;
  std::uint64_t position = old_size - 1;
  std::uint64_t last = size - 1;
  while ((position & 1) != 0) position >>= 1, last >>= 1;
  Digest old_hash = full ? old_root : proof.front();
  Digest hash = old_hash;
  for (std::size_t i = full ? 0 : 1; i < proof.size(); ++i) {
    if (last == 0) return false;
    if ((position & 1) != 0 || position == last) {
      old_hash = node_hash(proof[i], old_hash);
      hash = node_hash(proof[i], hash);
      while ((position & 1) == 0 && position != 0) position >>= 1, last >>= 1;
    } else {
      hash = node_hash(hash, proof[i]);
    }
    position >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace chuanyu::ledger
